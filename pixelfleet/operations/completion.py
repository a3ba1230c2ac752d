"""Sealing a batch, completing it, and announcing its completion once."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from itertools import chain, islice
from typing import Final, TypeVar

from pixelfleet.aws.listing import ListedObject
from pixelfleet.catalog.batches import OtherImagesError
from pixelfleet.catalog.dynamo import BATCH_GET_KEYS
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import batch_prefix, image_id
from pixelfleet.domain.records import Batch, Counts, Image, Status
from pixelfleet.domain.transitions import Refusal
from pixelfleet.errors import Cause, SetupError, TransientError
from pixelfleet.operations.batches import check_no_rollout
from pixelfleet.operations.pace import Pace

THREADS: Final = 8
#: The kind of the background tasks that move images to another batch.
MOVE: Final = "move"
#: The latest background tasks among which running ones are looked for.
RECENT: Final = 100
#: How often the images of a batch are listed if the batch is sealed, or gets more images, during the listing.
LOOKS: Final = 3
#: Batches a second that are announced in a row. A completed batch is a mail to operators, and SNS suspends a
#: subscription that gets more than ten mails a second (SNS developer guide, "Email subscription setup").
ANNOUNCEMENTS: Final = 5.0

Item = TypeVar("Item")


def announce(deployment: Deployment, batch: Batch | None) -> None:
    """Publish a completion that `Batches.complete` or `completed_by` returned; None is nothing to publish.

    Raises:
        TransientError: the completion was not published; the next caller that looks at the batch publishes it.
    """
    if batch is not None:
        deployment.notices.batch_completed(batch, deployment.batches.counts(batch.owner, batch.name))
        deployment.batches.announced(batch)


def complete_if_full(deployment: Deployment, owner: str, name: str) -> None:
    """Complete and announce a sealed batch whose images are all accounted for.

    Called after a seal, since the last image may have been accounted for before the seal.
    """
    announce(deployment, _completed(deployment, owner, name))


def _completed(deployment: Deployment, owner: str, name: str) -> Batch | None:
    """Complete the batch if it is full. Returns the batch to announce, or None if nothing is to be announced."""
    try:
        return deployment.batches.complete(owner, name)
    except OtherImagesError:
        return _count_anew(deployment, owner, name)


def complete_after(deployment: Deployment, image: Image) -> None:
    """Complete and announce the batch of an image that has just got its outcome, if that image was the last one."""
    if image.batch is None:
        return
    try:
        batch = deployment.batches.completed_by(image.owner, image.batch, image.image_id)
    except OtherImagesError:
        batch = _count_anew(deployment, image.owner, image.batch, image.image_id)
    announce(deployment, batch)


def _count_anew(deployment: Deployment, owner: str, name: str, caller: str = "") -> Batch | None:
    """Complete a batch that counted images which came after its seal, if all images that it has now are accounted for.

    From now on the batch expects the later images too. If more images come each time that the batch is listed, the
    batch is completed by the number of its images.
    """
    for _ in range(LOOKS):
        batch = deployment.batches.get(owner, name)
        if batch is None or batch.sealed_at is None:
            return None
        if batch.completed_at is not None:
            return deployment.batches.complete(owner, name, caller, by_number=True) if batch.notice else None
        if deployment.batches.count_anew(batch, _image_ids(deployment, owner, name, adopted=batch.source is not None)):
            with suppress(OtherImagesError):
                return deployment.batches.complete(owner, name, caller)
    return deployment.batches.complete(owner, name, caller, by_number=True)


def complete_sealed_batches(deployment: Deployment, pace: Pace | None = None) -> None:
    """Complete and announce each full batch that no worker completed, at most `ANNOUNCEMENTS` a second by default.

    A worker that died after it recorded the last image leaves such a batch. A batch that an interrupted move made is
    sealed first, unless somebody uploads into the batch.
    """
    pace = pace or Pace(ANNOUNCEMENTS)
    is_moving = cache(lambda: _is_moving(deployment))
    for batch in deployment.batches.all():
        if batch.made_by_move and batch.sealed_at is None and not is_moving():
            seal_moved(deployment, batch.owner, batch.name)
        elif batch.sealed_at and (batch.completed_at is None or batch.notice is not None):
            completed = _completed(deployment, batch.owner, batch.name)
            if completed is not None:
                pace.wait(1)
                announce(deployment, completed)


def _is_moving(deployment: Deployment) -> bool:
    """Whether images are being moved now: a move seals its batch itself."""
    return any(task.kind == MOVE and not task.settled for task in deployment.background_tasks.recent(RECENT))


def seal(
    deployment: Deployment, owner: str, name: str, also: Callable[[], Iterable[str]] = tuple
) -> tuple[Batch, Counts]:
    """Declare that a batch has all its images: those that are in the bucket now, and those that have a record.

    Any client may have uploaded the images. The batch completes when each image is accounted for, by its present
    version. A batch may be sealed again after more uploads: it then has a new number of images, and is not announced a
    second time. `also` returns ids of further images of the batch, each of which has a record. Returns the batch with
    its counts.

    Raises:
        SetupError: no object in the bucket belongs to the batch.
        TransientError: S3, DynamoDB or SNS does not answer; sealing may be repeated.
    """
    for _ in range(LOOKS):
        seen = deployment.batches.get(owner, name)
        if _seal_as_seen(deployment, owner, name, seen, also):
            batch = deployment.batches.get(owner, name) or deployment.batches.create(owner, name)
            return batch, deployment.batches.counts(owner, name)
    raise _sealed_by_others(owner, name)


def seal_moved(deployment: Deployment, owner: str, name: str) -> None:
    """Seal an open batch that a move made, unless somebody uploads into the batch: then they seal it.

    A batch without images stays open: somebody has deleted every copy.

    Raises:
        TransientError: S3, DynamoDB or SNS does not answer; sealing may be repeated.
    """
    for _ in range(LOOKS):
        seen = deployment.batches.get(owner, name)
        if seen is None or not seen.made_by_move or seen.sealed_at is not None:
            return
        with suppress(SetupError):
            if not _seal_as_seen(deployment, owner, name, seen):
                continue
        return
    raise _sealed_by_others(owner, name)


def _seal_as_seen(
    deployment: Deployment,
    owner: str,
    name: str,
    seen: Batch | None,
    also: Callable[[], Iterable[str]] = tuple,
) -> bool:
    """Seal a batch and complete it if it is full; False if somebody has changed the batch since."""
    ids = _image_ids(deployment, owner, name, also, adopted=seen is not None and seen.source is not None)
    first = next(ids, None)
    if first is None:
        check_no_rollout(name)
        place = f"s3://{deployment.settings.uploads_bucket}/{batch_prefix(owner, name)}"
        raise SetupError(f"there is nothing at {place}: upload images there, then seal the batch")
    batch = seen or deployment.batches.create(owner, name)
    if not deployment.batches.seal(owner, name, chain((first,), ids), batch):
        return False
    complete_if_full(deployment, owner, name)
    return True


def _sealed_by_others(owner: str, name: str) -> TransientError:
    return TransientError(Cause.THROTTLED, f"batch {owner}/{name} is being sealed by others: seal it again")


def _image_ids(
    deployment: Deployment, owner: str, name: str, also: Callable[[], Iterable[str]] = tuple, *, adopted: bool
) -> Iterator[str]:
    """The images of a batch: its objects, and its records, some of whose objects are removed or in another bucket.

    Outcomes of versions that are no longer in the bucket are removed from the counts. A removal that an earlier seal
    removed from the counts, because the key had another object then, is counted again.
    """
    bucket = deployment.settings.uploads_bucket
    recorded: dict[str, Status | None] = dict.fromkeys(also())
    # An image that goes back to an earlier status meanwhile, as by a redrive, is in no part of the first pass. A
    # listing of the uploads bucket shows that image, but not the image of an adopted bucket.
    for status in (*Status, *(Status if adopted else ())):
        recorded |= {entry.image_id: status for entry in deployment.images.of_batch(owner, name, status)}
    with ThreadPoolExecutor(THREADS) as pool:
        for page in deployment.listings.pages(bucket, batch_prefix(owner, name)):
            objects = {image_id(bucket, listed.key): listed for listed in page if not is_folder_marker(listed)}
            list(pool.map(lambda some: _uncount(deployment, some), _parts(objects.items())))
            for present in objects:
                recorded.pop(present, None)
            yield from objects
        removed = (image_id for image_id, status in recorded.items() if status is Status.DELETED)
        list(pool.map(lambda some: _count_removals(deployment, some), _parts(removed)))
    yield from recorded


def _uncount(deployment: Deployment, objects: Iterable[tuple[str, ListedObject]]) -> None:
    listed = dict(objects)
    for image in deployment.images.get_many(listed).values():
        recount(deployment, image, listed[image.image_id].etag)


def _count_removals(deployment: Deployment, ids: Iterable[str]) -> None:
    for image in deployment.images.get_many(ids).values():
        if image.status is Status.DELETED and image.counted is None:
            recount(deployment, image)


def recount(deployment: Deployment, image: Image, listed: str | None = None) -> Image:
    """Count the outcome of an image, or not, by the version that the bucket holds; returns the record as it is then.

    `listed` is the ETag in a listing that is older than `image`. Where the two differ, a new request to S3 decides
    which of them is out of date. The removal of an image is counted while its key is empty.

    Raises:
        TransientError: S3 or DynamoDB does not answer, or others write the record at each look.
    """
    for _ in range(LOOKS):
        removed, etag = image.status is Status.DELETED, listed
        if removed or etag is None or image.uncounted_version is not None or image.etag not in (None, etag):
            current = deployment.objects.head(image.bucket, image.key)
            of_empty_key = None if removed else image.etag
            etag = current.etag if current is not None else of_empty_key
        after = deployment.images.uncount(image, etag)
        if after is not Refusal.SUPERSEDED:
            return image if isinstance(after, Refusal) else after
        image, listed = deployment.images.get(image.image_id) or image, None
    raise TransientError(Cause.THROTTLED, f"image {image.image_id} is written by others at each look")


def _parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    waiting = iter(items)
    while part := list(islice(waiting, BATCH_GET_KEYS)):
        yield part


def is_folder_marker(listed: ListedObject) -> bool:
    """Whether an object is the empty one that consoles store to show a folder."""
    return listed.key.endswith("/") and listed.bytes == 0
