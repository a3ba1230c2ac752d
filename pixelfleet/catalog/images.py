"""The images table: reads, and state changes that hold against any number of workers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import translated
from pixelfleet.catalog.dynamo import (
    BATCH_GET_KEYS,
    CHANGE_TRIES,
    Item,
    batch_get,
    condition_lost,
    from_attributes,
    pause,
    to_attributes,
    write,
)
from pixelfleet.catalog.indexes import IndexEntry, IndexReader, Slice
from pixelfleet.catalog.items import counter_shard, fingerprint, image_item, image_of
from pixelfleet.catalog.schema import BY_BATCH, BY_FAILURE, BY_OWNER, IMAGES
from pixelfleet.domain import transitions
from pixelfleet.domain.jobs import Job, Origin
from pixelfleet.domain.records import FAILURES, Image, Member, RecipeRef, Status, as_member, timestamp
from pixelfleet.domain.tags import Tags
from pixelfleet.domain.transitions import Aim, Failure, Refusal, Success
from pixelfleet.errors import Cause, TransientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class Glance:
    """The attributes of a record that lists are filtered by."""

    image_id: str
    status: Status
    cause: Cause | None
    path: str
    uploaded_at: str
    bytes: int | None
    exif: Mapping[str, str]
    dominant_colour: str | None
    tags: tuple[str, ...]
    sha256: str | None

    READ: ClassVar[tuple[str, ...]] = (
        "image_id", "key", "batch", "status", "cause", "uploaded_at", "bytes", "exif", "dominant_colour", "tags",
        "sha256",
    )  # fmt: skip

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Glance":
        """From an item of these attributes."""
        key = str(item["key"])
        return cls(
            item["image_id"],
            _member(Status, item["status"]),
            _member(Cause, item["cause"]) if "cause" in item else None,
            key.split("/", 3)[3] if item.get("batch") else key,
            item.get("uploaded_at", ""),
            item.get("bytes"),
            item.get("exif", {}),
            item.get("dominant_colour"),
            tuple(item.get("tags", ())),
            item.get("sha256"),
        )


def _member(kind: type[Member], value: str) -> Member:
    """Of a value of a newer release, a member that is in no list of them."""
    known = kind._value2member_map_.get(value)
    return known if isinstance(known, kind) else as_member(kind, value)


NEWEST_FIRST = Slice(newest_first=True)
IN_ORDER = Slice()

Transition = Callable[[Image | None], Image | Refusal]


class Images:
    """Image records. Every method raises TransientError when DynamoDB does not answer."""

    def __init__(
        self,
        client: "DynamoDBClient",
        images_table: str,
        batches_table: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[], None] = pause,
    ) -> None:
        """`pause` waits a random moment after a condition was lost, so that two writers do not collide again."""
        self._client = client
        self._table = images_table
        self._batches_table = batches_table
        self._now = now
        self._pause = pause
        self._indexes = IndexReader(client, images_table)

    def get(self, image_id: str) -> Image | None:
        with translated("read an image record"):
            answer = self._client.get_item(
                TableName=self._table, Key={"image_id": {"S": image_id}}, ConsistentRead=True
            )
        return image_of(from_attributes(answer["Item"])) if "Item" in answer else None

    def get_many(self, image_ids: Iterable[str]) -> dict[str, Image]:
        """The records that exist, by id; a hundred a call."""
        keys = [{"image_id": {"S": image_id}} for image_id in dict.fromkeys(image_ids)]
        images = (image_of(item) for item in batch_get(self._client, self._table, keys))
        return {image.image_id: image for image in images}

    def glance(self, image_ids: Iterable[str]) -> dict[str, Glance]:
        """What filters need of the records that exist, by id; hundreds at once, several calls at a time.

        The reads are eventually consistent.
        """
        keys = [{"image_id": {"S": image_id}} for image_id in dict.fromkeys(image_ids)]
        calls = [keys[start : start + BATCH_GET_KEYS] for start in range(0, len(keys), BATCH_GET_KEYS)]
        answers = self._indexes.at_once(
            lambda call: list(batch_get(self._client, self._table, call, Glance.READ)), calls
        )
        glances = (Glance.of(item) for items in answers for item in items)
        return {glance.image_id: glance for glance in glances}

    def records(self, entries: Iterable[IndexEntry]) -> Iterator[tuple[IndexEntry, Image]]:
        """Each entry of an index with its record, one call's records in memory at a time.

        The record may have changed since its entry was read; an entry whose record is gone is left out.
        """
        waiting = iter(entries)
        while page := list(islice(waiting, BATCH_GET_KEYS)):
            records = self.get_many(entry.image_id for entry in page)
            yield from ((entry, records[entry.image_id]) for entry in page if entry.image_id in records)

    def begin(self, aim: Aim, max_attempts: int) -> Image | None:
        """Start the first attempt at an image that has no record; None where it has one. Reads nothing."""
        begun = transitions.claim(None, aim, max_attempts)
        if isinstance(begun, Refusal):
            return None
        begun = begun.model_copy(update={"version": 1})
        return begun if self._write(None, begun) else None

    def claim(self, aim: Aim, max_attempts: int, seen: Image | None) -> Image | Refusal:
        """Start an attempt from the record as `seen`, None for none; see `transitions.claim`."""
        return self._apply(aim.job.image_id, lambda image: transitions.claim(image, aim, max_attempts), seen)

    def confirm(self, job: Job, source_version: str | None, seen: Image | None) -> Image | Refusal:
        """See `transitions.confirm`."""
        return self._apply(job.image_id, lambda image: transitions.confirm(image, job, source_version), seen)

    def record_ready(self, aim: Aim, outcome: Success, seen: Image | None = None) -> Image | Refusal:
        at = self._timestamp()
        return self._change(aim.job.image_id, lambda image: transitions.record_ready(image, aim, outcome, at), seen)

    def record_failed(self, aim: Aim, failure: Failure, seen: Image | None = None) -> Image | Refusal:
        at = self._timestamp()
        return self._change(aim.job.image_id, lambda image: transitions.record_failed(image, aim, failure, at), seen)

    def note_transient(self, aim: Aim, failure: Failure, seen: Image | None = None) -> Image | Refusal:
        at = self._timestamp()
        return self._change(aim.job.image_id, lambda image: transitions.note_transient(image, aim, failure, at), seen)

    def hand_back(self, aim: Aim, seen: Image | None = None) -> Image | Refusal:
        at = self._timestamp()
        return self._change(aim.job.image_id, lambda image: transitions.hand_back(image, aim, at), seen)

    def remove(self, job: Job, worker: str, seen: Image | None = None) -> Image | Refusal:
        at = self._timestamp()
        return self._change(job.image_id, lambda image: transitions.remove(image, job, at, worker), seen)

    def announced(self, image: Image) -> Image | Refusal:
        """Strike off the notice that was just published for `image`."""
        notice_id = image.notice_id
        return self._change(image.image_id, lambda present: transitions.announce(present, notice_id), image)

    def supersede(self, image: Image, results: str) -> Image | Refusal:
        """See `transitions.supersede`."""
        return self._change(image.image_id, lambda present: transitions.supersede(present, results), image)

    def abandon(self, image: Image, results: str) -> Image | Refusal:
        """See `transitions.abandon`."""
        return self._change(image.image_id, lambda present: transitions.abandon(present, results), image)

    def strike_off(self, image: Image, revisions: Iterable[str]) -> Image | Refusal:
        gone = frozenset(revisions)
        return self._change(image.image_id, lambda present: transitions.strike_off(present, gone), image)

    def tag(self, image: Image, tags: Tags) -> Image | Refusal:
        """See `transitions.tag`."""
        return self._change(image.image_id, lambda present: transitions.tag(present, tags), image)

    def queue_again(self, image: Image, who: str, origin: Origin, recipe: RecipeRef | None = None) -> Image | Refusal:
        """Mark `image`, as the caller read it, for another attempt; see `transitions.queue_again`."""
        at = self._timestamp()
        return self._change(
            image.image_id,
            lambda present: transitions.queue_again(present, at, who, origin, recipe, image),
            image,
        )

    def uncount(self, image: Image, etag: str | None) -> Image | Refusal:
        """See `transitions.uncount`; `etag` is that of the object in the bucket after `image` was read.

        Nothing is done to a record that stands for another version or removal by now: that may be newer than `etag`.
        SUPERSEDED if an outcome would be counted again, and the record was written since: whoever wrote the record may
        have looked at the bucket later.
        """

        def transition(present: Image | None) -> Image | Refusal:
            if present is None or present.etag != image.etag:
                return Refusal.DONE
            removed_since = present.status is Status.DELETED and (
                image.status is not Status.DELETED or image.sequencer != present.sequencer
            )
            after = Refusal.DONE if removed_since else transitions.uncount(present, etag)
            counts_again = isinstance(after, Image) and present.uncounted_version and not after.uncounted_version
            return Refusal.SUPERSEDED if counts_again and present.version != image.version else after

        return self._change(image.image_id, transition, image)

    def of_owner(self, owner: str, part: Slice = NEWEST_FIRST) -> Iterator[IndexEntry]:
        """An owner's images, newest first."""
        return self._indexes.read((IMAGES, BY_OWNER), owner, part)

    def of_batch(
        self, owner: str, batch: str, status: Status, path: str = "", after: str = "", how: Slice = IN_ORDER
    ) -> Iterator[IndexEntry]:
        """A batch's images in one status whose path begins with `path`, by path; `how` has direction and page size."""
        part = replace(how, prefix=f"{status}#{path}", after=after)
        return self._indexes.read((IMAGES, BY_BATCH), f"{owner}/{batch}", part)

    def failed(self, cause: Cause | None = None, after: str = "", page_size: int = 100) -> Iterator[IndexEntry]:
        """Failed images, by cause, oldest first within one; `page_size` entries of each shard at a time."""
        part = Slice(prefix=f"{cause}#" if cause else "", after=after, page_size=page_size)
        return self._indexes.read((IMAGES, BY_FAILURE), FAILURES, part)

    def last_failed(self, cause: str) -> str:
        """When the last failure of a cause was recorded; empty where there is none."""
        part = Slice(prefix=f"{cause}#", newest_first=True, page_size=1)
        last = next(self._indexes.read((IMAGES, BY_FAILURE), FAILURES, part), None)
        return last.sort.split("#", 2)[1] if last else ""

    def unsettled(self) -> Iterator[Image]:
        """Records under way or failed, with a pending notice, or with superseded results that are not deleted.

        In no order.

        Reads the whole table, a megabyte a call: for reconcile alone.
        """
        query: dict[str, Any] = {
            "TableName": self._table,
            "FilterExpression": (
                "#status = :queued OR #status = :processing OR #status = :failed "
                "OR attribute_exists(notice) OR attribute_exists(superseded)"
            ),
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {
                ":queued": {"S": Status.QUEUED.value},
                ":processing": {"S": Status.PROCESSING.value},
                ":failed": {"S": Status.FAILED.value},
            },
        }
        while True:
            with translated("look through the image records"):
                answer = self._client.scan(**query)
            yield from (image_of(from_attributes(item)) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _change(self, image_id: str, transition: Transition, seen: Image | None) -> Image | Refusal:
        """Apply a transition to the record as it stands; `seen` spares the first read and may be stale."""
        return self._apply(image_id, transition, seen if seen is not None else self.get(image_id))

    def _apply(self, image_id: str, transition: Transition, before: Image | None) -> Image | Refusal:
        for _ in range(CHANGE_TRIES):
            after = transition(before)
            if isinstance(after, Refusal):
                return after
            after = after.model_copy(update={"version": (before.version if before else 0) + 1})
            if self._write(before, after):
                return after
            self._pause()
            before = self.get(image_id)
            if before == after:
                # The write was made; its answer was lost, and its repetition found the condition no longer true.
                return after
        raise TransientError(Cause.THROTTLED, f"image {image_id} is being written by too many at once")

    def _timestamp(self) -> str:
        return timestamp(self._now())

    def _write(self, before: Image | None, after: Image) -> bool:
        put: dict[str, Any] = {"TableName": self._table, "Item": to_attributes(image_item(after))}
        if before is None:
            put["ConditionExpression"] = "attribute_not_exists(image_id)"
        else:
            put |= {
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": {":version": {"N": str(before.version)}},
            }
        move = self._counter_move(before, after)
        with translated("write an image record"):
            try:
                if move is None:
                    write(self._client.put_item, **put)
                else:
                    write(self._client.transact_write_items, TransactItems=[{"Put": put}, {"Update": move}])  # type: ignore[typeddict-item]
            except ClientError as error:
                if condition_lost(error):
                    return False
                raise
        return True

    def _counter_move(self, before: Image | None, after: Image) -> Item | None:
        """The batch counter's part of the write: out of the old count, into the new."""
        old = before.counted if before else None
        if after.batch is None or after.counted == old:
            return None
        names: dict[str, str] = {}
        values: Item = {}
        added: list[str] = []
        if after.counted is not None:
            names["#new"] = _counter(after.counted)
            values[":one"] = {"N": "1"}
            added.append("#new :one")
        if old is not None:
            names["#old"] = _counter(old)
            values[":minus"] = {"N": "-1"}
            added.append("#old :minus")
        if old is None or after.counted is None:
            sign = 1 if old is None else -1
            values[":image"] = {"N": str(sign * fingerprint(after.image_id))}
            added.append("accounted_sum :image")
        return {
            "TableName": self._batches_table,
            "Key": {"batch_id": {"S": f"{after.owner}/{after.batch}#{counter_shard(after.image_id):02}"}},
            "UpdateExpression": "ADD " + ", ".join(added),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }


def _counter(counted: str) -> str:
    return f"n_{counted}"
