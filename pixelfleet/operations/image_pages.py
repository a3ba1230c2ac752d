"""The images of a list: from filters and a cursor to one page, with a bounded number of reads; see `image_lines`.

A part of a name is searched in the keys of images/by_batch, without reading a record. Filters without an index (camera,
lens, day taken, place, format, shape, colour, size, tag; a status or a part of a name over all of an owner's images)
are applied to the next `MOST_LOOKED_AT` records, of which only the necessary attributes are read; a page may then be
short, or empty, and still have a cursor. In an order without an index, all images of a batch or an owner are read, up
to `MOST_SORTED` images: by size, a batch by time, an owner by name. `first_of` has no such limit, and no bound of time.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from pixelfleet.catalog.image_reader import SortAttribute
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.schema import IMAGE_INDEX_SHARDS
from pixelfleet.deployment import Deployment
from pixelfleet.domain.image_filters import EVERYBODY, Filters, ImageOrder
from pixelfleet.domain.records import Image
from pixelfleet.errors import SetupError
from pixelfleet.operations.image_lines import AT_ONCE, MOST_KEYS, Line, lines_of
from pixelfleet.operations.list_cursors import decode_cursor, encode_cursor

PAGE: Final = 60
#: Records that one page may read.
MOST_LOOKED_AT: Final = 1_000
#: The most images in an order that no index has. Their attributes are read for each page.
MOST_SORTED: Final = 5_000
#: Records of one page of `first_of`, and records whose attributes it reads together.
_OF_A_PAGE: Final = 100
_READ_TOGETHER: Final = 1_000


@dataclass(frozen=True, slots=True)
class ImagePage:
    """`cursor` is that of the next page, None at the end. `looked_at` records or keys were read."""

    images: tuple[Image, ...]
    cursor: str | None
    looked_at: int


class TooManyToSortError(SetupError):
    """There are more images than one page puts in the requested order."""


def page_of(deployment: Deployment, filters: Filters, cursor: str | None = None, size: int = PAGE) -> ImagePage:
    """
    Raises:
        SetupError: the cursor is invalid, or the order is not available.
        TransientError: DynamoDB does not answer.
    """
    if filters.sorts:
        return _sorted(deployment, filters, cursor, size)
    listed = lines_of(deployment, filters, decode_cursor(cursor))
    chosen: list[Line] = []
    last, looked_at = "", 0
    at_once = AT_ONCE if filters.narrowing else size + 1
    most = MOST_LOOKED_AT if filters.narrowing else MOST_KEYS
    while looked_at < most:
        ahead = list(islice(listed, at_once))
        fitting = _fitting(deployment.images, filters, ahead)
        for line in ahead:
            if len(chosen) == size:
                return _page(deployment.images, filters, chosen, last, looked_at)
            looked_at, last = looked_at + 1, line.place
            if line.cuts:
                return _page(deployment.images, filters, chosen, last, looked_at)
            if line.image_id in fitting:
                chosen.append(line)
        if len(ahead) < at_once:
            return _page(deployment.images, filters, chosen, None, looked_at)
    return _page(deployment.images, filters, chosen, last, looked_at)


def first_of(deployment: Deployment, filters: Filters, most: int) -> Iterator[Image]:
    """The first `most` images of a list, in any order. An order without an index reads the attributes of all images.

    At most `most` images are in memory.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    if filters.sorts:
        yield from _first_sorted(deployment, filters, most)
        return
    cursor, left = None, most
    while left:
        page = page_of(deployment, filters, cursor, min(left, _OF_A_PAGE))
        yield from page.images
        cursor, left = page.cursor, left - len(page.images)
        if cursor is None:
            return


def _first_sorted(deployment: Deployment, filters: Filters, most: int) -> Iterator[Image]:
    lines = (line for line in _every_line(deployment, filters) if line.image_id)
    pick = heapq.nlargest if filters.order in _DESCENDING else heapq.nsmallest
    best: list[_Ranked] = []
    while some := list(islice(lines, _READ_TOGETHER)):
        best = pick(most, chain(best, _ranked(deployment.images, filters, some)))
    waiting = iter(best)
    while ids := [image_id for *_, image_id in islice(waiting, _OF_A_PAGE)]:
        yield from _records(deployment.images, filters, ids)


def _every_line(deployment: Deployment, filters: Filters) -> Iterator[Line]:
    """The lines of all pages; the list of everybody is read a few batches at a time."""
    unsorted, after = filters.changed(order=None), ""
    while True:
        line = None
        for line in lines_of(deployment, unsorted, after, AT_ONCE):
            yield line
        if line is None or not line.cuts:
            return
        after = line.place


def _sorted(deployment: Deployment, filters: Filters, cursor: str | None, size: int) -> ImagePage:
    """A page of a list that is short enough to be read as a whole; the place is the number of images before.

    Raises:
        SetupError: no owner is chosen.
        TooManyToSortError: there are more images.
    """
    if filters.owner == EVERYBODY:
        raise SetupError("choose an owner: images of everybody are not put in this order")
    at_once = MOST_SORTED // IMAGE_INDEX_SHARDS
    lines = list(islice(lines_of(deployment, filters.changed(order=None), at_once=at_once), MOST_SORTED + 1))
    if len(lines) > MOST_SORTED:
        raise TooManyToSortError(_too_many(filters))
    ranked = _ranked(deployment.images, filters, [line for line in lines if line.image_id])
    ranked.sort(reverse=filters.order in _DESCENDING)
    start = _number(cursor)
    shown = _records(deployment.images, filters, [image_id for *_, image_id in ranked[start : start + size]])
    following = encode_cursor(str(start + size)) if start + size < len(ranked) else None
    return ImagePage(shown, following, len(lines))


def _too_many(filters: Filters) -> str:
    """What happened, and what to do: every proposal works for any number of images."""
    if filters.batch:
        where, fewer = f"the batch {filters.batch}", "Choose a status"
        command = f"--batch {filters.owner}/{filters.batch}"
    else:
        where, fewer = f"the list of {filters.owner}", "Choose a batch or days"
        command = f"--owner {filters.owner}"
    return (
        f"{where} has more than {MOST_SORTED:,} images, the most that a page puts in this order. {fewer}, or run "
        f"`pixelfleet list {command} --order={filters.order}`, which has no such limit"
    )


#: The attributes by which lists are put in an order that no index has.
_SORT_ATTRIBUTES: Final[Mapping[ImageOrder, SortAttribute]] = {
    ImageOrder.NAME: "key",
    ImageOrder.NAME_REVERSED: "key",
    ImageOrder.NEWEST: "uploaded_at",
    ImageOrder.OLDEST: "uploaded_at",
    ImageOrder.LARGEST: "bytes",
    ImageOrder.SMALLEST: "bytes",
}
_DESCENDING: Final = frozenset({ImageOrder.NAME_REVERSED, ImageOrder.NEWEST, ImageOrder.LARGEST})
#: What an image is sorted by: the attribute's value, and for equal values its place in the list; then its id.
_Ranked = tuple[int | str, str, str]


def _ranked(images: Images, filters: Filters, lines: list[Line]) -> list[_Ranked]:
    """The images that fit, in no order. More attributes than the one of the order are read only if a filter needs them.

    An owner's images are in order of their names within their batches.
    """
    attribute = _SORT_ATTRIBUTES[filters.order or ImageOrder.NEWEST]
    ids = [line.image_id for line in lines]
    values: dict[str, int | str]
    if filters.narrowing:
        glances = images.glance(ids, filters.attributes | {attribute}, filters.needed)
        fitting = (glance for glance in glances.values() if filters.take(glance))
        values = {glance.image_id: glance.sort_value(attribute) for glance in fitting}
    else:
        values = images.sort_values(ids, attribute)
    return [(values[image_id], place, image_id) for place, image_id, _ in lines if image_id in values]


def _records(images: Images, filters: Filters, ids: list[str]) -> tuple[Image, ...]:
    """The records of these images, in this order, as far as they still fit."""
    records = images.get_many(ids)
    present = (records[image_id] for image_id in ids if image_id in records)
    return tuple(image for image in present if filters.take(image))


def _number(cursor: str | None) -> int:
    place = decode_cursor(cursor)
    if place and not (place.isascii() and place.isdigit() and len(place) <= 6):
        raise SetupError("this cursor is of a list in another order; leave it out to begin at the beginning")
    return int(place or 0)


def _page(images: Images, filters: Filters, chosen: list[Line], last: str | None, looked_at: int) -> ImagePage:
    shown = _records(images, filters, [line.image_id for line in chosen])
    return ImagePage(shown, encode_cursor(last) if last else None, looked_at)


def _fitting(images: Images, filters: Filters, ahead: Iterable[Line]) -> set[str]:
    ids = [line.image_id for line in ahead if line.image_id]
    if not filters.narrowing:
        return set(ids)
    glances = images.glance(ids, filters.attributes, filters.needed)
    return {image_id for image_id, glance in glances.items() if filters.take(glance)}
