"""The age below which an object or a job may still be under way, so that reconcile skips it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pixelfleet.domain.jobs import Lane
from pixelfleet.operations.monitoring import LaneState
from pixelfleet.operations.reconcile.verdict import Horizon
from pixelfleet.settings import Settings

#: S3 usually sends an event within a minute, and SQS's counts may be a minute old.
MARGIN: Final = timedelta(minutes=2)
#: Assumed where messages wait and the age of the oldest is unknown.
UNKNOWN: Final = timedelta(hours=1)


def horizon(settings: Settings, states: Sequence[LaneState], now: datetime, chosen: timedelta | None) -> Horizon:
    """The horizon by the age of the oldest waiting message, or by `chosen`, the user's choice.

    Where a worker may hold a job, the time limit of the lane is added: a lease lasts as long.
    """
    oldest = max((_age(state) for state in states), default=timedelta())
    waits = chosen if chosen is not None else oldest + MARGIN
    occupied = {state.name for state in states if state.held}
    limits = {
        lane: timedelta(seconds=settings.lanes[lane].time_limit) if lane.value in occupied else timedelta()
        for lane in Lane
    }
    return Horizon(now - waits, {lane: now - waits - limits[lane] for lane in Lane})


def _age(state: LaneState) -> timedelta:
    if state.oldest is not None:
        return timedelta(seconds=state.oldest)
    return UNKNOWN
