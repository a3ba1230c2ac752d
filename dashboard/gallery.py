"""The images of a list: from filters and a cursor to one page, with a bounded number of reads.

| asked for | read by |
| --- | --- |
| a batch, in one status or in all | images/by_batch, in order of name, either way |
| an owner's images, between two dates | images/by_owner, newest or oldest first |
| everybody's failures, or those of one cause | images/by_failure, by cause, oldest first |
| everybody's images | the batches, newest first, and in each images/by_batch |

A part of a name is searched in the keys of images/by_batch, without reading a record. Filters without an index (camera,
colour, size, tag; a status or a part of a name over all of an owner's images) are applied to the next
`MOST_LOOKED_AT` records, of which only the necessary attributes are read; a page may then be short, or empty, and still
have a cursor. In an order without an index, all images of a batch or an owner are read, up to `MOST_SORTED` images: by
size, a batch by time, an owner by name.
"""

import base64
import binascii
import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, NamedTuple

from dashboard.filters import EVERYBODY, Filters, Order
from dashboard.problem import Problem
from pixelfleet.catalog.batches import Batches
from pixelfleet.catalog.image_reader import Glance
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.indexes import IndexEntry, Slice
from pixelfleet.catalog.schema import IMAGE_INDEX_SHARDS
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Batch, BatchState, Image, Status

PAGE: Final = 60
#: Records that one page may read, and the records of one call.
MOST_LOOKED_AT: Final = 1_000
_AT_ONCE: Final = 250
#: The most images in an order that no index has. Their attributes are read for each page.
MOST_SORTED: Final = 5_000
#: Keys that one page may search for a part of a name.
MOST_KEYS: Final = 6_000
#: Batches of everybody that one page may read.
MOST_BATCHES: Final = 6
_OF_A_SHARD: Final = 24
#: Each status of a batch is read separately.
_OF_A_STATUS: Final = 16
_SHOWN: Final = (Status.QUEUED, Status.PROCESSING, Status.READY, Status.FAILED)
#: Between the parts of a place; no key holds it, since uploads refuse names with control characters.
_SEPARATOR: Final = "\x1f"


#: Bytes of a place: DynamoDB takes sort keys up to 1,024 bytes (DynamoDB developer guide, "Constraints"), and within a
#: batch a status and `#` come before the place.
LONGEST_PLACE: Final = 1_024 - len(f"{Status.PROCESSING}#")


@dataclass(frozen=True, slots=True)
class Page:
    """`cursor` is that of the next page, None at the end. `looked_at` records or keys were read."""

    images: tuple[Image, ...]
    cursor: str | None
    looked_at: int


class _Line(NamedTuple):
    """An image of a list, and the place in the list behind it.

    `image_id` is empty for a place without an image. At a line that `cuts`, the page ends; the next begins behind it.
    """

    place: str
    image_id: str
    cuts: bool = False


class TooManyToSortError(Problem):
    """There are more images than can be put in the requested order."""


def page_of(deployment: Deployment, filters: Filters, cursor: str | None = None, size: int = PAGE) -> Page:
    """
    Raises:
        Problem: 400, the cursor is invalid, or the order is not available.
    """
    if filters.sorts:
        return _sorted(deployment, filters, cursor, size)
    after = decode_cursor(cursor)
    listed = _listed(deployment, filters, after)
    chosen: list[_Line] = []
    last, looked_at = "", 0
    at_once = _AT_ONCE if filters.narrowing else size + 1
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


def _sorted(deployment: Deployment, filters: Filters, cursor: str | None, size: int) -> Page:
    """A page of a list that is short enough to be read as a whole; the place is the number of images before.

    Raises:
        Problem: 400, no owner is chosen; TooManyToSortError, there are more images.
    """
    if filters.owner == EVERYBODY:
        raise Problem(400, "choose an owner: images of everybody are not put in this order")
    unsorted = replace(filters, order=None)
    if filters.batch:
        listed = _of_batch(deployment.images, unsorted, (filters.owner, filters.batch), _statuses(filters), "")
    else:
        listed = _of_owner(deployment.images, unsorted, "", MOST_SORTED // IMAGE_INDEX_SHARDS)
    lines = list(islice(listed, MOST_SORTED + 1))
    if len(lines) > MOST_SORTED:
        raise TooManyToSortError(
            400,
            f"there are more than {MOST_SORTED:,} images, the most that are put in this order; choose a batch or days",
        )
    glances = deployment.images.glance(line.image_id for line in lines if line.image_id)
    fitting = [glance for glance in glances.values() if filters.take(glance)]
    fitting.sort(key=_SORT_KEYS[filters.order or Order.NEWEST], reverse=filters.order in _DESCENDING)
    start = _number(cursor)
    records = deployment.images.get_many(glance.image_id for glance in fitting[start : start + size])
    shown = (records[one.image_id] for one in fitting[start : start + size] if one.image_id in records)
    following = encode_cursor(str(start + size)) if start + size < len(fitting) else None
    return Page(tuple(shown), following, len(lines))


def _by_name(glance: Glance) -> tuple[int | str, str]:
    return glance.path, glance.path


def _by_time(glance: Glance) -> tuple[int | str, str]:
    return glance.uploaded_at, glance.path


def _by_size(glance: Glance) -> tuple[int | str, str]:
    return glance.bytes or 0, glance.path


_SORT_KEYS: Final[Mapping[Order, Callable[[Glance], tuple[int | str, str]]]] = {
    Order.NAME: _by_name,
    Order.NAME_REVERSED: _by_name,
    Order.NEWEST: _by_time,
    Order.OLDEST: _by_time,
    Order.LARGEST: _by_size,
    Order.SMALLEST: _by_size,
}
_DESCENDING: Final = frozenset({Order.NAME_REVERSED, Order.NEWEST, Order.LARGEST})


def _number(cursor: str | None) -> int:
    place = decode_cursor(cursor)
    if place and not (place.isascii() and place.isdigit() and len(place) <= 6):
        raise Problem(400, "this cursor is of a list in another order; leave it out to begin at the beginning")
    return int(place or 0)


def _page(images: Images, filters: Filters, chosen: list[_Line], last: str | None, looked_at: int) -> Page:
    records = images.get_many(line.image_id for line in chosen)
    read = (records[line.image_id] for line in chosen if line.image_id in records)
    shown = tuple(image for image in read if filters.take(image))
    return Page(shown, encode_cursor(last) if last else None, looked_at)


def _fitting(images: Images, filters: Filters, ahead: Iterable[_Line]) -> set[str]:
    ids = [line.image_id for line in ahead if line.image_id]
    if not filters.narrowing:
        return set(ids)
    return {image_id for image_id, glance in images.glance(ids).items() if filters.take(glance)}


def encode_cursor(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> str:
    """Raises Problem 400 for a text that `encode_cursor` did not make."""
    if not cursor:
        return ""
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        place = ""
    if not place or len(place.encode()) > LONGEST_PLACE:
        raise Problem(400, "this cursor is none of ours; leave it out to begin at the beginning")
    return place


def _listed(deployment: Deployment, filters: Filters, after: str) -> Iterator[_Line]:
    if filters.failures_of_all:
        return _failures(deployment.images, filters, after)
    if filters.owner == EVERYBODY:
        return _of_everybody(deployment, filters, after)
    if filters.batch:
        statuses = _statuses(filters)
        return _of_batch(deployment.images, filters, (filters.owner, filters.batch), statuses, after)
    return _of_owner(deployment.images, filters, after)


def _failures(images: Images, filters: Filters, after: str) -> Iterator[_Line]:
    for entry in images.failed(filters.cause, after):
        yield _Line(entry.sort, entry.image_id)


def _of_owner(images: Images, filters: Filters, after: str, at_once: int | None = None) -> Iterator[_Line]:
    """`at_once` entries of each shard are read together."""
    newest_first = filters.order is not Order.OLDEST
    # '~' sorts behind the 'T' that follows a day.
    first, last = str(filters.since or ""), f"{filters.until}~" if filters.until else "~"
    start = after or (last if newest_first and filters.until else "" if newest_first else first)
    # Eight shards are read in parallel: from each, little more than its part of a page.
    at_once = at_once or (_AT_ONCE // 2 if filters.narrowing else _OF_A_SHARD)
    for entry in images.of_owner(filters.owner, Slice(after=start, newest_first=newest_first, page_size=at_once)):
        if entry.sort < first or entry.sort > last:
            return
        yield _Line(entry.sort, entry.image_id)


def _of_batch(
    images: Images, filters: Filters, batch: tuple[str, str], statuses: tuple[Status, ...], after: str
) -> Iterator[_Line]:
    """In order of name over all statuses, which are read in parallel; the place is only the name."""
    reverse = filters.order is Order.NAME_REVERSED
    looks_through = bool(filters.name) or filters.narrowing
    at_once = MOST_KEYS // IMAGE_INDEX_SHARDS if looks_through else _OF_A_STATUS
    how = Slice(newest_first=reverse, page_size=at_once)
    streams = [
        images.of_batch(*batch, status, after=f"{status}#{after}" if after else "", how=how) for status in statuses
    ]
    part = filters.name.casefold()
    for entry in heapq.merge(*streams, key=_path_of, reverse=reverse) if len(streams) > 1 else streams[0]:
        path = _path_of(entry)
        yield _Line(path, entry.image_id if not part or part in path.casefold() else "")


def _of_everybody(deployment: Deployment, filters: Filters, after: str) -> Iterator[_Line]:
    """Batch by batch, the newest first; a place is the batch's time of creation, its id, and the name within it."""
    made, _, rest = after.partition(_SEPARATOR)
    batch_id, _, path = rest.partition(_SEPARATOR)
    if batch_id:
        owner, _, name = batch_id.partition("/")
        begun = deployment.batches.get(owner, name)
        if begun is not None:
            yield from _placed(deployment, filters, begun, path)
    for number, batch in enumerate(deployment.batches.all(made), 1):
        yield from _placed(deployment, filters, batch, "")
        if number == MOST_BATCHES:
            yield _Line(_SEPARATOR.join((batch.created_at, "", "")), "", cuts=True)
            return


def _placed(deployment: Deployment, filters: Filters, batch: Batch, after: str) -> Iterator[_Line]:
    statuses = _statuses_of(deployment.batches, filters, batch)
    if not statuses:
        return
    whose = (batch.owner, batch.name)
    for line in _of_batch(deployment.images, filters, whose, statuses, after):
        yield _Line(_SEPARATOR.join((batch.created_at, batch.batch_id, line.place)), line.image_id)


def _statuses(filters: Filters) -> tuple[Status, ...]:
    one = filters.status or (Status.FAILED if filters.cause else None)
    return (one,) if one else _SHOWN


def _statuses_of(batches: Batches, filters: Filters, batch: Batch) -> tuple[Status, ...]:
    """The statuses with images of a complete batch, by its counters: every status costs eight queries."""
    counts = batches.counts(batch.owner, batch.name)
    done = {Status.READY: counts.ready, Status.FAILED: counts.failed}
    if batch.state is not BatchState.COMPLETE or counts.accounted < (batch.expected or 0):
        return _statuses(filters)
    return tuple(status for status in _statuses(filters) if done.get(status))


def _path_of(entry: IndexEntry) -> str:
    return entry.sort.partition("#")[2]
