"""Processing an image again: the image stays ready after a failure and after a death of the worker."""

from dataclasses import replace
from typing import Any

import pytest

from pixelfleet.domain.records import Status
from pixelfleet.errors import Cause, PermanentError, TransientError
from tests.unit.worker.job.desk import Desk, Held
from tests.unit.worker.job.lives import CATALOG, S3_IS_DOWN, WEB, WorkerDies, again


def test_the_same_bytes_uploaded_again_after_a_failure_of_ours_are_processed(desk: Desk, fails: Any) -> None:
    desk.version_nothing()
    first = replace(desk.put(sequencer="01"), version_id=None)
    fails(S3_IS_DOWN)
    for receives in range(1, 5):
        with pytest.raises(TransientError):
            desk.do(first, hold=Held(receives=receives))
    desk.do(first, hold=Held(receives=5))
    assert desk.image(first).status is Status.FAILED
    fails(None)
    desk.do(replace(desk.put(sequencer="02"), version_id=None))
    assert desk.image(first).status is Status.READY


def test_processing_again_that_fails_permanently_leaves_the_image_ready(desk: Desk, fails: Any) -> None:
    job = desk.put()
    before = desk.do(job)
    assert before is not None
    queued = again(desk, job, CATALOG)
    fails(PermanentError(Cause.TOO_MANY_PIXELS, "a limit was lowered"))
    desk.do(queued)
    after = desk.image(job)
    assert (after.status, after.variants, after.recipe, after.counted) == (Status.READY, before.variants, WEB, "ready")
    assert desk.results() == {variant.key for variant in before.variants}
    line = after.attempt_log[-1]
    assert (line.what, line.cause) == ("processing again failed", Cause.TOO_MANY_PIXELS)
    first, second = desk.documents()
    assert (first["kind"], second["kind"]) == ("image.ready", "image.reprocessing_failed")
    assert (second["cause"], second["status"]) == ("too_many_pixels", "ready")
    assert first["notice_id"] != second["notice_id"]
    desk.do(queued, hold=Held(receives=2))
    assert desk.image(job) == after


def test_processing_again_during_an_outage_leaves_the_image_ready(desk: Desk, fails: Any) -> None:
    job = desk.put()
    before = desk.do(job)
    assert before is not None
    queued = again(desk, job)
    fails(S3_IS_DOWN)
    for receives in range(1, 5):
        with pytest.raises(TransientError):
            desk.do(queued, hold=Held(receives=receives))
    desk.do(queued, hold=Held(receives=5))
    after = desk.image(job)
    assert (after.status, after.cause, after.variants) == (Status.READY, None, before.variants)
    assert desk.bodies(desk.settings.bulk_dlq_url) == []
    assert desk.notices() == ["image.ready", "image.reprocessing_failed"]


def test_workers_that_die_while_processing_again_leave_the_image_ready(desk: Desk, fails: Any) -> None:
    job = desk.put()
    desk.do(job)
    queued = again(desk, job)
    fails(WorkerDies())
    for receives in range(1, 6):
        with pytest.raises(WorkerDies):
            desk.do(queued, hold=Held(receives=receives))
    desk.do(queued, hold=Held(receives=6))
    assert desk.image(job).status is Status.READY
    assert desk.image(job).attempt_log[-1].cause is Cause.CRASHED


def test_a_new_version_that_fails_makes_a_ready_image_failed(desk: Desk, fails: Any) -> None:
    desk.do(desk.put())
    newer = desk.put((60, 50), "06")
    fails(PermanentError(Cause.UNREADABLE, "it is damaged"))
    desk.do(newer)
    assert (desk.image(newer).status, desk.image(newer).cause) == (Status.FAILED, Cause.UNREADABLE)
