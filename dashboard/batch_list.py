"""Lists of batches, a page at a time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from dashboard.site import Site
from pixelfleet.domain.records import Batch, Counts
from pixelfleet.operations.batch_rows import BatchRow, batch_rows_page
from pixelfleet.operations.list_cursors import decode_cursor, encode_cursor

#: Batches of a page whose counts are shown, and the number of counts that are read at a time.
MOST_COUNTED: Final = 24
_AT_ONCE: Final = 8


def batches_page(site: Site, owner: str | None, cursor: str | None) -> tuple[list[BatchRow], str | None]:
    """Batches and rollouts of an owner, or with None of all owners, newest first; and the cursor of the next page."""
    page, following = batch_rows_page(site.deployment, owner, decode_cursor(cursor))
    return page, encode_cursor(following) if following is not None else None


def counts_of(site: Site, listed: Sequence[BatchRow]) -> dict[str, Counts]:
    """The counts of the first batches of a page, by id: each costs one call."""
    counted = [row for row in listed if isinstance(row, Batch)][:MOST_COUNTED]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        counts = pool.map(lambda batch: site.deployment.batches.counts(batch.owner, batch.name), counted)
        return {batch.batch_id: of_batch for batch, of_batch in zip(counted, counts, strict=True)}
