"""How young something may be and still be on its way, so that it is left alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pixelfleet.domain.jobs import Lane
from pixelfleet.operations.monitoring import LaneState
from pixelfleet.operations.reconcile.verdict import Horizon
from pixelfleet.settings import Settings

#: S3 sends an event within a minute, as a rule; and SQS's counts may be a minute old.
MARGIN: Final = timedelta(minutes=2)
#: Taken where messages wait and nobody knows for how long.
UNKNOWN: Final = timedelta(hours=1)


def horizon(settings: Settings, states: Sequence[LaneState], now: datetime, asked: timedelta | None) -> Horizon:
    """From the age of the oldest waiting message, or `asked` by the user.

    A job that a worker may hold is left alone for its lane's time limit, for which the lease lasts, besides.
    """
    oldest = max((_age(state) for state in states), default=timedelta())
    waits = asked if asked is not None else oldest + MARGIN
    in_work = {state.name for state in states if state.held}
    limits = {
        lane: timedelta(seconds=settings.lanes[lane].time_limit) if lane.value in in_work else timedelta()
        for lane in Lane
    }
    return Horizon(now - waits, {lane: now - waits - limits[lane] for lane in Lane})


def _age(state: LaneState) -> timedelta:
    if state.oldest is not None:
        return timedelta(seconds=state.oldest)
    return UNKNOWN
