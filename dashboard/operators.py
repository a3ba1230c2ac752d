"""What operators see, for the API and the pages: failures by cause, and the log of actions."""

from itertools import islice
from typing import Final

from dashboard.site import Site
from pixelfleet.catalog.activity import Action
from pixelfleet.operations.failures import FailureSummary, count_by_cause
from pixelfleet.operations.list_cursors import decode_cursor, encode_cursor

#: Failures of one cause that a summary counts: the cost of a page is bounded, however many images failed.
MOST_FAILURES: Final = 1_000
ACTIONS: Final = 50


def failures_by_cause(site: Site) -> FailureSummary:
    """The failures of all owners by cause, of each cause up to `MOST_FAILURES`."""
    return count_by_cause(site.deployment, MOST_FAILURES)


def activity_page(site: Site, cursor: str | None) -> tuple[list[Action], str | None]:
    """A page of actions, newest first, and the cursor of the next page."""
    actions = list(islice(site.deployment.activity.actions(decode_cursor(cursor) or None), ACTIONS))
    return actions, encode_cursor(actions[-1].at) if len(actions) == ACTIONS else None
