"""Spontaneous actions of the simulated services."""

from collections.abc import Iterator

import pytest

from tests.fakes.sqs_queue import State
from tests.simulation.environment import Environment


@pytest.fixture
def environment() -> Iterator[Environment]:
    environment = Environment(0)
    yield environment
    environment.close()


def put(environment: Environment) -> int:
    """Put an object. Returns the number of events that S3 sends."""
    bucket = environment.settings.uploads_bucket
    environment.cloud.s3.put_object(Bucket=bucket, Key="a.jpg", Body=b"a")
    environment.scheduler.run(lambda: False, 1_000)
    queue = environment.cloud.sqs.at_url(environment.settings.uploads_queue_url)
    return queue.counts[State.VISIBLE]


def test_an_event_that_s3_loses_is_never_sent(environment: Environment) -> None:
    environment.cloud.share_lost = 1.0
    assert put(environment) == 0
    assert environment.cloud.events_lost == 1


def test_no_event_is_lost_once_the_faults_stop(environment: Environment) -> None:
    environment.cloud.share_lost = 1.0
    environment.cloud.events_wander = False
    assert put(environment) == 1
    assert environment.cloud.events_lost == 0
