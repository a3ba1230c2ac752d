"""The images of one batch, by path, a page in memory at a time."""

import heapq
from collections.abc import Iterable, Iterator
from typing import Final

from pixelfleet.catalog.images import Images
from pixelfleet.catalog.indexes import IndexEntry
from pixelfleet.domain.records import Image, Status

_UNDER_WAY: Final = (Status.QUEUED, Status.PROCESSING)


def batch_images(images: Images, owner: str, batch: str, statuses: Iterable[Status] = tuple(Status)) -> Iterator[Image]:
    """Records in the order of their paths.

    During processing, an image may change its status between two pages. Such an image may be missed, or have a status
    that the caller did not ask for. No image is returned twice.
    """
    merged = heapq.merge(*(images.of_batch(owner, batch, status) for status in statuses), key=_path)
    last = ""
    for entry, image in images.records(merged):
        # One path has one image, so entries of one image in two statuses are neighbours.
        if entry.image_id != last:
            yield image
        last = entry.image_id


def in_flow(
    images: Images, owner: str, batch: str, statuses: Iterable[Status], *, again: bool = False
) -> Iterator[Image]:
    """Records of one status after the other, in the order in which images go through the statuses; by path in each.

    No image is missed that moves on to a later status meanwhile. With `again`, such an image is returned once more.
    """
    asked = frozenset(statuses)
    moving: set[str] = set()
    for status in (status for status in Status if status in asked):
        for image in batch_images(images, owner, batch, (status,)):
            if again or image.image_id not in moving:
                yield image
            if status in _UNDER_WAY:
                moving.add(image.image_id)


def _path(entry: IndexEntry) -> str:
    return entry.sort.partition("#")[2]
