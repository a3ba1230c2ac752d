"""Lists of batches, a page at a time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final

from dashboard.site import Site
from pixelfleet.domain.records import Batch, Counts
from pixelfleet.operations.list_cursors import decode_cursor, encode_cursor

PAGE: Final = 50
#: Batches of a page whose counts are shown, and the number of counts that are read at a time.
MOST_COUNTED: Final = 24
_AT_ONCE: Final = 8


def batches_page(site: Site, owner: str | None, cursor: str | None) -> tuple[list[Batch], str | None]:
    """The batches of an owner, or with None of all owners, newest first; and the cursor of the next page."""
    before = decode_cursor(cursor)
    every = site.deployment.batches.all(before) if owner is None else site.deployment.batches.of_owner(owner, before)
    page = list(islice(every, PAGE))
    return page, encode_cursor(page[-1].created_at) if len(page) == PAGE else None


def counts_of(site: Site, listed: Sequence[Batch]) -> dict[str, Counts]:
    """The counts of the first batches of a page, by id: each costs one call."""
    counted = listed[:MOST_COUNTED]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        counts = pool.map(lambda batch: site.deployment.batches.counts(batch.owner, batch.name), counted)
        return {batch.batch_id: of_batch for batch, of_batch in zip(counted, counts, strict=True)}
