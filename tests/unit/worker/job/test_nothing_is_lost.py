"""Late, lost and repeated events, answers that do not come, workers that die: the record ends as the bucket says."""

from dataclasses import replace
from typing import Any

import pytest

from pixelfleet.aws.cdn import Cdn
from pixelfleet.catalog.images import Images
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.records import Image, NoticeKind, RecipeRef, Status
from pixelfleet.errors import Cause, PermanentError, TransientError
from pixelfleet.operations.invalidation import send_invalidations
from pixelfleet.recipes import builtin
from tests.clock import Clock
from tests.fakes.cloudfront import DURATION, FakeCloudFront
from tests.unit.worker.job.desk import KEY, Desk, Held, raiser
from worker.job.process import Processor

CATALOG = RecipeRef(name="catalog", digest=builtin("catalog").digest)
WEB = RecipeRef(name="web", digest=builtin("web").digest)
S3_IS_DOWN = TransientError(Cause.UNAVAILABLE, "S3 is down")
SNS_IS_DOWN = TransientError(Cause.UNAVAILABLE, "SNS is down")


class WorkerDies(BaseException):
    """In place of a SIGKILL."""


def again(desk: Desk, job: Job, recipe: RecipeRef | None = None) -> Job:
    """Somebody has the image processed again; returns the job that is queued."""
    marked = desk.deployment.images.queue_again(desk.image(job), "me", Origin.REPROCESS, recipe)
    assert isinstance(marked, Image)
    return marked.job(Origin.REPROCESS)


def dies_before_it_announces(desk: Desk, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(desk.deployment.notices, "image", raiser(WorkerDies()))
        with pytest.raises(WorkerDies):
            desk.do(job)


# The sequencer moves on with every event of the version that is settled.


def test_an_older_version_does_not_win_after_a_removal_event_made_the_newest(desk: Desk) -> None:
    desk.do(desk.put(sequencer="02"))
    removal = desk.delete(sequencer="05")
    a, b = desk.put((70, 70), "07"), desk.put((88, 88), "08")
    for job in (removal, b, a):
        desk.do(job)
    assert (desk.image(b).width, desk.image(b).version_id) == (88, b.version_id)


def test_the_same_bytes_again_in_a_bucket_without_versions_are_newer_than_what_lay_between(desk: Desk) -> None:
    desk.version_nothing()
    first = replace(desk.put(sequencer="01"), version_id=None)
    desk.do(first)
    between = replace(desk.put((88, 88), "02"), version_id=None)
    last = replace(desk.put(sequencer="03"), version_id=None)
    desk.do(last)
    desk.do(between)
    assert (desk.image(last).status, desk.image(last).etag) == (Status.READY, last.etag)


def test_the_same_bytes_uploaded_anew_after_a_failure_of_ours_are_tried_anew(desk: Desk, fails: Any) -> None:
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


# A ready image that is to be processed again and cannot be.


def test_processing_again_that_fails_for_good_leaves_the_image_ready(desk: Desk, fails: Any) -> None:
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


def test_workers_that_die_of_processing_again_leave_the_image_ready(desk: Desk, fails: Any) -> None:
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


def test_a_new_version_that_fails_is_failed_whatever_the_old_one_left(desk: Desk, fails: Any) -> None:
    desk.do(desk.put())
    newer = desk.put((60, 50), "06")
    fails(PermanentError(Cause.UNREADABLE, "it is damaged"))
    desk.do(newer)
    assert (desk.image(newer).status, desk.image(newer).cause) == (Status.FAILED, Cause.UNREADABLE)


# Nobody acknowledges a message while something is left to do for its image.


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


def lose_answers(monkeypatch: pytest.MonkeyPatch, status: Status) -> None:
    """The first write of a record in this status is made, and repeated by the client: its answer did not arrive."""
    write = Images._write
    lost: list[Image] = []

    def lossy(self: Images, before: Image | None, after: Image) -> bool:
        written = write(self, before, after)
        if after.status is status and before is not None and not lost:
            lost.append(after)
            return write(self, before, after)
        return written

    monkeypatch.setattr(Images, "_write", lossy)


def test_the_second_delivery_announces_what_the_first_recorded_before_it_died(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = desk.put()
    desk.deployment.batches.create("me", "b1")
    desk.deployment.batches.seal("me", "b1", [job.image_id])
    other = Processor(desk.deployment)
    real = desk.deployment.images.record_ready

    def record_after_the_other(*arguments: Any) -> Any:
        monkeypatch.undo()
        with monkeypatch.context() as dying:
            dying.setattr(desk.deployment.notices, "image", raiser(WorkerDies()))
            with pytest.raises(WorkerDies):
                other.carry_out(job, Lane.BULK, Held(receives=2))
        return real(*arguments)

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


def test_an_outcome_is_announced_though_the_image_is_to_be_processed_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = desk.put()
    dies_before_it_announces(desk, job, monkeypatch)
    desk.do(again(desk, job, CATALOG))
    assert [(notice["kind"], notice["status"]) for notice in desk.documents()] == [("image.ready", "ready")] * 2


def test_a_late_publisher_does_not_strike_off_a_later_outcome_of_the_same_work(desk: Desk, fails: Any) -> None:
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


# The version that a job names is gone.


def test_a_version_that_is_gone_gives_way_to_the_one_that_the_key_holds(desk: Desk) -> None:
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


def test_an_old_look_at_an_empty_key_does_not_remove_what_was_put_since(
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


# What a removal leaves alone, and what it does not.


def test_the_expiry_of_an_old_version_makes_nothing_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_redelivered_job_does_not_resurrect_an_image_removed_with_its_sequencer(desk: Desk) -> None:
    job = desk.put()
    desk.do(job)
    desk.delete()
    desk.deployment.images.remove(replace(job, kind=JobKind.REMOVE), "me", desk.image(job))
    for late in (job, job.asked_by(Origin.REDRIVE)):
        desk.do(late, hold=Held(receives=2))
    assert desk.image(job).status is Status.DELETED
    assert desk.results() == set()


def test_a_job_of_reconcile_does_not_resurrect_what_is_deleted_by_now(desk: Desk) -> None:
    job = desk.put()
    desk.do(job)
    desk.do(desk.delete())
    desk.do(replace(job, sequencer=None, origin=Origin.RECONCILE))
    assert desk.image(job).status is Status.DELETED


def test_a_job_of_reconcile_makes_what_the_key_holds_again(desk: Desk) -> None:
    job = desk.put()
    desk.do(job)
    desk.do(desk.delete())
    present = desk.put((60, 50))
    desk.do(replace(job, sequencer=None, origin=Origin.RECONCILE))
    assert (desk.image(job).status, desk.image(job).version_id) == (Status.READY, present.version_id)


def test_an_image_whose_key_ends_in_a_slash_is_removed_with_it(desk: Desk) -> None:
    job = desk.put(key=f"{KEY}/")
    desk.do(job)
    desk.do(desk.delete(f"{KEY}/"))
    assert desk.image(job).status is Status.DELETED


def test_the_removal_of_a_folder_marker_leaves_no_record(desk: Desk) -> None:
    removal = desk.delete("uploads/me/b1/holiday/")
    desk.do(removal)
    assert desk.deployment.images.get(removal.image_id) is None


def test_a_removal_whose_attempt_failed_goes_on_with_it_at_the_next_delivery(desk: Desk, fails: Any) -> None:
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


def test_a_removal_of_an_old_version_leaves_the_present_ones_attempt_to_its_own_job(desk: Desk, fails: Any) -> None:
    old = desk.put(sequencer="01")
    present = desk.put((88, 88), "02")
    fails(S3_IS_DOWN)
    with pytest.raises(TransientError):
        desk.do(present)
    fails(None)
    desk.do(desk.delete(version=old.version_id, sequencer="09"))
    desk.do(present, hold=Held(receives=2))
    assert desk.image(present).status is Status.READY


def test_a_late_event_of_a_folder_like_key_that_is_deleted_leaves_no_image(desk: Desk) -> None:
    job = desk.put(key=f"{KEY}/")
    desk.do(desk.delete(f"{KEY}/"))
    desk.do(job)
    assert desk.image(job).status is Status.DELETED
    assert (desk.results(), desk.notices()) == (set(), [])


# CloudFront has no say in whether a job is done.


def test_a_removal_is_done_while_cloudfront_refuses_and_its_edges_forget_it_later(desk: Desk) -> None:
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


def test_results_that_a_slow_worker_stores_once_more_after_the_removal_leave_the_edges_too(
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


# Results that are current again.


def test_a_slow_finisher_does_not_delete_results_that_are_current_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = desk.put()
    desk.do(job)
    slow, quick = desk.processor, Processor(desk.deployment)
    real = desk.deployment.objects.delete_results
    frozen: list[str] = []

    def delete_after_a_long_time(prefix: str) -> Any:
        if not frozen:
            frozen.append(prefix)
            quick.carry_out(again(desk, job, WEB), Lane.BULK, Held())
        return real(prefix)

    monkeypatch.setattr(desk.deployment.objects, "delete_results", delete_after_a_long_time)
    slow.carry_out(again(desk, job, CATALOG), Lane.BULK, Held())
    image = desk.image(job)
    assert (image.status, image.recipe) == (Status.READY, WEB)
    assert desk.results() == {variant.key for variant in image.variants}


def test_what_a_failed_attempt_stored_is_deleted_with_the_next_outcome(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = desk.fail_after_two(monkeypatch)
    done = desk.do(job.asked_by(Origin.REDRIVE))
    assert done is not None
    assert desk.results() == {variant.key for variant in done.variants}
    assert desk.image(job).superseded == ()


# Batches.


def test_a_late_event_of_bytes_that_a_seal_uncounted_counts_nothing(desk: Desk) -> None:
    """In a bucket without versions, an event does not say whether the bucket holds these bytes still, or again."""
    desk.version_nothing()
    first = desk.put((40, 30), sequencer="05")
    done = desk.do(first)
    assert done is not None
    again = replace(first, sequencer="06")
    second = desk.put((50, 30), sequencer="07")
    assert isinstance(desk.deployment.images.uncount(done, second.etag), Image)
    desk.do(again)
    assert desk.image(first).counted is None
    # Put once more: now the bucket holds them.
    desk.do(desk.put((40, 30), sequencer="08"))
    assert desk.image(first).counted == "ready"


# Releases.


def test_a_record_of_a_newer_release_is_left_to_its_workers(desk: Desk) -> None:
    job = desk.put()
    desk.do(job)
    key: Any = {"image_id": {"S": job.image_id}}
    desk.deployment.dynamodb.update_item(
        TableName=desk.settings.images_table,
        Key=key,
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": {"S": "resting"}},
    )
    with pytest.raises(TransientError, match="newer release"):
        desk.do(desk.put((60, 50), "06"))
    assert desk.image(job).status == "resting"
