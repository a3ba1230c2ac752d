"""Sealing a batch, completing it, and announcing its completion once."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from typing import Final

from pixelfleet.aws.listing import ListedObject
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import batch_prefix, image_id
from pixelfleet.domain.records import Batch, Counts, Status
from pixelfleet.errors import SetupError

THREADS: Final = 8
#: Records read at a time: one BatchGetItem.
PAGE: Final = 100


def announce(deployment: Deployment, batch: Batch | None) -> None:
    """Publish a completion that `Batches.complete` or `completed_by` returned; None is nothing to publish.

    Raises:
        TransientError: the completion was not published; the next caller that looks at the batch publishes it.
    """
    if batch is not None:
        deployment.notices.batch_completed(batch, deployment.batches.counts(batch.owner, batch.name))
        deployment.batches.announced(batch)


def complete_if_full(deployment: Deployment, owner: str, name: str) -> None:
    """Complete and announce a sealed batch whose images are all accounted for; its last image may precede its seal."""
    announce(deployment, deployment.batches.complete(owner, name))


def complete_sealed_batches(deployment: Deployment) -> None:
    """Complete and announce every batch whose worker died before it did."""
    for batch in deployment.batches.all():
        if batch.sealed_at and (batch.completed_at is None or batch.notice is not None):
            complete_if_full(deployment, batch.owner, batch.name)


def seal(deployment: Deployment, owner: str, name: str) -> tuple[Batch, Counts]:
    """Say that a batch has all its images: those that are in the bucket now, and those that were removed from it.

    It does not matter which client uploaded them. The batch completes when each of them is accounted for, by its
    present version. Sealed again after more was uploaded, the batch has a new number of images, but it is not announced
    a second time. Returns the batch with its counts.

    Raises:
        SetupError: no object in the bucket belongs to the batch.
        TransientError: S3, DynamoDB or SNS does not answer; sealing may be repeated.
    """
    ids = _image_ids(deployment, owner, name)
    first = next(ids, None)
    if first is None:
        place = f"s3://{deployment.settings.uploads_bucket}/{batch_prefix(owner, name)}"
        raise SetupError(f"there is nothing at {place}: upload images there, then seal the batch")
    batch = deployment.batches.create(owner, name)
    deployment.batches.seal(owner, name, chain((first,), ids))
    complete_if_full(deployment, owner, name)
    return deployment.batches.get(owner, name) or batch, deployment.batches.counts(owner, name)


def _image_ids(deployment: Deployment, owner: str, name: str) -> Iterator[str]:
    """The images of a batch. Outcomes of versions that the bucket no longer shows are taken out of the counts."""
    bucket = deployment.settings.uploads_bucket
    removed = {entry.image_id for entry in deployment.images.of_batch(owner, name, Status.DELETED)}
    with ThreadPoolExecutor(THREADS) as pool:
        for page in deployment.listings.pages(bucket, batch_prefix(owner, name)):
            objects = {image_id(bucket, listed.key): listed for listed in page if not is_folder_marker(listed)}
            list(pool.map(lambda some: _uncount(deployment, some), _parts(objects.items())))
            removed -= objects.keys()
            yield from objects
    yield from removed


def _uncount(deployment: Deployment, objects: dict[str, ListedObject]) -> None:
    for image in deployment.images.get_many(objects).values():
        etag: str | None = objects[image.image_id].etag
        if image.etag not in (None, etag):
            # The listing is older than the record. Which of the two is out of date, S3 says now.
            current = deployment.objects.head(image.bucket, image.key)
            etag = current.etag if current is not None else image.etag
        deployment.images.uncount(image, etag)


def _parts(items: Iterable[tuple[str, ListedObject]]) -> Iterator[dict[str, ListedObject]]:
    waiting = iter(items)
    while part := dict(islice(waiting, PAGE)):
        yield part


def is_folder_marker(listed: ListedObject) -> bool:
    """Whether an object is the empty one that consoles store to show a folder."""
    return listed.key.endswith("/") and listed.bytes == 0
