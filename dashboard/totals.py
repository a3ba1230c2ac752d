"""The number of images, by the counters of batches: no image is read."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pixelfleet.catalog.batches import Batches
from pixelfleet.domain.image_filters import EVERYBODY, Filters
from pixelfleet.domain.records import Batch, Counts, Status

#: Batches whose counters one answer reads, with one call each, and the number of calls at a time.
MOST_BATCHES: Final = 100
_AT_ONCE: Final = 8
#: The statuses that counters distinguish; None stands for every image that is settled and not deleted.
COUNTED: Final = (None, Status.READY, Status.FAILED)


@dataclass(frozen=True, slots=True)
class Totals:
    """Images in the newest batches. `more`: there are more batches than were counted."""

    images: int
    batches: int
    more: bool


def totals_of(batches: Batches, filters: Filters) -> Totals:
    """The images of an owner, or of everybody, that are in a batch and have the status of the filters.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    listed = list(islice(_listed(batches, filters.owner), MOST_BATCHES + 1))
    counted = listed[:MOST_BATCHES]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        counts = pool.map(lambda batch: batches.counts(batch.owner, batch.name), counted)
        numbers = [number_of(each, filters.status) or 0 for each in counts]
    return Totals(sum(numbers), sum(1 for number in numbers if number), len(listed) > MOST_BATCHES)


def number_of(counts: Counts, status: Status | None) -> int | None:
    """The images of a batch in this status; None if the counters do not have it."""
    by_status = {None: counts.ready + counts.failed, Status.READY: counts.ready, Status.FAILED: counts.failed}
    return by_status.get(status)


def _listed(batches: Batches, owner: str) -> Iterator[Batch]:
    return batches.all() if owner == EVERYBODY else batches.of_owner(owner)
