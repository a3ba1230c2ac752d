"""The reconcile that `pixelfleet up` runs by itself: at the start, every hour, and again soon after a failure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import image_id
from pixelfleet.errors import Cause, TransientError
from pixelfleet.localcloud.hourly import AGAIN, EVERY, HourlyReconcile
from pixelfleet.operations.reconcile.run import reconcile
from tests.fakes.deployment import enter, fresh_deployment, moto_deployment
from tests.fakes.records import key_of

KEY = key_of("me", "b1", "a.png")


class Waits:
    """Replaces the event that ends the thread: records the length of each wait and is set after `most` waits."""

    def __init__(self, most: int) -> None:
        self.seconds: list[float] = []
        self._most = most

    def is_set(self) -> bool:
        return len(self.seconds) >= self._most

    def wait(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Deployment]:
    with moto_deployment(quick_tables=True) as composed:
        yield composed


@pytest.fixture
def deployment(cloud: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> Deployment:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    enter(monkeypatch)
    return fresh_deployment(cloud, monkeypatch)


def test_an_object_without_an_event_is_queued(deployment: Deployment) -> None:
    deployment.s3.put_object(Bucket=deployment.settings.uploads_bucket, Key=KEY, Body=b"x")
    said: list[str] = []
    now = datetime.now(UTC) + timedelta(hours=2)
    work = HourlyReconcile(deployment.settings, said.append, lambda: now)
    assert work.once()
    [message] = deployment.sqs.receive_message(QueueUrl=deployment.settings.bulk_queue_url)["Messages"]
    assert KEY in message["Body"]
    assert said == ["the hourly reconcile sent jobs: 1 for objects that were missing, changed or stuck"]
    assert deployment.images.get(image_id(deployment.settings.uploads_bucket, KEY)) is None


def test_a_reconcile_with_nothing_to_do_is_silent(deployment: Deployment) -> None:
    said: list[str] = []
    assert HourlyReconcile(deployment.settings, said.append).once()
    assert said == []


def test_the_reconcile_runs_at_the_start_and_every_hour_and_sooner_after_a_failure(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    work = HourlyReconcile(deployment.settings, said.append)
    waits = Waits(3)
    monkeypatch.setattr(work, "_stop", waits)
    outcomes = iter([True, False, True])
    monkeypatch.setattr(work, "once", lambda: next(outcomes))
    work.run()
    assert waits.seconds == [EVERY, AGAIN, EVERY]


def test_a_failure_is_reported_and_sweeps_are_daily(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    now = datetime(2026, 11, 26, 10, tzinfo=UTC)
    orders: list[bool] = []
    real = reconcile

    def watched(*arguments: object) -> object:
        orders.append(arguments[1].sweep)  # type: ignore[attr-defined]
        if len(orders) == 1:
            raise TransientError(Cause.UNAVAILABLE, "S3 is down")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("pixelfleet.localcloud.hourly.reconcile", watched)
    work = HourlyReconcile(deployment.settings, said.append, lambda: now)
    assert not work.once()
    assert said == ["the hourly reconcile failed, and is tried again in a minute: S3 is down"]
    assert work.once()
    now += timedelta(hours=1)
    work.once()
    now += timedelta(days=1)
    work.once()
    # The clock is set back by a day.
    now -= timedelta(days=1)
    work.once()
    assert orders == [True, True, False, True, True]


def test_an_error_of_any_kind_ends_only_the_reconcile_that_raised_it(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> object:
        raise OSError(28, "No space left on device", "reconcile.json")

    said: list[str] = []
    monkeypatch.setattr("pixelfleet.localcloud.hourly.reconcile", full_disk)
    assert not HourlyReconcile(deployment.settings, said.append).once()
    [message] = said
    assert "is tried again in a minute: OSError: [Errno 28] No space left on device" in message
