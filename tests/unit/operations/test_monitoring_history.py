"""The past of the lanes: from CloudWatch on AWS, from samples in memory elsewhere."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from pixelfleet.catalog.activity import LATE, Sample, slot_of
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.operations.monitoring_history import Axis, History, Past, Range, Series, as_document
from tests.fakes.deployment import enter, fresh_deployment, moto_deployment

NOW = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with moto_deployment(quick_tables=True) as composed:
        yield composed


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch)


def test_on_aws_the_past_comes_from_cloudwatch(deployment: Deployment) -> None:
    client = boto3.client("cloudwatch", region_name="us-east-1")
    for minutes, value in ((30, 7.0), (20, 3.0), (90, 99.0)):
        client.put_metric_data(
            Namespace="AWS/SQS",
            MetricData=[
                {
                    "MetricName": "ApproximateNumberOfMessagesVisible",
                    "Dimensions": [{"Name": "QueueName", "Value": "pixelfleet-bulk"}],
                    "Timestamp": NOW - timedelta(minutes=minutes),
                    "Value": value,
                }
            ],
        )
    past = History(deployment, lambda: NOW + timedelta(seconds=LATE)).past(Range.HOUR)
    known = {n: value for n, value in enumerate(past.lanes["bulk"].waiting) if value is not None}
    # Each value of a minute fills two steps of half a minute, at its place in the hour.
    assert known == {60: 7.0, 61: 7.0, 80: 3.0, 81: 3.0}
    assert past.lanes["heavy"].waiting == ()
    assert set(past.lanes) == {"uploads", "bulk", "heavy"}


def test_elsewhere_the_past_comes_from_samples_at_their_places_on_the_axis(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = fresh_deployment(deployment, monkeypatch)
    local.__dict__["cloudwatch"] = None
    now = NOW - timedelta(minutes=70)
    history = History(local, lambda: now)
    history.look()
    now = NOW - timedelta(minutes=20)
    local.sqs.send_message(QueueUrl=deployment.settings.bulk_queue_url, MessageBody="x")
    history.look()
    now = NOW + timedelta(seconds=LATE)
    bulk = history.past(Range.HOUR).lanes["bulk"]
    assert [n for n, value in enumerate(bulk.waiting) if value is not None] == [80, 81]
    assert bulk.oldest == ()
    assert history.past(Range.HOUR).lanes["uploads"].workers == ()
    assert len(history.past(Range.DAY).lanes["bulk"].waiting) == 144


def test_finished_images_are_a_rate_per_second_in_each_step(deployment: Deployment) -> None:
    for seconds, ready in ((45, 30), (30, 60), (15, 15)):
        at = slot_of(NOW - timedelta(seconds=seconds))
        deployment.activity.count(Sample(at=at, lane=Lane.HEAVY, outcomes={"ready": ready}))
    history = History(deployment, lambda: NOW + timedelta(seconds=LATE))
    assert history.past(Range.QUARTER).lanes["heavy"].finished[-3:] == (2.0, 4.0, 1.0)
    assert history.past(Range.HOUR).lanes["heavy"].finished[-2:] == (1.0, 2.5)


def test_the_past_is_read_once_in_each_step(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    now = NOW
    history = History(deployment, lambda: now)
    first = history.past(Range.DAY)
    now = NOW + timedelta(seconds=3)
    assert history.past(Range.DAY) is first
    now = NOW + timedelta(seconds=700)
    assert history.past(Range.DAY) is not first


def test_a_refresh_is_a_few_kilobytes_at_any_load() -> None:
    axis = Axis.until(NOW, Range.DAY)
    full = Series(*[tuple(123.456 + n for n in range(axis.steps))] * 5)
    past = Past(axis, {"uploads": full, "bulk": full, "heavy": full})
    assert len(json.dumps(as_document(past))) < 20_000
    typical = Series(waiting=full.waiting, finished=full.finished)
    whole = json.dumps(as_document(Past(Axis.until(NOW, Range.HOUR), {"bulk": typical, "heavy": typical})))
    assert len(whole) < 10_000


def test_an_error_of_any_kind_ends_one_look_and_not_the_thread(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(deployment)
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            history.stop()
        # botocore raises this error if a container's credentials endpoint gives a wrong answer.
        raise KeyError("AccessKeyId")

    monkeypatch.setattr("pixelfleet.operations.monitoring_history.LOOK_EVERY", 0.0)
    monkeypatch.setattr(history, "look", look)
    history._look_on()
    assert looks == 3
