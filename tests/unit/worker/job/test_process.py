"""The decisions of the worker about one job, on moto in the process of the test: rows of the failure table."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin, decode_message
from pixelfleet.domain.records import Counts, NoticeKind, RecipeRef, Status
from pixelfleet.errors import Cause, LeaseLostError, PermanentError, TransientError
from pixelfleet.images.pipeline import render
from pixelfleet.recipes import builtin
from pixelfleet.settings import Settings
from tests.unit.worker.job.desk import KEY, Desk, Held, raiser
from worker.job.process import Processor
from worker.job.time_limit import TimeLimit


def attempts(desk: Desk, job: Job, number: int) -> None:
    for _ in range(number):
        with pytest.raises(TransientError):
            desk.do(job)


def test_a_job_leaves_variants_a_record_and_one_notice(desk: Desk) -> None:
    job = desk.put()
    done = desk.do(job)
    assert done == desk.image(job)
    assert (done.status, done.notice, done.counted) == (Status.READY, None, "ready")
    assert desk.results() == {variant.key for variant in done.variants}
    assert desk.notices() == ["image.ready"]


def test_a_transient_failure_is_raised_and_its_cause_kept(desk: Desk, fails: Any) -> None:
    job = desk.put()
    fails(TransientError(Cause.UNAVAILABLE, "S3 did not answer"))
    attempts(desk, job, 1)
    image = desk.image(job)
    assert (image.status, image.cause, image.attempts) == (Status.PROCESSING, Cause.UNAVAILABLE, 1)
    assert desk.notices() == []


def test_the_last_attempt_records_buries_and_announces_the_failure(desk: Desk, fails: Any) -> None:
    job = desk.put()
    fails(TransientError(Cause.UNAVAILABLE, "S3 did not answer"))
    attempts(desk, job, 4)
    desk.do(job)
    image = desk.image(job)
    assert (image.status, image.cause, image.attempts) == (Status.FAILED, Cause.UNAVAILABLE, 5)
    [message] = desk.bodies(desk.settings.bulk_dlq_url)
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes == {"cause": "unavailable", "image_id": image.image_id, "owner": "me", "batch": "b1"}
    assert decode_message(message["Body"]) == image.job(Origin.REDRIVE)
    assert desk.notices() == ["image.failed"]


def test_attempts_whose_process_died_silently_end_as_crashed(desk: Desk, fails: Any) -> None:
    job = desk.put()
    fails(KeyboardInterrupt())
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            desk.do(job)
    desk.do(job)
    image = desk.image(job)
    assert (image.status, image.cause) == (Status.FAILED, Cause.CRASHED)
    assert len(desk.bodies(desk.settings.bulk_dlq_url)) == 1


def test_a_redelivery_after_giving_up_repeats_nothing(desk: Desk, fails: Any) -> None:
    job = desk.put()
    fails(TransientError(Cause.UNAVAILABLE, "S3 did not answer"))
    attempts(desk, job, 4)
    desk.do(job)
    fails(None)
    desk.do(job)
    assert desk.image(job).status is Status.FAILED
    assert len(desk.bodies(desk.settings.bulk_dlq_url)) == 1
    assert desk.notices() == ["image.failed"]


def test_a_redelivery_sends_the_dead_letter_that_a_dead_worker_did_not_send(
    desk: Desk, fails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = desk.put()
    fails(TransientError(Cause.UNAVAILABLE, "S3 did not answer"))
    attempts(desk, job, 4)
    with monkeypatch.context() as dying:
        dying.setattr(desk.deployment.queues, "bury", raiser(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            desk.do(job)
    desk.do(job)
    assert len(desk.bodies(desk.settings.bulk_dlq_url)) == 1
    assert desk.notices() == ["image.failed"]


def test_a_dead_letter_that_is_moved_back_by_any_tool_starts_the_image_anew(desk: Desk, fails: Any) -> None:
    job = desk.put()
    fails(TransientError(Cause.UNAVAILABLE, "S3 did not answer"))
    attempts(desk, job, 4)
    desk.do(job)
    fails(None)
    [message] = desk.bodies(desk.settings.bulk_dlq_url)
    desk.do(decode_message(message["Body"]))
    assert desk.image(job).status is Status.READY


@pytest.mark.parametrize("error", [MemoryError(), SoftTimeLimitExceeded()])
def test_a_job_out_of_memory_or_time_in_bulk_goes_to_heavy(desk: Desk, fails: Any, error: Exception) -> None:
    job = desk.put()
    fails(error)
    desk.do(job)
    [message] = desk.bodies(desk.settings.heavy_queue_url)
    assert decode_message(message["Body"]) == job.asked_by(Origin.LANE)
    fails(None)
    desk.do(decode_message(message["Body"]), Lane.HEAVY)
    image = desk.image(job)
    assert (image.status, image.attempts, image.lane) == (Status.READY, 1, Lane.HEAVY)


def test_a_time_limit_that_c_code_swallowed_is_still_the_reason(desk: Desk) -> None:
    limit = TimeLimit()

    def swallowing(*_: Any) -> Any:
        with suppress(SoftTimeLimitExceeded):
            limit.on_signal()
        raise PermanentError(Cause.UNREADABLE, "killed")

    desk.render_by(swallowing, limit)
    job = desk.put()
    desk.do(job)
    assert desk.image(job).cause is Cause.TIME_LIMIT
    [message] = desk.bodies(desk.settings.heavy_queue_url)
    assert decode_message(message["Body"]) == job.asked_by(Origin.LANE)


def test_a_lost_lease_stays_lost_after_the_time_limit(desk: Desk) -> None:
    limit = TimeLimit()
    desk.processor = Processor(desk.deployment, limit)
    with suppress(SoftTimeLimitExceeded):
        limit.on_signal()
    with pytest.raises(LeaseLostError):
        desk.do(desk.put(), hold=Held(lost=True))
    assert not desk.bodies(desk.settings.heavy_queue_url)


@pytest.mark.parametrize("error", [MemoryError(), SoftTimeLimitExceeded(), AttributeError("a bug of ours")])
def test_heavy_retries_every_transient_failure(desk: Desk, fails: Any, error: Exception) -> None:
    job = desk.put()
    fails(error)
    with pytest.raises(type(error)):
        desk.do(job, Lane.HEAVY)
    assert desk.image(job).status is Status.PROCESSING


def test_a_clean_end_of_the_process_returns_the_attempt(desk: Desk, fails: Any) -> None:
    job = desk.put()
    fails(SystemExit(0))
    with pytest.raises(SystemExit):
        desk.do(job)
    assert desk.image(job).attempts == 0


def test_a_lost_lease_stops_the_job_before_it_writes(desk: Desk) -> None:
    job = desk.put()
    with pytest.raises(LeaseLostError):
        desk.do(job, hold=Held(lost=True))
    assert desk.results() == set()
    assert desk.image(job).status is Status.PROCESSING


def test_a_permanent_failure_is_recorded_and_announced_without_a_dead_letter(desk: Desk) -> None:
    job = desk.put()
    answer = desk.deployment.s3.put_object(Bucket=desk.settings.uploads_bucket, Key=KEY, Body=b"not an image")
    newer = replace(job, version_id=answer["VersionId"], sequencer="06")
    desk.do(newer)
    image = desk.image(newer)
    assert (image.status, image.cause, image.counted) == (Status.FAILED, Cause.NOT_AN_IMAGE, "failed:not_an_image")
    assert desk.notices() == ["image.failed"]
    assert desk.bodies(desk.settings.bulk_dlq_url) == []


def test_a_redelivery_sends_the_notice_that_a_dead_worker_left(desk: Desk) -> None:
    job = desk.put()
    done = desk.do(job)
    assert done is not None
    pending = done.model_copy(update={"notice": NoticeKind.IMAGE_READY, "version": done.version + 1})
    assert desk.deployment.images._write(done, pending)
    desk.notices()
    desk.do(job)
    assert desk.notices() == ["image.ready"]
    assert desk.image(job).notice is None


def test_a_redelivery_announces_a_batch_that_a_dead_worker_completed(desk: Desk) -> None:
    desk.deployment.batches.create("me", "b1")
    job = desk.put()
    desk.deployment.batches.seal("me", "b1", [job.image_id])
    desk.do(job)
    assert desk.notices() == ["image.ready", "batch.completed"]
    desk.deployment.dynamodb.update_item(
        TableName=desk.settings.batches_table,
        Key={"batch_id": {"S": "me/b1"}},
        UpdateExpression="SET notice = :notice, completed_at = :earlier",
        # A message comes back when its visibility runs out. The other worker had that time to announce the batch.
        ExpressionAttributeValues={":notice": {"S": "batch.completed"}, ":earlier": {"S": "2026-11-20T12:00:00.000Z"}},
    )
    desk.do(job)
    assert desk.notices() == ["batch.completed"]


def test_an_overtaken_attempt_deletes_its_results(desk: Desk) -> None:
    old = desk.put()
    overtaken = desk.put(sequencer="06")

    def render_while_a_newer_version_comes(*arguments: Any) -> Any:
        rendition = render(*arguments)
        desk.render_by(render)
        desk.do(overtaken)
        return rendition

    desk.render_by(render_while_a_newer_version_comes)
    assert desk.do(old) is None
    image = desk.image(overtaken)
    assert image.source_version == overtaken.version_id
    assert desk.results() == {variant.key for variant in image.variants}


def test_a_new_version_deletes_the_results_of_the_old_version(desk: Desk) -> None:
    desk.do(desk.put((40, 30)))
    newer = desk.put((60, 50), sequencer="06")
    done = desk.do(newer)
    assert done is not None
    assert (done.width, done.superseded) == (60, ())
    assert desk.results() == {variant.key for variant in done.variants}
    assert desk.deployment.batches.counts("me", "b1") == Counts(ready=1)


def test_a_removal_deletes_all_results_and_marks_the_record_as_deleted(desk: Desk) -> None:
    job = desk.put()
    desk.do(job)
    desk.deployment.s3.delete_object(Bucket=desk.settings.uploads_bucket, Key=KEY)
    desk.do(Job(JobKind.REMOVE, job.bucket, KEY, sequencer="07"))
    assert desk.results() == set()
    assert desk.image(job).status is Status.DELETED


def test_a_removal_of_an_old_version_keeps_the_present_version(desk: Desk) -> None:
    job = desk.put()
    done = desk.do(job)
    desk.do(Job(JobKind.REMOVE, job.bucket, KEY, version_id="older", sequencer="07"))
    after = desk.image(job)
    assert after.status is Status.READY
    assert done is not None
    assert after.variants == done.variants


def test_a_removal_event_processes_an_unknown_version_of_its_key(desk: Desk) -> None:
    job = desk.put()
    desk.do(Job(JobKind.REMOVE, job.bucket, KEY, sequencer="07"))
    assert desk.image(job).status is Status.READY


def test_an_image_with_too_many_pixels_for_bulk_is_passed_on_without_an_attempt(desk: Desk) -> None:
    narrow = Settings(account_id="123456789012", bulk_max_pixels=1000)
    deployment = Deployment(narrow)
    deployment.__dict__.update({name: value for name, value in desk.deployment.__dict__.items() if name != "settings"})
    job = desk.put((40, 30))
    assert Processor(deployment).carry_out(job, Lane.BULK, Held()) is None
    [message] = desk.bodies(desk.settings.heavy_queue_url)
    assert decode_message(message["Body"]).origin is Origin.LANE
    assert desk.image(job).attempts == 0


def test_a_new_version_is_made_by_the_chosen_recipe_of_the_image(desk: Desk) -> None:
    done = desk.do(desk.put((40, 30)))
    assert done is not None
    chosen = RecipeRef(name="catalog", digest=builtin("catalog").digest)
    desk.deployment.images.queue_again(done, "me", Origin.REPROCESS, chosen)
    newer = desk.do(desk.put((60, 50), sequencer="06"))
    assert newer is not None
    assert newer.recipe == chosen
