"""State changes of images that hold against any number of workers. Reading is in `image_reader`."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import translated
from pixelfleet.catalog.dynamo import (
    CHANGE_TRIES,
    Item,
    condition_lost,
    pause,
    to_attributes,
    write,
)
from pixelfleet.catalog.image_reader import ImageReader
from pixelfleet.catalog.items import counter_shard, fingerprint, image_item
from pixelfleet.domain import aliases, lazy_variants, transitions
from pixelfleet.domain.jobs import Job, Origin
from pixelfleet.domain.keys import Place
from pixelfleet.domain.records import Alias, Image, RecipeRef, Status, StoredVariant, timestamp
from pixelfleet.domain.tags import Tags
from pixelfleet.domain.transitions import Aim, Failure, Refusal, Success
from pixelfleet.errors import Cause, TransientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


Transition = Callable[[Image | None], Image | Refusal]


class Images(ImageReader):
    """Image records: reads, and state changes. Every method raises TransientError when DynamoDB does not answer."""

    def __init__(
        self,
        client: "DynamoDBClient",
        images_table: str,
        batches_table: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[], None] = pause,
    ) -> None:
        """`pause` waits a random moment after a condition was lost, so that two writers do not collide again."""
        super().__init__(client, images_table)
        self._batches_table = batches_table
        self._now = now
        self._pause = pause

    def begin(self, aim: Aim, max_attempts: int) -> Image | None:
        """Start the first attempt at an image that has no record; None if a record exists. Reads nothing."""
        begun = transitions.claim(None, aim, max_attempts)
        if isinstance(begun, Refusal):
            return None
        begun = begun.model_copy(update={"version": 1})
        return begun if self._write(None, begun) else None

    def add(self, image: Image) -> Image:
        """Store the record of an image that has none; returns the record that is stored afterwards."""
        added = image.model_copy(update={"version": 1})
        for _ in range(CHANGE_TRIES):
            if self._write(None, added):
                return added
            present = self.get(image.image_id)
            if present is not None:
                return present
        raise TransientError(Cause.THROTTLED, f"image {image.image_id} is being written by too many at once")

    def claim(self, aim: Aim, max_attempts: int, seen: Image | None) -> Image | Refusal:
        """Start an attempt from the record as `seen`, None for none; see `transitions.claim`."""
        return self._apply(aim.job.image_id, lambda image: transitions.claim(image, aim, max_attempts), seen)

    def confirm(self, job: Job, source_version: str | None, seen: Image | None) -> Image | Refusal:
        """See `transitions.confirm`."""
        return self._apply(job.image_id, lambda image: transitions.confirm(image, job, source_version), seen)

    def record_ready(
        self, aim: Aim, outcome: Success, seen: Image | None = None, *, keep: bool = False, days: float = 0
    ) -> Image | Refusal:
        """See `transitions.record_ready`. Results that are kept stay for so many days."""
        at = self._timestamp()
        until = timestamp(self._now() + timedelta(days=days)) if days else None
        return self._change(
            aim.job.image_id,
            lambda image: transitions.record_ready(image, aim, outcome, at, keep=keep, until=until),
            seen,
        )

    def record_failed(self, aim: Aim, failure: Failure, seen: Image | None = None) -> Image | Refusal:
        at = self._timestamp()
        return self._change(aim.job.image_id, lambda image: transitions.record_failed(image, aim, failure, at), seen)

    def note_transient(self, aim: Aim, failure: Failure, seen: Image | None = None) -> Image | Refusal:
        at = self._timestamp()
        return self._change(aim.job.image_id, lambda image: transitions.note_transient(image, aim, failure, at), seen)

    def hand_back(self, aim: Aim, seen: Image | None = None) -> Image | Refusal:
        at = self._timestamp()
        return self._change(aim.job.image_id, lambda image: transitions.hand_back(image, aim, at), seen)

    def remove(
        self,
        job: Job,
        worker: str,
        seen: Image | None = None,
        place: Place | None = None,
        *,
        released: bool = False,
    ) -> Image | Refusal:
        """See `transitions.remove`."""
        at = self._timestamp()
        return self._change(
            job.image_id,
            lambda image: transitions.remove(image, job, at, worker, place, released=released),
            seen,
        )

    def announced(self, image: Image) -> Image | Refusal:
        """Clear the notice that was just published for `image`."""
        notice_id = image.notice_id
        return self._change(image.image_id, lambda present: transitions.announce(present, notice_id), image)

    def set_aliases(self, image: Image, made: tuple[Alias, ...]) -> Image | Refusal:
        """See `transitions.set_aliases`. The record is read anew, unless a write proves that it still is `image`."""
        at = self._timestamp()
        return self._change(
            image.image_id,
            lambda present: transitions.set_aliases(present, image, made, at),
            image if image.aliases != made else None,
        )

    def note_claims(self, image: Image, claims: Sequence[tuple[str, str]]) -> Image | Refusal:
        """See `aliases.note_claims`."""
        return self._change(image.image_id, lambda present: aliases.note_claims(present, image, claims), image)

    def supersede(self, image: Image, results: str) -> Image | Refusal:
        """See `transitions.supersede`."""
        return self._change(image.image_id, lambda present: transitions.supersede(present, results), image)

    def abandon(self, image: Image, results: str) -> Image | Refusal:
        """See `transitions.abandon`."""
        return self._change(image.image_id, lambda present: transitions.abandon(present, results), image)

    def forget_revisions(self, image: Image, revisions: Iterable[str]) -> Image | Refusal:
        gone = frozenset(revisions)
        return self._change(image.image_id, lambda present: transitions.forget_revisions(present, gone), image)

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

    def bring_to(self, image: Image, who: str, recipe: RecipeRef, older: RecipeRef) -> Image | Refusal:
        """See `transitions.bring_to`."""
        at = self._timestamp()
        return self._change(
            image.image_id, lambda present: transitions.bring_to(present, at, who, recipe, older), image
        )

    def make_current(
        self, image: Image, results: str, who: str, *, instead_of: RecipeRef | None = None
    ) -> Image | Refusal:
        """See `transitions.make_current`."""
        at = self._timestamp()
        return self._change(
            image.image_id,
            lambda present: transitions.make_current(present, results, at, who, instead_of=instead_of),
            image,
        )

    def record_lazy(
        self, image: Image, results: str, made: Sequence[StoredVariant], order: Sequence[str]
    ) -> Image | Refusal:
        """See `lazy_variants.record_lazy`."""
        return self._change(
            image.image_id, lambda present: lazy_variants.record_lazy(present, results, made, order), image
        )

    def note_lazy(self, image: Image, results: str, variant: str, failure: Failure | None = None) -> Image | Refusal:
        """See `lazy_variants.note_lazy`."""
        at = self._timestamp()
        return self._change(
            image.image_id, lambda present: lazy_variants.note_lazy(present, results, variant, at, failure), image
        )

    def expire(self, image: Image, results: str) -> Image | Refusal:
        """See `transitions.expire`."""
        return self._change(image.image_id, lambda present: transitions.expire(present, results), image)

    def uncount(self, image: Image, etag: str | None) -> Image | Refusal:
        """See `transitions.uncount`; `etag` is that of the object in the bucket after `image` was read, None for none.

        A record of another version or removal is not changed: it may be newer than `etag`. SUPERSEDED if an outcome
        would be counted again, or a removal uncounted, and the record was written since: the writer may have read the
        bucket later.
        """

        def transition(present: Image | None) -> Image | Refusal:
            if present is None or present.etag != image.etag:
                return Refusal.DONE
            removed, was_removed = present.status is Status.DELETED, image.status is Status.DELETED
            removed_since = removed and (not was_removed or image.sequencer != present.sequencer)
            put_since = etag is None and was_removed and not removed
            after = Refusal.DONE if removed_since or put_since else transitions.uncount(present, etag)
            if isinstance(after, Refusal) or present.version == image.version:
                return after
            counts_again = present.uncounted_version and not after.uncounted_version
            return Refusal.SUPERSEDED if removed or counts_again else after

        return self._change(image.image_id, transition, image)

    def _change(self, image_id: str, transition: Transition, seen: Image | None) -> Image | Refusal:
        """Apply a transition to the present record; `seen` spares the first read and may be stale."""
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
                # The write was made, and its answer was lost: its repetition failed by the condition.
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
        """The batch counter's part of the write: one less in the old count, one more in the new count."""
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
