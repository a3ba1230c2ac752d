"""The invariants of every moment of a run, checked when a service changes. A violation is kept with its time."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from pixelfleet.catalog.dynamo import from_attributes
from pixelfleet.catalog.schema import CLAIM_MARK
from pixelfleet.domain.jobs import JobKind, Lane, decode_message
from pixelfleet.domain.keys import batch_prefix
from pixelfleet.domain.records import Image, Status
from tests.fakes.s3_bucket import NULL, StoredVersion
from tests.fakes.sns import Publication
from tests.fakes.sqs_queue import Message
from tests.simulation.environment import Environment
from tests.simulation.kinds import Kind
from tests.simulation.lazy_recipes import LAZY
from tests.simulation.step import MASTERS


class Observer:
    """Watches the models of one simulation."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._cloud = environment.cloud
        #: Results that a notice named, and lazy variants of a record, so that a CDN may have cached them.
        self.served: set[str] = set()
        #: When the last served result of an image was deleted.
        self.results_deleted_at: dict[str, float] = {}
        #: Of each sealed batch: the keys that were in the bucket when the sealing command began; see `_in_bucket`.
        self._sealed: dict[str, dict[str, str]] = {}
        #: When each key of the uploads bucket was last without an object.
        self._absent_at: dict[str, float] = {}
        #: When each batch was sealed last.
        self._sealed_at: dict[str, float] = {}
        #: When the commands began that sealed each batch: the latest of these moments.
        self._seal_began: dict[str, float] = {}
        environment.recorded = self.recorded
        environment.batch_of = self.batch_of
        environment.image_items = self.images
        environment.is_open = self.is_open
        self._cloud.on_object_event = self._object_event
        self._cloud.on_event_lost = self._event_lost
        self._cloud.sns.on_publish = self._published
        self._cloud.dynamodb.on_write = self._written
        for lane in Lane:
            queue = self._cloud.sqs.at_url(environment.settings.dlq_url(lane))
            queue.on_delete = self._dead_letter_deleted

    def images(self) -> list[dict[str, Any]]:
        """All image items, as the catalog holds them now."""
        items = self._cloud.dynamodb.all_items(self._environment.settings.images_table)
        return [from_attributes(item) for item in items if CLAIM_MARK not in item["image_id"]["S"]]

    def seal_began(self, image: Image) -> float:
        """When the last command began that sealed the batch of an image; 0 if nobody sealed it."""
        return self._seal_began.get(f"{image.owner}/{image.batch}", 0.0)

    def recorded(self) -> dict[str, tuple[str, str]]:
        """The source version that each record is of, and its ETag, by key."""
        items = self._cloud.dynamodb.all_items(self._environment.settings.images_table)
        return {item["key"]["S"]: (item["source_version"]["S"], item["etag"]["S"]) for item in items if "etag" in item}

    def batch_of(self, key: str) -> str:
        """The id of the batch that the record of this key is in."""
        item: dict[str, Any] = next((item for item in self.images() if item["key"] == key), {})
        return f"{item.get('owner')}/{item.get('batch')}"

    def is_open(self, batch_id: str) -> bool:
        """Whether the batch exists and is not sealed."""
        items = self._cloud.dynamodb.all_items(self._environment.settings.batches_table)
        return any(item["batch_id"]["S"] == batch_id and "sealed_at" not in item for item in items)

    def _object_event(self, bucket: str, record: dict[str, Any]) -> None:
        key = unquote_plus(record["s3"]["object"]["key"])
        if bucket in (self._environment.settings.uploads_bucket, MASTERS):
            self._environment.touched_at[key] = self._environment.scheduler.now
            if self._cloud.s3.bucket(bucket).current(key) is None:
                self._absent_at[key] = self._environment.scheduler.now
        elif bucket == self._environment.settings.results_bucket and "Removed" in record["eventName"]:
            self._result_deleted(key)

    def _event_lost(self, record: dict[str, Any]) -> None:
        key = unquote_plus(record["s3"]["object"]["key"]).rpartition("/")[2]
        self._environment.trace.note(f"! S3 sends no event: {record['eventName']} {key}")

    def _result_deleted(self, key: str) -> None:
        _, image_id, _revision, _ = key.split("/", 3)
        if key in self.served:
            self.results_deleted_at[image_id] = self._environment.scheduler.now
        item = next((item for item in self.images() if item["image_id"] == image_id), None)
        if item is None or item["status"] == "deleted":
            return
        kept = [variant for revision in item.get("kept_revisions", []) for variant in revision["variants"]]
        if any(variant["key"] == key for variant in (*item.get("variants", []), *kept)):
            self._environment.violate("no result that a record names is deleted", item["key"])

    def _dead_letter_deleted(self, message: Message) -> None:
        """A redrive deletes a dead letter only where the record, or another message, has its work.

        A purge also deletes what is given up: the messages of failed images, and those of images without a record.
        """
        words = str(self._environment.scheduler.process.memory.get("words", ""))
        purges = self._environment.kind is Kind.PURGED and words.startswith("purges")
        if not words.startswith("redrives") and not purges:
            return
        job = decode_message(message.body)
        if any(decode_message(other.body).key == job.key for other in self._lane_messages() if other != message):
            return
        current = self._cloud.s3.bucket(job.bucket).current(job.key)
        item = next((item for item in self.images() if item["key"] == job.key), {})
        if purges and item.get("status", Status.FAILED) == Status.FAILED:
            return
        version = _version_of(current)
        if job.kind is JobKind.REMOVE:
            undone = current is None and item.get("status") != "deleted"
        else:
            undone = current is not None and version == job.source_version and item.get("source_version") != version
        if undone or item.get("notice") or item.get("superseded"):
            self._environment.violate("no dead letter is deleted that is the only trace of work", job.key)

    def _lane_messages(self) -> Iterator[Message]:
        for lane in Lane:
            for url in (self._environment.settings.queue_url(lane), self._environment.settings.dlq_url(lane)):
                yield from self._cloud.sqs.at_url(url).messages()

    def _published(self, publication: Publication) -> None:
        document = publication.document
        self._environment.trace.note(f"publishes {document['kind']} {document.get('source', '').rpartition('/')[2]}")
        if document["kind"] == "image.ready":
            self.served |= {variant["s3"].split("/", 3)[3] for variant in document["variants"]}

    def _written(self, table: str, before: Any, after: Any) -> None:
        if self._environment.visited and table == self._environment.settings.images_table:
            # No notice names a lazy variant: its first request serves it.
            variants = from_attributes(after).get("variants", [])
            self.served |= {variant["key"] for variant in variants if variant["name"] == LAZY}
        if table != self._environment.settings.batches_table or "#" in after.get("batch_id", {"S": "#"})["S"]:
            return
        item, earlier = from_attributes(after), from_attributes(before or {})
        if item.get("sealed_at") != earlier.get("sealed_at"):
            self._sealed[item["batch_id"]] = self._in_bucket(item["batch_id"])
            self._sealed_at[item["batch_id"]] = self._environment.scheduler.now
            began = self._environment.scheduler.process.memory.get("began", 0.0)
            self._seal_began[item["batch_id"]] = max(began, self._seal_began.get(item["batch_id"], 0.0))
        if item.get("completed_at") and not earlier.get("completed_at"):
            self._check_completion(item)

    def _in_bucket(self, batch_id: str) -> dict[str, str]:
        """What the command that runs cannot have missed: the keys that nobody has touched since it began.

        The value of each key is the version that must not complete the batch: the one that the record has been of since
        the command began, where the bucket holds other bytes; empty where there is none. A version that no worker had
        taken up when the command began may complete the batch: no record names it, and S3 does not say whether it is
        older than the one that the bucket shows.
        """
        bucket = self._cloud.s3.bucket(self._environment.settings.uploads_bucket)
        memory = self._environment.scheduler.process.memory
        began, at_first = memory.get("began", 0.0), memory.get("recorded", {})
        prefix = batch_prefix(*batch_id.split("/", 1))
        keys = [key for key in bucket.keys if key.startswith(prefix) and self._environment.touched_at[key] < began]
        recorded = {key: version for key, version in self.recorded().items() if at_first.get(key) == version}
        current = {key: stored.etag for key in keys if (stored := bucket.current(key)) is not None}
        return {
            key: recorded[key][0] if key in recorded and recorded[key][1] != etag else ""
            for key, etag in current.items()
        }

    def _check_completion(self, batch: dict[str, Any]) -> None:
        """A sealed batch completes when its images are accounted for, and not before.

        A key that somebody has changed since the seal may be uncounted already, by the next seal, which is under way.
        A key that was removed since the seal is accounted for by its removal, whatever was put there later.
        """
        sealed_at = self._sealed_at.get(batch["batch_id"], 0.0)
        items = {item["key"]: item for item in self.images()}
        bucket = self._cloud.s3.bucket(self._environment.settings.uploads_bucket)
        for key, outdated in self._sealed.get(batch["batch_id"], {}).items():
            current, item = bucket.current(key), items.get(key, {})
            changed = current is not None and _version_of(current) != outdated
            removed = item.get("status") == "deleted" and self._absent_at.get(key, 0.0) > sealed_at
            by_old_version = outdated and changed and not removed and item.get("source_version") == outdated
            touched = self._environment.touched_at[key] > sealed_at
            if by_old_version or (not item.get("counted") and not touched):
                self._environment.violate("no batch completes before its images are accounted for", key)


def _version_of(stored: StoredVersion | None) -> str | None:
    """The source version that a record of this object has."""
    if stored is None:
        return None
    return stored.etag if stored.version_id == NULL else stored.version_id
