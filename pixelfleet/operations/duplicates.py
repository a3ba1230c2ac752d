"""Images of one owner with the same bytes, or that look the same."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from pixelfleet.catalog.images import Images
from pixelfleet.catalog.indexes import Slice
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.similarity import Look
from pixelfleet.operations.batch_images import batch_images

#: Duplicates are searched among this number of images uploaded before, and as many after. No index has digests.
LOOKED_AT: Final = 500


def duplicates(images: Images, image: Image, most: int = LOOKED_AT) -> list[Image]:
    """Images of the owner with the same SHA-256, of those that were uploaded just before and just after; oldest first.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    if image.sha256 is None:
        return []
    near = {image_id for newest_first in (True, False) for image_id in _near(images, image, most, newest_first)}
    same = [glance.image_id for glance in images.glance(near).values() if glance.sha256 == image.sha256]
    present = images.get_many(same).values()
    kept = (one for one in present if one.status is not Status.DELETED and one.sha256 == image.sha256)
    return sorted(kept, key=lambda one: (one.uploaded_at, one.image_id))


def looks(images: Images, owner: str, batch: str | None = None) -> Iterator[Look]:
    """The compared values of an owner's images, oldest first, or of a batch, by path. Deleted images are left out.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    if batch is None:
        entries = images.of_owner(owner, Slice(newest_first=False))
        records: Iterator[Image] = (image for _, image in images.records(entries))
    else:
        records = batch_images(images, owner, batch, [status for status in Status if status is not Status.DELETED])
    for image in records:
        if image.status is not Status.DELETED:
            yield Look(image.image_id, image.key, image.bytes or 0, image.sha256, image.perceptual_hash)


def _near(images: Images, image: Image, most: int, newest_first: bool) -> Iterator[str]:
    place = f"{image.uploaded_at}#{image.image_id}"
    part = Slice(after=place, newest_first=newest_first, page_size=most // 4 + 1)
    return (entry.image_id for entry in islice(images.of_owner(image.owner, part), most))
