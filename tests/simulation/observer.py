"""What must hold at every moment of a run, looked at when S3 or SNS changes: a violation is kept with its time."""

from collections import defaultdict
from typing import Any, Final
from urllib.parse import unquote_plus

from pixelfleet.catalog.dynamo import from_attributes
from tests.fakes.sns import Publication
from tests.simulation.environment import Environment
from tests.simulation.violations import Violation

#: A tombstone's time, by image.
_NEVER: Final = float("-inf")


class Observer:
    """Watches the models of one simulation."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._cloud = environment.cloud
        self.violations: list[Violation] = []
        #: Results that a notice named, so that a CDN may have cached them.
        self.served: set[str] = set()
        #: When the last served result of an image was deleted.
        self.results_deleted_at: dict[str, float] = defaultdict(lambda: _NEVER)
        self._cloud.on_object_event = self._object_event
        self._cloud.sns.on_publish = self._published

    def images(self) -> list[dict[str, Any]]:
        """All image items, as the catalog holds them now."""
        return [
            from_attributes(item)
            for item in self._cloud.dynamodb.all_items(f"{self._environment.settings.prefix}-images")
        ]

    def _object_event(self, bucket: str, record: dict[str, Any]) -> None:
        if bucket != self._environment.settings.results_bucket or "Removed" not in record["eventName"]:
            return
        key = unquote_plus(record["s3"]["object"]["key"])
        _, image_id, _revision, _ = key.split("/", 3)
        if key in self.served:
            self.results_deleted_at[image_id] = self._environment.scheduler.now
        item = next((item for item in self.images() if item["image_id"] == image_id), None)
        if item is None or item["status"] == "deleted":
            return
        if any(variant["key"] == key for variant in item.get("variants", [])):
            self._violate("a result that a record names was deleted", item["key"])

    def _published(self, publication: Publication) -> None:
        document = publication.document
        self._environment.trace.note(f"publishes {document['kind']} {document.get('source', '').rpartition('/')[2]}")
        if document["kind"] == "image.ready":
            self.served |= {variant["s3"].split("/", 3)[3] for variant in document["variants"]}
        if document["kind"] == "batch.completed":
            self._check_batch(document)

    def _check_batch(self, document: dict[str, Any]) -> None:
        """Each sealed batch completes when its images are accounted for, and not before."""
        place = (document["owner"], document["batch"])
        members = [item for item in self.images() if (item["owner"], item.get("batch")) == place]
        accounted = sum(1 for item in members if item.get("counted"))
        if accounted < document["images"]:
            self._violate("a batch was completed before its images were accounted for", "/".join(place))

    def _violate(self, invariant: str, what: str) -> None:
        self._environment.trace.note(f"VIOLATION: {invariant}: {what}")
        self.violations.append(Violation(invariant, what))
