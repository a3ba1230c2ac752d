"""A sweep deletes results that no record names, and those that the attempts at a failed image stored."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pixelfleet.domain.jobs import decode_message
from pixelfleet.domain.records import Status
from pixelfleet.errors import Cause, PermanentError
from pixelfleet.operations.reconcile.sweep import Sweep
from tests.unit.worker.job.desk import Desk

LATER = datetime.now(UTC) + timedelta(hours=1)


def fail_after_two(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An image whose attempt stored two variants, and failed."""
    job = desk.put()
    store = desk.deployment.objects.store
    stored: list[str] = []

    def store_two(path: Any, key: str, attributes: Any) -> str:
        if len(stored) == 2:
            raise PermanentError(Cause.RECIPE_UNFIT, "the third cannot be made")
        stored.append(key)
        return store(path, key, attributes)

    with monkeypatch.context() as patch:
        patch.setattr(desk.deployment.objects, "store", store_two)
        desk.do(job)
    assert len(desk.results()) == 2
    return job


def test_what_the_attempts_at_a_failed_image_stored_is_deleted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    job = fail_after_two(desk, monkeypatch)
    swept = Sweep(desk.deployment, LATER, dry_run=False).run(lambda _: None)
    assert (swept.orphaned, desk.results()) == (1, set())
    assert desk.image(job).status is Status.FAILED
    assert desk.image(job).superseded == ()


def test_a_dry_run_and_a_sweep_of_what_is_old_leave_them(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_after_two(desk, monkeypatch)
    assert Sweep(desk.deployment, LATER, dry_run=True).run(lambda _: None).orphaned == 1
    assert Sweep(desk.deployment, LATER - timedelta(hours=2), dry_run=False).run(lambda _: None).orphaned == 0
    assert len(desk.results()) == 2


def test_the_results_of_a_ready_image_stay(desk: Desk) -> None:
    done = desk.do(desk.put())
    assert done is not None
    Sweep(desk.deployment, LATER, dry_run=False).run(lambda _: None)
    assert desk.results() == {variant.key for variant in done.variants}


def test_a_removal_that_a_sweep_sends_is_as_old_as_the_record(desk: Desk) -> None:
    done = desk.do(desk.put())
    assert done is not None
    desk.delete(version=done.version_id)
    Sweep(desk.deployment, LATER, dry_run=False).run(lambda _: None)
    [message] = desk.bodies(desk.settings.bulk_queue_url)
    assert decode_message(message["Body"]).sequencer == done.sequencer
