"""The conditions that must hold after every storm."""

import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from PIL import Image as Picture

from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image, NoticeKind, Status
from pixelfleet.operations.failures import dead_letters
from pixelfleet.recipes.reader import builtin
from tests.chaos.storm.load import Expected


@dataclass(frozen=True)
class Books:
    """`expected` is by key. `notices_queue` was subscribed to the notices topic before the first upload."""

    deployment: Deployment
    expected: Mapping[str, Expected]
    notices_queue: str

    def faults(self) -> list[str]:
        """A description of each broken condition. Empty if all conditions hold."""
        images = self.images()
        return [
            *self._wrong_ends(images),
            *self._broken_variants(images),
            *self._wrong_counters(images),
            *self._wrong_notices(images),
            *self._left_over(),
        ]

    def id_of(self, key: str) -> str:
        return image_id(self.deployment.settings.uploads_bucket, key)

    def images(self) -> dict[str, Image]:
        """The records, by key."""
        records = self.deployment.images.get_many(map(self.id_of, self.expected))
        return {image.key: image for image in records.values()}

    def _wrong_ends(self, images: Mapping[str, Image]) -> Iterator[str]:
        for key, expected in self.expected.items():
            image = images.get(key)
            if image is None:
                yield f"LOST {key}: no record"
            elif (image.status, image.cause) != (expected.status, expected.cause):
                yield f"{key} is {image.status} ({image.cause}), not {expected.status} ({expected.cause})"

    def _broken_variants(self, images: Mapping[str, Image]) -> Iterator[str]:
        recipe = builtin(self.deployment.settings.default_recipe)
        requested = {variant.name for variant in recipe.variants}
        for key, image in images.items():
            if image.status is not Status.READY:
                continue
            if {variant.name for variant in image.variants} != requested:
                yield f"{key} has variants {sorted(variant.name for variant in image.variants)}"
            for variant in image.variants:
                try:
                    self._decode(variant.key)
                except Exception as error:  # noqa: BLE001 - every error of the read is a fault
                    yield f"{key}: variant {variant.name} cannot be read: {error!r}"

    def _decode(self, key: str) -> None:
        actual = self.deployment.s3.get_object(Bucket=self.deployment.settings.results_bucket, Key=key)
        with Picture.open(io.BytesIO(actual["Body"].read())) as picture:
            picture.load()

    def _wrong_counters(self, images: Mapping[str, Image]) -> Iterator[str]:
        counted: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for image in images.values():
            counted[image.owner, image.batch or ""][image.status.value] += 1
        for (owner, batch), records in counted.items():
            counts = self.deployment.batches.counters(owner, batch)
            reported = {"ready": counts.ready, "failed": counts.failed, "deleted": counts.deleted}
            if {status: number for status, number in reported.items() if number} != dict(records):
                yield f"batch {owner}/{batch} counts {reported}, its records are {dict(records)}"

    def _wrong_notices(self, images: Mapping[str, Image]) -> Iterator[str]:
        completed: dict[str, set[str]] = defaultdict(set)
        reported: set[str] = set()
        for notice in self._notices():
            reported.add(notice["notice_id"])
            if notice["kind"] == NoticeKind.BATCH_COMPLETED:
                completed[f"{notice['owner']}/{notice['batch']}"].add(notice["notice_id"])
        for batch in {f"{image.owner}/{image.batch}" for image in images.values()}:
            if len(completed[batch]) != 1:
                yield f"batch {batch} was announced complete {len(completed[batch])} times"
        for image in images.values():
            if image.status in (Status.READY, Status.FAILED) and image.notice_id not in reported:
                yield f"{image.key} is {image.status} and no notice was published"

    def _notices(self) -> Iterator[dict[str, str]]:
        queue = self.notices_queue
        while messages := self.deployment.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                yield json.loads(json.loads(message["Body"])["Message"])
                self.deployment.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    def _left_over(self) -> Iterator[str]:
        settings = self.deployment.settings
        for url in (settings.uploads_queue_url, settings.bulk_queue_url, settings.heavy_queue_url):
            depth = self.deployment.queues.depth(url)
            if depth.waiting or depth.in_flight or depth.delayed:
                yield f"{url} still holds {depth}"
        for name, number in dead_letters(self.deployment).items():
            if number:
                yield f"the DLQ of {name} holds {number} messages, which no record says"
