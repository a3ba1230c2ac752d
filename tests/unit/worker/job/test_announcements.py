"""Every outcome is announced, even if an answer is lost or a worker dies."""

from typing import Any

import pytest

from pixelfleet.catalog.images import Images
from pixelfleet.domain.jobs import Lane, Origin
from pixelfleet.domain.records import Image, NoticeKind, Status
from pixelfleet.errors import Cause, PermanentError, TransientError
from tests.unit.worker.job.desk import Desk, Held, raiser
from tests.unit.worker.job.lives import CATALOG, WorkerDies, again, dies_before_it_announces
from worker.job.process import Processor


def test_a_lost_answer_to_the_record_of_an_image_without_a_batch_loses_no_notice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_answers(monkeypatch, Status.READY)
    job = desk.put(key="plain.png")
    assert desk.do(job) == desk.image(job)
    assert (desk.image(job).status, desk.image(job).notice) == (Status.READY, None)
    assert desk.notices() == ["image.ready"]


def test_a_lost_answer_to_the_claim_costs_no_attempt(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.do(desk.put(key="plain.png"))
    lose_answers(monkeypatch, Status.PROCESSING)
    job = desk.put((60, 50), "06", key="plain.png")
    desk.do(job)
    assert (desk.image(job).status, desk.image(job).attempts) == (Status.READY, 1)


def test_the_second_delivery_announces_the_outcome_that_a_dead_worker_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = desk.put()
    desk.deployment.batches.create("me", "b1")
    desk.deployment.batches.seal("me", "b1", [job.image_id])
    other = Processor(desk.deployment)
    real = desk.deployment.images.record_ready

    def record_after_the_other(*arguments: Any, **options: Any) -> Any:
        monkeypatch.undo()
        with monkeypatch.context() as dying:
            dying.setattr(desk.deployment.notices, "image", raiser(WorkerDies()))
            with pytest.raises(WorkerDies):
                other.carry_out(job, Lane.BULK, Held(receives=2))
        return real(*arguments, **options)

    monkeypatch.setattr(desk.deployment.images, "record_ready", record_after_the_other)
    desk.do(job)
    assert desk.image(job).notice is None
    assert desk.notices() == ["image.ready", "batch.completed"]
    assert desk.results() == {variant.key for variant in desk.image(job).variants}


def test_an_outcome_is_announced_before_a_newer_version_replaces_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies_before_it_announces(desk, desk.put(), monkeypatch)
    desk.do(desk.put((60, 50), "06"))
    first, second = desk.documents()
    assert (first["kind"], second["kind"]) == ("image.ready", "image.ready")
    assert first["notice_id"] != second["notice_id"]


def test_an_outcome_is_announced_although_the_image_is_queued_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = desk.put()
    dies_before_it_announces(desk, job, monkeypatch)
    desk.do(again(desk, job, CATALOG))
    assert [(notice["kind"], notice["status"]) for notice in desk.documents()] == [("image.ready", "ready")] * 2


def test_a_late_publisher_does_not_clear_the_notice_of_a_later_outcome(desk: Desk, fails: Any) -> None:
    job = desk.put()
    fails(PermanentError(Cause.UNREADABLE, "damaged"))
    desk.do(job)
    first = desk.image(job).model_copy(update={"notice": NoticeKind.IMAGE_FAILED})
    with pytest.MonkeyPatch.context() as dying:
        dying.setattr(desk.deployment.notices, "image", raiser(WorkerDies()))
        with pytest.raises(WorkerDies):
            desk.do(job.asked_by(Origin.REDRIVE))
    desk.deployment.images.announced(first)
    assert desk.image(job).notice is NoticeKind.IMAGE_FAILED


def test_two_failures_have_two_notice_ids(desk: Desk, fails: Any) -> None:
    job = desk.put()
    for cause, origin in ((Cause.UNREADABLE, Origin.EVENT), (Cause.TOO_MANY_PIXELS, Origin.REDRIVE)):
        fails(PermanentError(cause, "it cannot be made"))
        desk.do(job.asked_by(origin))
    first, second = desk.documents()
    assert first["cause"] != second["cause"]
    assert first["notice_id"] != second["notice_id"]


def lose_answers(monkeypatch: pytest.MonkeyPatch, status: Status) -> None:
    """Make the client repeat the first write of a record in this status, as after a lost answer."""
    write = Images._write
    lost: list[Image] = []

    def lossy(self: Images, before: Image | None, after: Image) -> bool:
        written = write(self, before, after)
        if after.status is status and before is not None and not lost:
            lost.append(after)
            return write(self, before, after)
        return written

    monkeypatch.setattr(Images, "_write", lossy)


SNS_IS_DOWN = TransientError(Cause.UNAVAILABLE, "SNS is down")
