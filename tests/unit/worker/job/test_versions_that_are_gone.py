"""The version of a job is gone from the bucket: expired, replaced or deleted."""

from dataclasses import replace
from typing import Any

import pytest

from pixelfleet.domain.records import Status
from pixelfleet.errors import TransientError
from tests.unit.worker.job.desk import Desk, Held
from tests.unit.worker.job.lives import CATALOG, S3_IS_DOWN, again


def test_the_present_version_of_the_key_replaces_a_version_that_is_gone(desk: Desk) -> None:
    first = desk.put(sequencer="01")
    desk.do(first)
    second = desk.put(sequencer="02")
    queued = again(desk, first, CATALOG)
    desk.delete(version=first.version_id)
    done = desk.do(queued)
    assert done is not None
    assert (done.status, done.version_id, done.recipe) == (Status.READY, second.version_id, CATALOG)


def test_a_version_that_is_gone_with_its_key_is_removed(desk: Desk) -> None:
    job = desk.put()
    desk.do(job)
    queued = again(desk, job, CATALOG)
    desk.delete(version=job.version_id)
    desk.do(queued)
    assert desk.image(job).status is Status.DELETED
    assert desk.results() == set()


def test_an_old_look_at_an_empty_key_does_not_remove_a_newer_object(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = desk.put()
    desk.do(first)
    job = replace(again(desk, first), sequencer=None)
    desk.delete(version=first.version_id)
    look = desk.deployment.objects.head

    def look_and_freeze(*key: str) -> Any:
        current = look(*key)
        monkeypatch.setattr(desk.deployment.objects, "head", look)
        desk.do(desk.put((50, 30), sequencer="09"))
        return current

    monkeypatch.setattr(desk.deployment.objects, "head", look_and_freeze)
    desk.do(job)
    assert desk.image(first).status is Status.READY


def test_a_key_that_is_replaced_at_each_look_makes_the_message_wait(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.version_nothing()
    job = replace(desk.put(), version_id=None)
    real, sizes = desk.deployment.objects.fetch, iter(range(50, 500))

    def fetch_too_late(*arguments: Any) -> Any:
        desk.put((next(sizes), 30))
        return real(*arguments)

    monkeypatch.setattr(desk.deployment.objects, "fetch", fetch_too_late)
    with pytest.raises(TransientError, match="replaced while it was read"):
        desk.do(job)
    monkeypatch.undo()
    done = desk.do(job, hold=Held(receives=2))
    assert done is not None
    assert done.status is Status.READY


def test_the_expiry_of_an_old_version_processes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    old = desk.put(sequencer="01")
    present = desk.put((88, 88), "02")
    desk.do(present)
    before = desk.image(present)
    monkeypatch.setattr("worker.job.revision.ENGINE_VERSION", "of the next release")
    desk.do(desk.delete(version=old.version_id, sequencer="09"))
    after = desk.image(present)
    assert (after.revision, after.variants, after.attempts) == (before.revision, before.variants, before.attempts)
    assert after.sequencer > before.sequencer


def test_the_expiry_of_an_old_version_leaves_no_second_dead_letter(desk: Desk, fails: Any) -> None:
    old = desk.put(sequencer="01")
    present = desk.put((88, 88), "02")
    fails(S3_IS_DOWN)
    for receives in range(1, 5):
        with pytest.raises(TransientError):
            desk.do(present, hold=Held(receives=receives))
    desk.do(present, hold=Held(receives=5))
    desk.do(desk.delete(version=old.version_id, sequencer="09"))
    assert len(desk.bodies(desk.settings.bulk_dlq_url)) == 1
    assert desk.image(present).status is Status.FAILED
