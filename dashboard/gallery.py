"""Which images a list shows: filters and a cursor in, one page out, at a bounded number of reads.

| asked for | read by |
| --- | --- |
| a batch, in one status or in all, names that begin so | images/by_batch, in order of name |
| an owner's images, between two dates | images/by_owner, newest first |

What no index answers (a status or cause across batches, a part of a name) is looked for among the next `MOST_LOOKED_AT`
records; a page may then be short, or empty, and still have a cursor to go on from.
"""

import base64
import binascii
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

from dashboard.problem import Problem
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.indexes import IndexEntry, Slice
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import Cause

PAGE: Final = 60
#: Records that one page may cost: six BatchGetItem calls.
MOST_LOOKED_AT: Final = 600
_AT_ONCE: Final = 100
_OF_A_SHARD: Final = 24
_SHOWN: Final = (Status.QUEUED, Status.PROCESSING, Status.READY, Status.FAILED)


@dataclass(frozen=True, slots=True)
class Filters:
    """`since` and `until` are whole days, both included. With a batch, `name` is how names begin; else a part."""

    owner: str
    batch: str | None = None
    status: Status | None = None
    cause: Cause | None = None
    name: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def narrowing(self) -> bool:
        """Whether records must be looked at in order to know."""
        return bool(self.status or self.cause or self.name)

    def take(self, image: Image) -> bool:
        """Whether a record, read later than its index, is (still) meant."""
        if image.status is not (self.status or image.status) or image.cause is not (self.cause or image.cause):
            return False
        if self.batch is not None:
            return image.path.startswith(self.name)
        hidden = image.status is Status.DELETED and self.status is None
        return not hidden and self.name.casefold() in image.path.casefold()


#: Bytes of a place: DynamoDB takes sort keys up to 1,024 bytes (DynamoDB developer guide, "Constraints"), and within a
#: batch a status and `#` stand before the place.
LONGEST_PLACE: Final = 1_024 - len(f"{Status.PROCESSING}#")


@dataclass(frozen=True, slots=True)
class Page:
    """`cursor` leads on, None at the end. `looked_at` records were read."""

    images: tuple[Image, ...]
    cursor: str | None
    looked_at: int


def page_of(images: Images, filters: Filters, cursor: str | None = None, size: int = PAGE) -> Page:
    """Raises Problem 400 for a cursor that is none of ours."""
    after = decode_cursor(cursor)
    entries = _of_batch(images, filters, after) if filters.batch else _of_owner(images, filters, after)
    shown: list[Image] = []
    last, looked_at = "", 0
    at_once = _AT_ONCE if filters.narrowing else size + 1
    while looked_at < MOST_LOOKED_AT:
        ahead = list(islice(entries, at_once))
        records = images.get_many(entry.image_id for entry in ahead)
        for entry in ahead:
            if len(shown) == size:
                return Page(tuple(shown), encode_cursor(last), looked_at)
            looked_at, last = looked_at + 1, _place(entry, filters)
            image = records.get(entry.image_id)
            if image is not None and filters.take(image):
                shown.append(image)
        if len(ahead) < at_once:
            return Page(tuple(shown), None, looked_at)
    return Page(tuple(shown), encode_cursor(last), looked_at)


def encode_cursor(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> str:
    """Raises Problem 400 for what `encode_cursor` did not make."""
    if not cursor:
        return ""
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        place = ""
    if not place or len(place.encode()) > LONGEST_PLACE:
        raise Problem(400, "this cursor is none of ours; leave it out to begin at the beginning")
    return place


def _of_owner(images: Images, filters: Filters, after: str) -> Iterator[IndexEntry]:
    # '~' sorts behind the 'T' that follows a day.
    start = after or (f"{filters.until}~" if filters.until else "")
    # Eight shards are read side by side: of each little more than its part of a page.
    at_once = _AT_ONCE if filters.narrowing else _OF_A_SHARD
    entries = images.of_owner(filters.owner, Slice(after=start, newest_first=True, page_size=at_once))
    earliest = str(filters.since) if filters.since else ""
    for entry in entries:
        if entry.sort < earliest:
            return
        yield entry


def _of_batch(images: Images, filters: Filters, after: str) -> Iterator[IndexEntry]:
    """In order of name over all statuses; dates are left out of account, a batch being made at one time."""
    owner, batch = filters.owner, filters.batch or ""
    one_status = filters.status or (Status.FAILED if filters.cause else None)
    statuses = (one_status,) if one_status else _SHOWN
    streams = [
        images.of_batch(owner, batch, status, filters.name, f"{status}#{after}" if after else "") for status in statuses
    ]
    return heapq.merge(*streams, key=lambda entry: entry.sort.partition("#")[2])


def _place(entry: IndexEntry, filters: Filters) -> str:
    """Of a batch the name alone, since its statuses are read side by side."""
    return entry.sort.partition("#")[2] if filters.batch else entry.sort
