"""Lists of batches, a page at a time."""

from itertools import islice
from typing import Final

from dashboard.gallery import decode_cursor, encode_cursor
from dashboard.site import Site
from pixelfleet.domain.records import Batch, BatchState, Counts

PAGE: Final = 50
#: Batches of a page whose progress is shown.
MOST_COUNTED: Final = 12


def batches_page(site: Site, owner: str | None, cursor: str | None) -> tuple[list[Batch], str | None]:
    """The batches of an owner, or with None of all owners, newest first; and the cursor of the next page."""
    before = decode_cursor(cursor)
    every = site.deployment.batches.all(before) if owner is None else site.deployment.batches.of_owner(owner, before)
    page = list(islice(every, PAGE))
    return page, encode_cursor(page[-1].created_at) if len(page) == PAGE else None


def counts_of_open(site: Site, listed: list[Batch]) -> dict[str, Counts]:
    """The counts of the first incomplete batches, by id. Each batch costs one call."""
    open_ones = [batch for batch in listed if batch.state is not BatchState.COMPLETE][:MOST_COUNTED]
    return {batch.batch_id: site.deployment.batches.counts(batch.owner, batch.name) for batch in open_ones}
