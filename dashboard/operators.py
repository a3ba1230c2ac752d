"""What operators see, for the API and the pages: failures by cause, and the log of actions."""

from itertools import islice
from typing import Final

from dashboard.gallery import decode_cursor, encode_cursor
from dashboard.site import Site
from pixelfleet.catalog.activity import Action
from pixelfleet.operations.failures import FailureSummary, GroupBy, Selection, summarise

#: Failed records that a summary reads: the cost of a page is bounded, however many images failed.
MOST_FAILURES: Final = 5_000
ACTIONS: Final = 50


def failures_by_cause(site: Site) -> FailureSummary:
    """The first `MOST_FAILURES` failed records of all owners, counted by cause."""
    return summarise(site.deployment, Selection(any_cause=True, limit=MOST_FAILURES), GroupBy.CAUSE)


def activity_page(site: Site, cursor: str | None) -> tuple[list[Action], str | None]:
    """A page of actions, newest first, and the cursor of the next page."""
    actions = list(islice(site.deployment.activity.actions(decode_cursor(cursor) or None), ACTIONS))
    return actions, encode_cursor(actions[-1].at) if len(actions) == ACTIONS else None
