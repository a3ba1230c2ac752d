"""Lists of batches, a page at a time."""

from itertools import islice
from typing import Final

from dashboard.gallery import decode_cursor, encode_cursor
from dashboard.site import Site
from pixelfleet.domain.records import Batch

PAGE: Final = 50


def batches_page(site: Site, owner: str | None, cursor: str | None) -> tuple[list[Batch], str | None]:
    """An owner's batches, with None everybody's, newest first; and the cursor of the next page."""
    before = decode_cursor(cursor)
    every = site.deployment.batches.all(before) if owner is None else site.deployment.batches.of_owner(owner, before)
    page = list(islice(every, PAGE))
    return page, encode_cursor(page[-1].created_at) if len(page) == PAGE else None
