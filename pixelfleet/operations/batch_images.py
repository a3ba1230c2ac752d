"""The images of one batch, by path, a page in memory at a time."""

import heapq
from collections.abc import Iterable, Iterator

from pixelfleet.catalog.images import Images
from pixelfleet.catalog.indexes import IndexEntry
from pixelfleet.domain.records import Image, Status


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


def _path(entry: IndexEntry) -> str:
    return entry.sort.partition("#")[2]
