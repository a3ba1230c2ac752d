"""Lanes, workers and throughput, on moto's SQS, ECS, CloudWatch and DynamoDB, and by arithmetic alone."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from pixelfleet.catalog.activity import SLOT, Heartbeat, Sample, slot_of
from pixelfleet.catalog.schema import ACTIVITY
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Batch, Counts, timestamp
from pixelfleet.localcloud.tables import ensure_table
from pixelfleet.operations import monitoring as state
from pixelfleet.operations.monitoring import (
    LaneState,
    Workers,
    batch_time_left,
    fleet_time_left,
    lanes,
    summed,
    workers,
)
from pixelfleet.operations.time_left import TimeLeft
from pixelfleet.settings import load_settings

NOW = datetime(2026, 11, 20, 12, 0, 7, tzinfo=UTC)


@pytest.fixture
def on_moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("PIXELFLEET_ACCOUNT_ID", "123456789012")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        deployment = Deployment(load_settings())
        for name in ("uploads", "bulk", "heavy"):
            for end in ("", "-dlq"):
                deployment.sqs.create_queue(QueueName=f"pixelfleet-{name}{end}")
        client = boto3.client("dynamodb", region_name="us-east-1")
        ensure_table(client, deployment.settings.activity_table, ACTIVITY)
        yield deployment


def sample(slots_ago: int, ready: int, failed: int = 0, work_ms: int = 0) -> Sample:
    at = slot_of(NOW - timedelta(seconds=SLOT * slots_ago))
    outcomes = {"ready": ready, "failed:truncated": failed}
    return Sample(at=at, lane=Lane.BULK, outcomes={name: n for name, n in outcomes.items() if n}, work_ms=work_ms)


def lane(waiting: int, in_flight: int = 0) -> LaneState:
    return LaneState("bulk", waiting, in_flight, None, 0)


def test_a_lane_has_counts_of_waiting_messages_messages_in_flight_and_dead_letters(on_moto: Deployment) -> None:
    url = on_moto.settings.bulk_queue_url
    for _ in range(3):
        on_moto.sqs.send_message(QueueUrl=url, MessageBody="x")
    on_moto.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)
    on_moto.sqs.send_message(QueueUrl=on_moto.settings.heavy_dlq_url, MessageBody="x")
    uploads, bulk, heavy = lanes(on_moto)
    assert (uploads.name, uploads.held, uploads.oldest) == ("uploads", 0, 0.0)
    assert (bulk.waiting, bulk.in_flight, bulk.oldest, bulk.dead_letters) == (2, 1, None, 0)
    assert (heavy.held, heavy.dead_letters) == (0, 1)


def test_the_age_of_the_oldest_message_is_the_last_value_in_cloudwatch(on_moto: Deployment) -> None:
    on_moto.sqs.send_message(QueueUrl=on_moto.settings.bulk_queue_url, MessageBody="x")
    assert on_moto.cloudwatch is not None
    for minutes, age in ((3, 100.0), (1, 40.0)):
        on_moto.cloudwatch.put_metric_data(
            Namespace="AWS/SQS",
            MetricData=[
                {
                    "MetricName": "ApproximateAgeOfOldestMessage",
                    "Dimensions": [{"Name": "QueueName", "Value": "pixelfleet-bulk"}],
                    "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes),
                    "Value": age,
                }
            ],
        )
    assert [actual.oldest for actual in lanes(on_moto)] == [0.0, 40.0, 0.0]


def test_the_workers_of_a_lane_with_an_ecs_service_are_the_tasks_of_the_service(on_moto: Deployment) -> None:
    ecs = on_moto.ecs
    assert ecs is not None
    ecs.create_cluster(clusterName="pixelfleet")
    ecs.register_task_definition(family="bulk", containerDefinitions=[{"name": "w", "image": "w", "memory": 1}])
    ecs.create_service(cluster="pixelfleet", serviceName="pixelfleet-bulk", taskDefinition="bulk", desiredCount=4)
    bulk, heavy = workers(on_moto)
    assert (bulk.lane, bulk.desired, bulk.source) == (Lane.BULK, 4, "ecs")
    assert (heavy.lane, heavy.desired, heavy.source) == (Lane.HEAVY, None, "heartbeats")


def test_without_ecs_workers_are_counted_by_recent_heartbeats(on_moto: Deployment) -> None:
    now = datetime.now(UTC)
    for name, age, busy in (("a", 5, True), ("b", 100, False), ("c", 200, True)):
        seen = timestamp(now - timedelta(seconds=age))
        on_moto.activity.beat(Heartbeat(worker=name, lanes=(Lane.BULK,), started_at=seen, seen_at=seen, busy=busy))
    assert workers(on_moto, now) == (
        Workers(Lane.BULK, 2, None, 1, "heartbeats"),
        Workers(Lane.HEAVY, 0, None, 0, "heartbeats"),
    )


def test_a_killed_worker_of_this_machine_is_not_counted(on_moto: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(on_moto), "services", None)
    now = datetime.now(UTC)
    here = socket.gethostname()
    for name, busy in ((f"{here}:1001", True), (f"{here}:1002", True), ("elsewhere:1003", True), ("odd", False)):
        seen = timestamp(now - timedelta(seconds=5))
        on_moto.activity.beat(Heartbeat(worker=name, lanes=(Lane.BULK,), started_at=seen, seen_at=seen, busy=busy))
    bulk, _ = workers(on_moto, now, lambda pid: pid == 1001)
    assert bulk == Workers(Lane.BULK, 3, None, 2, "heartbeats")


def test_the_overview_of_an_idle_fleet_has_a_rate_and_a_time_left_of_zero(on_moto: Deployment) -> None:
    actual = state.overview(on_moto)
    assert (actual.eta, actual.throughput.per_second, actual.throughput.ms_per_image) == (0.0, 0.0, None)
    assert [name.name for name in actual.lanes] == ["uploads", "bulk", "heavy"]


def test_the_rate_covers_the_present_backlog_without_the_current_slot() -> None:
    moving = summed([sample(0, 999), sample(1, 150), sample(2, 150), sample(20, 150), sample(21, 999)], NOW)
    assert moving.per_second == 300 / 30


def test_the_rate_of_new_work_covers_only_the_time_since_its_start() -> None:
    assert summed([sample(1, 30), sample(2, 30)], NOW).per_second == 2.0


def test_failures_are_counted_by_cause_over_the_whole_series() -> None:
    moving = summed([sample(200, 1, failed=2), sample(1, 5, failed=1, work_ms=600)], NOW)
    assert (moving.finished, moving.ready, moving.failed_by_cause) == (9, 6, {"truncated": 3})
    assert moving.ms_per_image == 100


def test_the_series_has_a_point_for_every_slot() -> None:
    moving = summed([sample(1, 15), sample(3, 30)], NOW)
    assert len(moving.series) == 240
    assert [point.per_second for point in moving.series[-4:]] == [0.0, 2.0, 0.0, 1.0]
    assert moving.series[-1].at == "2026-11-20T11:59:45.000Z"


def test_the_time_left_is_the_held_images_at_the_present_rate_and_unknown_without_a_rate() -> None:
    moving = [sample(3, 5), sample(2, 60), sample(1, 60)]
    uploads = LaneState("uploads", 100, 0, None, 0)
    left = fleet_time_left([uploads, lane(90, 10)], moving, NOW)
    assert (left.per_second, left.seconds) == (4.0, 50.0)
    assert fleet_time_left([lane(1)], [], NOW).seconds is None
    assert fleet_time_left([lane(0)], moving, NOW).seconds == 0.0


def test_the_slower_lane_determines_the_time_left() -> None:
    slow = [replace_lane(sample(number, 1, work_ms=60_000)) for number in (13, 9, 5, 1)]
    heavy = LaneState("heavy", 10, 0, None, 0)
    left = fleet_time_left([lane(8), heavy], [*slow, sample(2, 60), sample(1, 60)], NOW)
    assert (left.seconds or 0) > 400
    assert fleet_time_left([lane(8), heavy], [sample(2, 60), sample(1, 60)], NOW).seconds is None


def test_the_time_left_of_a_batch_is_its_missing_images_at_the_rate_of_the_fleet(on_moto: Deployment) -> None:
    for number, ready in ((3, 5), (2, 60), (1, 60), (60, 999)):
        on_moto.activity.count(sample(number, ready))
    batch = Batch(batch_id="a/b", owner="a", name="b", created_at=timestamp(NOW - timedelta(minutes=1)))
    assert batch_time_left(on_moto, batch, Counts(ready=120), NOW) == TimeLeft()
    sealed = batch.model_copy(update={"expected": 200})
    assert batch_time_left(on_moto, sealed, Counts(ready=120), NOW).seconds == 20.0
    assert batch_time_left(on_moto, sealed, Counts(ready=200), NOW).seconds == 0.0


def replace_lane(of_bulk: Sample) -> Sample:
    return of_bulk.model_copy(update={"lane": Lane.HEAVY})
