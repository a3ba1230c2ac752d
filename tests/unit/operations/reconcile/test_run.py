"""A whole reconcile is noted in the activity, with its numbers and its outcome."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from pixelfleet.aws.source_buckets import SourceBuckets
from pixelfleet.errors import Cause, SetupError, TransientError
from pixelfleet.operations.reconcile.run import Listener, ReconcileOrder, reconcile
from tests.fakes.records import key_of
from tests.fakes.s3 import FakeS3
from tests.unit.operations.fakes import fake_deployment

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> Any:
    """A deployment with one object that has no record."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    composed = fake_deployment()
    composed.metrics = composed.cdn = composed.invalidations = None
    composed.bucket.objects[key_of("me", "b1", "a.png")] = "e1"
    return composed


def order(*, dry_run: bool = False) -> ReconcileOrder:
    return ReconcileOrder("anna", older_than=timedelta(), dry_run=dry_run)


def fail(_: str) -> None:
    raise TransientError(Cause.THROTTLED, "SQS does not answer")


def interrupt(_: str) -> None:
    raise KeyboardInterrupt


def test_a_reconcile_is_noted_with_its_numbers_and_outcome(deployment: Any) -> None:
    reconcile(deployment, order(), LATER)

    [action] = deployment.activity.actions()
    assert (action.who, action.what, action.on) == ("anna", "reconcile", "everything")
    assert action.details == {"missing": 1, "sent": 1, "outcome": "done"}


@pytest.mark.parametrize(("progress", "outcome"), [(fail, "failed"), (interrupt, "interrupted")])
def test_a_reconcile_that_does_not_finish_is_noted_with_the_numbers_so_far(
    deployment: Any, progress: Any, outcome: str
) -> None:
    with pytest.raises((TransientError, KeyboardInterrupt)):
        reconcile(deployment, order(), LATER, Listener(progress=progress))

    [action] = deployment.activity.actions()
    assert action.details == {"missing": 1, "sent": 1, "outcome": outcome}


def test_a_reconcile_that_another_deployment_began_is_not_continued(deployment: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        reconcile(deployment, order(), LATER, Listener(progress=interrupt))
    deployment.settings = deployment.settings.model_copy(update={"images_table": "other-images"})
    reconcile(deployment, order(), LATER)

    assert len(deployment.queues.sent) == 2


def test_a_dry_run_is_not_noted(deployment: Any) -> None:
    assert reconcile(deployment, order(dry_run=True), LATER).result.to_queue == 1
    assert list(deployment.activity.actions()) == []


def test_the_listing_of_an_adopted_bucket_is_compared_by_the_routes_of_that_bucket(deployment: Any) -> None:
    deployment.bucket.objects = {"scans/a.png": "e1"}
    deployment.source_buckets = SimpleNamespace(check_readable=lambda *_: None)
    reconcile(deployment, replace(order(), bucket="masters"), LATER)

    [(_, job)] = deployment.queues.sent
    assert (job.bucket, job.key) == ("masters", "scans/a.png")


def test_a_bucket_that_cannot_be_listed_is_an_error_that_says_what_to_do(deployment: Any) -> None:
    client: Any = FakeS3()
    deployment.source_buckets = SourceBuckets(client)
    with pytest.raises(SetupError, match="there is no bucket masters: compare the name"):
        reconcile(deployment, replace(order(), bucket="masters"), LATER)


def test_the_bucket_of_results_is_never_reconciled(deployment: Any) -> None:
    with pytest.raises(SetupError, match="bucket of results"):
        reconcile(deployment, replace(order(), bucket=deployment.settings.results_bucket), LATER)
    assert deployment.queues.sent == []
