"""Moving images to another batch.

The batch of an image is a part of its key, so a moved image is a new image: its original is copied to the new key, and
a worker processes the copy by the recipe of the new batch. Tags are copied. The old image is deleted once the new
image is as good, so that at every moment there is one of them.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pixelfleet.aws.copies import KeyTakenError
from pixelfleet.aws.objects import ObjectGoneError, ObjectVersion
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import batch_prefix, image_id, short_key
from pixelfleet.domain.records import BatchState, Image, Status
from pixelfleet.domain.tags import Tags
from pixelfleet.domain.transitions import Refusal
from pixelfleet.errors import SetupError
from pixelfleet.operations import completion
from pixelfleet.operations.bulk import BulkResult, Progress
from pixelfleet.operations.completion import MOVE
from pixelfleet.operations.known_images import has_bytes, may_be_own_copy
from pixelfleet.operations.noted import noted
from pixelfleet.operations.removal import delete_image

#: Images that are copied before the first of them must be processed.
AT_ONCE: Final = 50
#: Seconds between two reads of the copies.
LOOK_EVERY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """The longest wait for workers: `seconds` in which no copy gets its outcome."""

    seconds: float = 600.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class MoveOrder:
    """The user who moves images, and the target batch of their owners. `on` describes the images in the activity."""

    batch: str
    who: str
    on: str


def move_images(
    deployment: Deployment,
    images: Iterable[Image],
    order: MoveOrder,
    progress: Progress,
    patience: Patience = Patience(),
) -> BulkResult:
    """Move images, fifty at a time. The target batch is sealed at the end, unless others have it open for uploads.

    `gone` counts images that stay in place: they are in the batch already, their original is gone, archived or in a
    bucket that is not ours, or the batch has another file of that name. `left` counts images that are in both batches:
    no worker has processed the copy in time, the copy failed or has no room for the tags, or somebody replaced the copy
    or the original. A repeated move continues with these images, and seals the batch that an interrupted move has made.
    So does a reconcile.

    Raises:
        TransientError: S3 or DynamoDB does not answer; moved images stay moved.
    """
    move = _Move(deployment, order, progress, patience)
    waiting = iter(images)
    with noted(deployment, order.who, MOVE, f"{order.on} to {order.batch}") as details:
        while not move.result.stopped and (some := list(islice(waiting, AT_ONCE))):
            move.carry_out(some)
            details |= {"done": move.result.done, "gone": move.result.gone, "left": move.result.left}
        move.seal()
        if move.result.stopped:
            details["outcome"] = "stopped"
    return move.result


class _Move:
    """One run of a move."""

    def __init__(self, deployment: Deployment, order: MoveOrder, progress: Progress, patience: Patience) -> None:
        self._deployment = deployment
        self._order = order
        self._progress = progress
        self._patience = patience
        #: The owners of copies, each with whether somebody else had the batch open before.
        self._owners: dict[str, bool] = {}
        self.result = BulkResult()

    def carry_out(self, images: Sequence[Image]) -> None:
        copies = {copy: image for image in images if (copy := self._copied(image)) is not None}
        self.result.gone += len(images) - len(copies)
        before = self.result.done
        for image, record in self._settled(copies):
            if self._take_over(image, record):
                self.result.done += 1
        self.result.left += len(copies) - (self.result.done - before)

    def seal(self) -> None:
        for owner, was_open in self._owners.items():
            if not was_open:
                self._seal(owner)

    def _seal(self, owner: str) -> None:
        batch = self._deployment.batches.get(owner, self._order.batch)
        if batch is not None and batch.state is BatchState.OPEN:
            completion.seal_moved(self._deployment, owner, self._order.batch)
            return
        # Somebody may have deleted every copy: there is no image to wait for.
        with suppress(SetupError):
            completion.seal(self._deployment, owner, self._order.batch)

    def _copied(self, image: Image) -> str | None:
        """The id of the image's copy in the batch, made if it does not exist; None if no copy is possible."""
        bucket = self._deployment.settings.uploads_bucket
        key = short_key(batch_prefix(image.owner, self._order.batch), image.path)
        if image.bucket != bucket or key == image.key or image.status is Status.DELETED:
            return None
        copy = image_id(bucket, key)
        present = self._deployment.objects.head(bucket, key)
        if present is not None:
            return copy if self._is_a_copy(present, image) else None
        original = self._deployment.objects.head(image.bucket, image.key)
        if original is None or original.archive is not None:
            # A batch that gets no image would stay open for ever.
            return None
        self._prepare(image.owner)
        try:
            self._deployment.copies.copy_to_new_key(bucket, image.key, image.version_id, key)
        except ObjectGoneError:
            return None
        except KeyTakenError:
            # Somebody has put a file of that name since the look, or the answer to the copy was lost. The bytes are
            # compared before the image is deleted.
            present = self._deployment.objects.head(bucket, key)
            return copy if may_be_own_copy(present, image) else None
        return copy

    def _is_a_copy(self, present: ObjectVersion, image: Image) -> bool:
        """Whether the object at the key in the batch has the image's bytes; if so, the batch is prepared."""
        record = self._deployment.images.get(image_id(present.bucket, present.key))
        if not _has_the_bytes(present, record, image):
            return False
        self._prepare(image.owner)
        return True

    def _prepare(self, owner: str) -> None:
        """Make the batch, and note whether it is open for other reasons than a move."""
        if owner not in self._owners:
            batch = self._deployment.batches.create(owner, self._order.batch, by_move=True)
            self._owners[owner] = batch.state is BatchState.OPEN and not batch.made_by_move

    def _settled(self, copies: dict[str, Image]) -> Iterator[tuple[Image, Image]]:
        """Each image with its copy, as the copies get their outcomes.

        Ends when no copy has got an outcome for a while, or the move is stopped.
        """
        waiting = dict(copies)
        clock, seconds = self._patience.clock, self._patience.seconds
        deadline = clock() + seconds
        while waiting and clock() < deadline:
            for copy, record in self._deployment.images.get_many(waiting).items():
                if record.status in (Status.READY, Status.FAILED) and self._is_present(record):
                    deadline = clock() + seconds
                    yield waiting.pop(copy), record
                    if not self._goes_on():
                        return
            if not self._goes_on():
                return
            if waiting:
                self._patience.sleep(LOOK_EVERY)

    def _goes_on(self) -> bool:
        self.result.stopped = self.result.stopped or not self._progress(self.result)
        return not self.result.stopped

    def _is_present(self, record: Image) -> bool:
        """Whether the record is of the object that its key holds now, and not of an earlier file of that name."""
        present = self._deployment.objects.head(record.bucket, record.key)
        return present is not None and _is_of(record, present)

    def _take_over(self, image: Image, copy: Image) -> bool:
        """Give the copy the image's tags, and delete the image.

        False if the copy failed and the image did not, if the image's key has another version by now, if the copy
        is gone or has other bytes, because somebody has put another file of that name, or if the copy has too many tags
        of its own.
        """
        # The workers may have taken minutes: the image may have an outcome or more tags since it was selected.
        image = self._deployment.images.get(image.image_id) or image
        if not self._is_present(image) or (copy.status is Status.FAILED and image.status is Status.READY):
            return False
        there = self._deployment.objects.head(copy.bucket, copy.key)
        if there is None or not _has_the_bytes(there, copy, image):
            return False
        if not self._tagged(copy, image.tags):
            return False
        # A file that somebody has put under the image's name since the look at the key stays.
        if not delete_image(self._deployment, image, self._order.who):
            return False
        # A deleted image gets no more tags, so that these are all.
        removed = self._deployment.images.get(image.image_id)
        if removed is not None and removed.tags != image.tags:
            self._tagged(copy, removed.tags)
        return True

    def _tagged(self, copy: Image, tags: Sequence[str]) -> bool:
        """Give the copy these tags; False if it has no room for them, or is deleted."""
        if not tags:
            return True
        tagged = self._deployment.images.tag(copy, Tags(add=tuple(tags)))
        present = tagged if isinstance(tagged, Image) else self._deployment.images.get(copy.image_id)
        return tagged is not Refusal.UNKNOWN and present is not None and set(tags) <= set(present.tags)


def _has_the_bytes(present: ObjectVersion, record: Image | None, image: Image) -> bool:
    """Whether an object has the bytes of an image: by its ETag, else by the digests of both records.

    `record` is that of the object's key. S3 gives a copy in parts, or an encrypted copy, another ETag than its source.
    """
    if present.etag is not None and present.etag == image.etag:
        return True
    sha256 = image.sha256
    if sha256 is None or record is None or not _is_of(record, present):
        return False
    return has_bytes(image, sha256) and has_bytes(record, sha256)


def _is_of(record: Image, present: ObjectVersion) -> bool:
    return (record.version_id, record.etag) == (present.version_id, present.etag)
