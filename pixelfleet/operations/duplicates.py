"""Images of one owner with the same bytes."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from pixelfleet.catalog.images import Images
from pixelfleet.catalog.indexes import Slice
from pixelfleet.domain.records import Image, Status

#: Images that were uploaded before, and as many after, among which duplicates are looked for. No index has digests.
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


def _near(images: Images, image: Image, most: int, newest_first: bool) -> Iterator[str]:
    place = f"{image.uploaded_at}#{image.image_id}"
    part = Slice(after=place, newest_first=newest_first, page_size=most // 4 + 1)
    return (entry.image_id for entry in islice(images.of_owner(image.owner, part), most))
