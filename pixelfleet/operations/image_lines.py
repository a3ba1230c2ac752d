"""The lines of a list of images, read from the index that has them; no record is read.

| asked for | read by |
| --- | --- |
| a batch, in one status or in all | images/by_batch, in order of name, either way |
| an owner's images, between two dates | images/by_owner, newest or oldest first |
| everybody's failures, or those of one cause | images/by_failure, by cause, oldest first |
| everybody's images | the batches, newest first, and in each images/by_batch |
"""

import heapq
from collections.abc import Iterator
from typing import Final, NamedTuple

from pixelfleet.catalog.batches import Batches
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.indexes import IndexEntry, Slice
from pixelfleet.catalog.schema import IMAGE_INDEX_SHARDS
from pixelfleet.deployment import Deployment
from pixelfleet.domain.image_filters import EVERYBODY, Filters, ImageOrder
from pixelfleet.domain.records import Batch, BatchState, Status
from pixelfleet.operations.list_cursors import SEPARATOR

#: Records of one call, if records must be read to apply the filters.
AT_ONCE: Final = 250
#: Keys that one page may search for a part of a name.
MOST_KEYS: Final = 6_000
#: Batches of everybody that one page may read.
MOST_BATCHES: Final = 6
_OF_A_SHARD: Final = 24
#: Each status of a batch is read separately.
_OF_A_STATUS: Final = 16
_SHOWN: Final = (Status.QUEUED, Status.PROCESSING, Status.READY, Status.FAILED)


class Line(NamedTuple):
    """An image of a list, and the place in the list behind it.

    `image_id` is empty for a place without an image. At a line that `cuts`, the page ends; the next begins behind it.
    """

    place: str
    image_id: str
    cuts: bool = False


def lines_of(deployment: Deployment, filters: Filters, after: str = "", at_once: int | None = None) -> Iterator[Line]:
    """The lines behind the place `after`. `at_once` entries of each shard are read together, unless for everybody.

    An order without an index is not applied.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    if filters.failures_of_all:
        return _failures(deployment.images, filters, after)
    if filters.owner == EVERYBODY:
        return _of_everybody(deployment, filters, after)
    if filters.batch:
        whose = (filters.owner, filters.batch)
        return _of_batch(deployment.images, filters, whose, _statuses(filters), after, at_once)
    return _of_owner(deployment.images, filters, after, at_once)


def _failures(images: Images, filters: Filters, after: str) -> Iterator[Line]:
    for entry in images.failed(filters.cause, after):
        yield Line(entry.sort, entry.image_id)


def _of_owner(images: Images, filters: Filters, after: str, at_once: int | None) -> Iterator[Line]:
    newest_first = filters.order is not ImageOrder.OLDEST
    # '~' sorts behind the 'T' that follows a day.
    first, last = str(filters.since or ""), f"{filters.until}~" if filters.until else "~"
    start = after or (last if newest_first and filters.until else "" if newest_first else first)
    # Eight shards are read in parallel: from each, little more than its part of a page.
    at_once = at_once or (AT_ONCE // 2 if filters.narrowing else _OF_A_SHARD)
    for entry in images.of_owner(filters.owner, Slice(after=start, newest_first=newest_first, page_size=at_once)):
        if entry.sort < first or entry.sort > last:
            return
        yield Line(entry.sort, entry.image_id)


def _of_batch(
    images: Images,
    filters: Filters,
    batch: tuple[str, str],
    statuses: tuple[Status, ...],
    after: str,
    at_once: int | None = None,
) -> Iterator[Line]:
    """In order of name over all statuses, which are read in parallel; the place is only the name."""
    reverse = filters.order is ImageOrder.NAME_REVERSED
    looks_through = bool(filters.name) or filters.narrowing
    at_once = at_once or (MOST_KEYS // IMAGE_INDEX_SHARDS if looks_through else _OF_A_STATUS)
    how = Slice(newest_first=reverse, page_size=at_once)
    streams = [
        images.of_batch(*batch, status, after=f"{status}#{after}" if after else "", how=how) for status in statuses
    ]
    part = filters.name.casefold()
    for entry in heapq.merge(*streams, key=_path_of, reverse=reverse) if len(streams) > 1 else streams[0]:
        path = _path_of(entry)
        yield Line(path, entry.image_id if not part or part in path.casefold() else "")


def _of_everybody(deployment: Deployment, filters: Filters, after: str) -> Iterator[Line]:
    """Batch by batch, the newest first; a place is the batch's time of creation, its id, and the name within it."""
    made, _, rest = after.partition(SEPARATOR)
    batch_id, _, path = rest.partition(SEPARATOR)
    if batch_id:
        owner, _, name = batch_id.partition("/")
        begun = deployment.batches.get(owner, name)
        if begun is not None:
            yield from _placed(deployment, filters, begun, path)
    for number, batch in enumerate(deployment.batches.all(made), 1):
        yield from _placed(deployment, filters, batch, "")
        if number == MOST_BATCHES:
            yield Line(SEPARATOR.join((batch.created_at, "", "")), "", cuts=True)
            return


def _placed(deployment: Deployment, filters: Filters, batch: Batch, after: str) -> Iterator[Line]:
    statuses = _statuses_of(deployment.batches, filters, batch)
    if not statuses:
        return
    whose = (batch.owner, batch.name)
    for line in _of_batch(deployment.images, filters, whose, statuses, after):
        yield Line(SEPARATOR.join((batch.created_at, batch.batch_id, line.place)), line.image_id)


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
