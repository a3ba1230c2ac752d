"""The verdict on an object, from its line in a listing and its record."""

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
        (listed(), image(Status.QUEUED, minutes=11, lane="lane_of_2_0"), None, Verdict.STUCK),
    ],
)
def test_the_verdict_on_an_object_follows_from_the_listing_and_the_record(
    actual: ListedObject, record: Image | None, requested: RecipeRef | None, verdict: Verdict
) -> None:
    assert verdict_on(actual, record, HORIZON, requested) is verdict


def lane(name: str, held: int, oldest: float | None) -> LaneState:
    return LaneState(name, held, 0, oldest, 0)


def test_the_horizon_lies_before_the_oldest_message() -> None:
    actual = horizon(Settings(), [lane("uploads", 5, 3_600.0), lane("bulk", 0, 0.0)], NOW, None)
    assert actual.events == NOW - timedelta(hours=1) - MARGIN


def test_an_unknown_age_of_the_oldest_message_counts_as_an_hour() -> None:
    assert horizon(Settings(), [lane("uploads", 5, None)], NOW, None).events == NOW - UNKNOWN - MARGIN


def test_the_horizon_of_an_idle_fleet_leaves_out_only_the_newest_objects() -> None:
    actual = horizon(Settings(), [lane("bulk", 0, 0.0), lane("heavy", 0, 0.0)], NOW, None)
    assert (actual.events, set(actual.lanes.values())) == (NOW - MARGIN, {NOW - MARGIN})


def test_jobs_of_a_busy_lane_count_as_stuck_only_after_its_time_limit() -> None:
    actual = horizon(Settings(), [lane("heavy", 1, 60.0)], NOW, timedelta())
    assert actual.lanes == {Lane.BULK: NOW, Lane.HEAVY: NOW - timedelta(hours=11)}
