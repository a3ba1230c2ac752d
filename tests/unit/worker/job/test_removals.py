"""Removals: no job brings a deleted image back, and its results are invalidated in CloudFront."""

from dataclasses import replace
from typing import Any

import pytest

from pixelfleet.aws.cdn import Cdn
from pixelfleet.domain.jobs import JobKind, Lane, Origin
from pixelfleet.domain.records import Status
from pixelfleet.errors import TransientError
from pixelfleet.operations.invalidation import send_invalidations
from tests.clock import Clock
from tests.fakes.cloudfront import DURATION, FakeCloudFront
from tests.unit.worker.job.desk import KEY, Desk, Held
from tests.unit.worker.job.lives import S3_IS_DOWN
from worker.job.process import Processor


def test_a_redelivered_job_does_not_resurrect_an_image_removed_with_its_sequencer(desk: Desk) -> None:
    job = desk.put()
    desk.do(job)
    desk.delete()
    desk.deployment.images.remove(replace(job, kind=JobKind.REMOVE), "me", desk.image(job))
    for late in (job, job.asked_by(Origin.REDRIVE)):
        desk.do(late, hold=Held(receives=2))
    assert desk.image(job).status is Status.DELETED
    assert desk.results() == set()


def test_a_job_of_reconcile_does_not_resurrect_a_deleted_image(desk: Desk) -> None:
    job = desk.put()
    desk.do(job)
    desk.do(desk.delete())
    desk.do(replace(job, sequencer=None, origin=Origin.RECONCILE))
    assert desk.image(job).status is Status.DELETED


def test_a_job_of_reconcile_processes_the_present_object_of_the_key(desk: Desk) -> None:
    job = desk.put()
    desk.do(job)
    desk.do(desk.delete())
    present = desk.put((60, 50))
    desk.do(replace(job, sequencer=None, origin=Origin.RECONCILE))
    assert (desk.image(job).status, desk.image(job).version_id) == (Status.READY, present.version_id)


def test_an_image_whose_key_ends_in_a_slash_is_removed_with_the_key(desk: Desk) -> None:
    job = desk.put(key=f"{KEY}/")
    desk.do(job)
    desk.do(desk.delete(f"{KEY}/"))
    assert desk.image(job).status is Status.DELETED


def test_the_removal_of_a_folder_marker_leaves_no_record(desk: Desk) -> None:
    removal = desk.delete("uploads/me/b1/holiday/")
    desk.do(removal)
    assert desk.deployment.images.get(removal.image_id) is None


def test_a_removal_whose_attempt_failed_continues_at_the_next_delivery(desk: Desk, fails: Any) -> None:
    old = desk.put(sequencer="01")
    present = desk.put((88, 88), "02")
    removal = desk.delete(version=old.version_id, sequencer="09")
    fails(S3_IS_DOWN)
    with pytest.raises(TransientError):
        desk.do(removal)
    fails(None)
    desk.do(present)
    desk.do(removal, hold=Held(receives=2))
    assert (desk.image(present).status, desk.image(present).version_id) == (Status.READY, present.version_id)


def test_a_removal_of_an_old_version_leaves_the_present_version_to_its_own_job(desk: Desk, fails: Any) -> None:
    old = desk.put(sequencer="01")
    present = desk.put((88, 88), "02")
    fails(S3_IS_DOWN)
    with pytest.raises(TransientError):
        desk.do(present)
    fails(None)
    desk.do(desk.delete(version=old.version_id, sequencer="09"))
    desk.do(present, hold=Held(receives=2))
    assert desk.image(present).status is Status.READY


def test_a_late_event_of_a_deleted_key_that_ends_in_a_slash_leaves_no_image(desk: Desk) -> None:
    job = desk.put(key=f"{KEY}/")
    desk.do(desk.delete(f"{KEY}/"))
    desk.do(job)
    assert desk.image(job).status is Status.DELETED
    assert (desk.results(), desk.notices()) == (set(), [])


def test_a_removal_ends_while_cloudfront_refuses_and_its_invalidation_is_sent_later(desk: Desk) -> None:
    clock = Clock()
    cloudfront: Any = FakeCloudFront(clock, most_wildcards=0)
    vars(desk.deployment)["cdn"] = Cdn(cloudfront, "E1")
    try:
        job = desk.put()
        desk.do(job)
        done = desk.do(desk.delete())
        assert done is not None
        assert (done.status, done.superseded, desk.results()) == (Status.DELETED, (), set())
        assert not send_invalidations(desk.deployment)
        vars(desk.deployment)["cdn"] = Cdn(FakeCloudFront(clock), "E1")  # type: ignore[arg-type]
        assert send_invalidations(desk.deployment)
    finally:
        del vars(desk.deployment)["cdn"]


def test_results_that_a_slow_worker_stores_again_after_the_removal_are_invalidated_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    cloudfront: Any = FakeCloudFront(clock)
    vars(desk.deployment)["cdn"] = Cdn(cloudfront, "E1")
    job, quick, store = desk.put(), Processor(desk.deployment), desk.deployment.objects.store
    frozen: list[str] = []

    def store_after_a_long_time(path: Any, key: str, attributes: Any) -> str:
        if not frozen:
            frozen.append(key)
            quick.carry_out(job, Lane.BULK, Held())
            quick.carry_out(desk.delete(), Lane.BULK, Held())
            assert send_invalidations(desk.deployment)
            clock.now += 2 * DURATION
        return store(path, key, attributes)

    monkeypatch.setattr(desk.deployment.objects, "store", store_after_a_long_time)
    try:
        desk.do(job)
        image = desk.image(job)
        assert (image.status, image.superseded, desk.results()) == (Status.DELETED, (), set())
        assert send_invalidations(desk.deployment)
        assert cloudfront.forgotten_since(clock.now, f"/i/{image.owner}/{image.image_id}/r/thumb.webp")
    finally:
        del vars(desk.deployment)["cdn"]
