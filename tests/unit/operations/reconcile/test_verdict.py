"""What an object is, from its line in a listing and its record."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pixelfleet.aws.listing import ListedObject
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import AttemptLine, Image, RecipeRef, Status, timestamp
from pixelfleet.errors import Cause
from pixelfleet.operations.monitoring import LaneState
from pixelfleet.operations.reconcile.horizon import MARGIN, UNKNOWN, horizon
from pixelfleet.operations.reconcile.verdict import Horizon, Verdict, verdict_on
from pixelfleet.settings import Settings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WEB, SHOP = RecipeRef(name="web", digest="d1"), RecipeRef(name="shop", digest="d2")
HORIZON = Horizon(NOW - timedelta(minutes=5), dict.fromkeys(Lane, NOW - timedelta(minutes=10)))


def listed(minutes: int = 60, etag: str = "e1") -> ListedObject:
    return ListedObject("uploads/me/b1/a.jpg", etag, 100, NOW - timedelta(minutes=minutes))


def image(status: Status, minutes: int = 60, **more: Any) -> Image:
    at = timestamp(NOW - timedelta(minutes=minutes))
    fields = {"image_id": "i", "bucket": "b", "key": "k", "owner": "me", "etag": "e1", "recipe": WEB} | more
    return Image(status=status, attempt_log=(AttemptLine(at=at, what="claimed"),), **fields)


@pytest.mark.parametrize(
    ("actual", "record", "requested", "verdict"),
    [
        (listed(), None, None, Verdict.MISSING),
        (listed(minutes=4), None, None, Verdict.YOUNG),
        (listed(), image(Status.DELETED), None, Verdict.MISSING),
        (listed(etag="e2"), image(Status.READY), None, Verdict.CHANGED),
        (listed(minutes=4, etag="e2"), image(Status.READY), None, Verdict.YOUNG),
        (listed(), image(Status.READY), None, Verdict.KNOWN),
        (listed(), image(Status.READY), WEB, Verdict.KNOWN),
        (listed(), image(Status.READY), SHOP, Verdict.OUTDATED),
        (listed(), image(Status.FAILED, cause=Cause.TRUNCATED), SHOP, Verdict.FAILED),
        (listed(), image(Status.PROCESSING, minutes=11), None, Verdict.STUCK),
        (listed(), image(Status.PROCESSING, minutes=9), None, Verdict.YOUNG),
        (listed(), image(Status.QUEUED, minutes=11), None, Verdict.STUCK),
    ],
)
def test_an_object_is_what_listing_and_record_say(
    actual: ListedObject, record: Image | None, requested: RecipeRef | None, verdict: Verdict
) -> None:
    assert verdict_on(actual, record, HORIZON, requested) is verdict


def lane(name: str, held: int, oldest: float | None) -> LaneState:
    return LaneState(name, held, 0, oldest, 0)


def test_what_is_as_old_as_the_oldest_message_may_be_on_its_way() -> None:
    actual = horizon(Settings(), [lane("uploads", 5, 3_600.0), lane("bulk", 0, 0.0)], NOW, None)
    assert actual.events == NOW - timedelta(hours=1) - MARGIN


def test_where_nobody_knows_how_long_messages_wait_an_hour_is_taken() -> None:
    assert horizon(Settings(), [lane("uploads", 5, None)], NOW, None).events == NOW - UNKNOWN - MARGIN


def test_an_idle_fleet_leaves_only_the_youngest_alone() -> None:
    actual = horizon(Settings(), [lane("bulk", 0, 0.0), lane("heavy", 0, 0.0)], NOW, None)
    assert (actual.events, set(actual.lanes.values())) == (NOW - MARGIN, {NOW - MARGIN})


def test_a_lane_at_work_gets_its_time_limit_before_its_jobs_count_as_stuck() -> None:
    actual = horizon(Settings(), [lane("heavy", 1, 60.0)], NOW, timedelta())
    assert actual.lanes == {Lane.BULK: NOW, Lane.HEAVY: NOW - timedelta(hours=11)}
