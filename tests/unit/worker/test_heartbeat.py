"""The heartbeat of a child, on moto's activity table."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from pixelfleet.catalog.activity import Activity, Heartbeat, Sample
from pixelfleet.catalog.schema import ACTIVITY
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.outcomes import REPROCESSING_FAILED
from pixelfleet.domain.records import AttemptLine, Image, Status
from pixelfleet.errors import Cause, TransientError
from pixelfleet.localcloud.tables import ensure_table
from worker.heartbeat import IDLE_SLOTS, HeartbeatRecorder

READY = Image(
    image_id="i",
    bucket="b",
    key="k",
    owner="me",
    status=Status.READY,
    counted="ready",
    bytes=10,
    timings_ms={"fetch": 2, "pixels": 30},
)
FAILED = READY.model_copy(update={"status": Status.FAILED, "counted": "failed:truncated"})


@pytest.fixture
def activity(monkeypatch: pytest.MonkeyPatch) -> Iterator[Activity]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        ensure_table(client, "activity", ACTIVITY)
        yield Activity(client, "activity")


class Silent(Activity):
    """A table that does not answer until a test releases it."""

    def __init__(self, there: Activity) -> None:
        self._there = there
        self.answers = False

    def count(self, sample: Sample) -> None:
        self._ask(lambda: self._there.count(sample))

    def beat(self, heartbeat: Heartbeat) -> None:
        self._ask(lambda: self._there.beat(heartbeat))

    def _ask(self, write: Callable[[], None]) -> None:
        if not self.answers:
            raise TransientError(Cause.UNAVAILABLE, "no answer")
        write()


def hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def outcomes(activity: Activity) -> dict[str, int]:
    total: dict[str, int] = {}
    for sample in activity.samples(hour_ago()):
        for outcome, number in sample.outcomes.items():
            total[outcome] = total.get(outcome, 0) + number
    return total


def test_an_image_that_keeps_its_results_because_processing_again_failed_is_counted_apart(activity: Activity) -> None:
    recorder = HeartbeatRecorder(lambda: activity, frozenset({Lane.BULK}))
    failure = AttemptLine(at="2026-11-26T09:00:00.000Z", what=REPROCESSING_FAILED, cause=Cause.TIME_LIMIT)

    recorder.count(READY.model_copy(update={"attempt_log": (failure,)}), Lane.BULK)
    recorder.turn()

    assert outcomes(activity) == {"reprocessing_failed:time_limit": 1}


def test_finished_images_are_written_once_with_the_heartbeat(activity: Activity) -> None:
    heartbeat_recorder = HeartbeatRecorder(lambda: activity, frozenset({Lane.BULK}))
    for image in (READY, READY, FAILED):
        heartbeat_recorder.count(image, Lane.BULK)
    heartbeat_recorder.turn()
    heartbeat_recorder.turn()
    assert outcomes(activity) == {"ready": 2, "failed:truncated": 1}
    samples = activity.samples(hour_ago())
    assert (sum(s.work_ms for s in samples), sum(s.bytes for s in samples)) == (96, 30)
    [heartbeat] = activity.heartbeats(hour_ago())
    assert (heartbeat.worker, heartbeat.lanes, heartbeat.finished) == (heartbeat_recorder.worker, (Lane.BULK,), 3)


def test_a_worker_is_busy_while_it_carries_out_a_job(activity: Activity) -> None:
    heartbeat_recorder = HeartbeatRecorder(lambda: activity, frozenset({Lane.BULK}))
    with heartbeat_recorder.working():
        heartbeat_recorder.turn()
        assert [heartbeat.busy for heartbeat in activity.heartbeats(hour_ago())] == [True]
    for _ in range(IDLE_SLOTS):
        heartbeat_recorder.turn()
    assert [heartbeat.busy for heartbeat in activity.heartbeats(hour_ago())] == [False]


def test_an_idle_worker_sends_fewer_heartbeats(activity: Activity) -> None:
    beats = []

    class Counting(Silent):
        def beat(self, heartbeat: Heartbeat) -> None:
            beats.append(heartbeat)

    heartbeat_recorder = HeartbeatRecorder(lambda: Counting(activity), frozenset({Lane.BULK}))
    for _ in range(3 * IDLE_SLOTS):
        heartbeat_recorder.turn()
    assert len(beats) == 3


def test_counts_that_could_not_be_written_are_written_the_next_time(activity: Activity) -> None:
    silent = Silent(activity)
    heartbeat_recorder = HeartbeatRecorder(lambda: silent, frozenset({Lane.BULK}))
    heartbeat_recorder.count(READY, Lane.BULK)
    heartbeat_recorder.turn()
    heartbeat_recorder.count(READY, Lane.BULK)
    silent.answers = True
    heartbeat_recorder.turn()
    assert outcomes(activity) == {"ready": 2}


def test_a_worker_that_ends_is_removed_after_its_last_counts(activity: Activity) -> None:
    heartbeat_recorder = HeartbeatRecorder(lambda: activity, frozenset({Lane.BULK}))
    heartbeat_recorder.turn()
    heartbeat_recorder.count(READY, Lane.BULK)
    heartbeat_recorder.end()
    assert activity.heartbeats(hour_ago()) == []
    assert outcomes(activity) == {"ready": 1}
