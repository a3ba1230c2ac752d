"""A worker processes images of a bucket that existed before the deployment, and archived objects."""

import io
from contextlib import suppress
from dataclasses import replace

import pytest
from PIL import Image as Pillow

from pixelfleet.aws.object_bytes import ObjectBytes
from pixelfleet.domain.adoption import adopted_image
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.keys import Place
from pixelfleet.domain.records import Status
from pixelfleet.errors import Cause, TransientError
from pixelfleet.operations.removal import delete_image
from tests.fakes.errors import aws_error
from tests.unit.worker.job.desk import Desk, Held, raiser
from worker.job.process import Processor

BUCKET = "masters"
KEY = "scans/cat.png"


def put(desk: Desk, storage_class: str = "STANDARD") -> Job:
    """Put a picture into the adopted bucket, with the record of its adoption; returns the job."""
    file = io.BytesIO()
    Pillow.new("RGB", (40, 30), "teal").save(file, "PNG")
    s3 = desk.deployment.s3
    s3.create_bucket(Bucket=BUCKET)
    answer = s3.put_object(Bucket=BUCKET, Key=KEY, Body=file.getvalue(), StorageClass=storage_class)  # type: ignore[arg-type]
    job = Job(JobKind.PROCESS, BUCKET, KEY, None, answer["ETag"].strip('"'), "0", 100, Origin.ADOPT)
    place = Place("museum", "masters", KEY)
    desk.deployment.batches.create("museum", "masters", source=f"s3://{BUCKET}/")
    desk.deployment.images.add(adopted_image(job, place, Lane.BULK, "2026-11-20T10:00:00.000Z", "anna"))
    return job


def test_an_adopted_image_has_the_owner_and_the_batch_of_its_adoption(desk: Desk) -> None:
    done = desk.do(put(desk))
    assert done is not None
    assert (done.status, done.owner, done.batch, done.path) == (Status.READY, "museum", "masters", KEY)
    assert all(key.startswith(f"museum/{done.image_id}/") for key in desk.results())


def test_a_job_that_comes_after_a_newer_event_changes_nothing(desk: Desk) -> None:
    job = put(desk)
    newer = replace(job, sequencer="05", origin=Origin.EVENT)
    desk.do(newer)
    before = desk.image(job)
    desk.do(job)
    assert desk.image(job) == before


def test_the_original_in_an_adopted_bucket_gets_no_tags(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = desk.settings.model_copy(update={"tag_originals": True})
    monkeypatch.setitem(desk.deployment.__dict__, "settings", settings)
    Processor(desk.deployment).carry_out(put(desk), Lane.BULK, Held())
    assert desk.deployment.s3.get_object_tagging(Bucket=BUCKET, Key=KEY)["TagSet"] == []


def test_a_removed_image_of_an_adopted_bucket_loses_its_results_and_does_not_come_back(desk: Desk) -> None:
    done = desk.do(put(desk))
    assert done is not None
    delete_image(desk.deployment, done, "anna")
    removal = Job(JobKind.REMOVE, BUCKET, KEY, sequencer=desk.image(Job(JobKind.PROCESS, BUCKET, KEY)).sequencer)
    desk.do(removal)
    assert not desk.results()
    assert desk.image(removal).status is Status.DELETED
    assert desk.deployment.objects.head(BUCKET, KEY) is not None


def test_an_archived_object_fails_with_its_own_cause_at_the_first_attempt(desk: Desk) -> None:
    done = desk.do(put(desk, "GLACIER"))
    assert done is not None
    assert (done.status, done.cause, done.attempts) == (Status.FAILED, Cause.ARCHIVED, 1)
    assert "restore" in (done.message or "")
    assert desk.bodies(desk.settings.bulk_dlq_url) == []


def test_a_bucket_that_the_workers_may_not_read_is_named_with_what_to_do(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = put(desk)
    monkeypatch.setattr(ObjectBytes, "get", raiser(aws_error("AccessDenied", 403, "GetObject")))
    for _ in range(desk.settings.max_attempts):
        with suppress(TransientError):
            desk.do(job)
    failed = desk.image(job)
    assert (failed.status, failed.cause) == (Status.FAILED, Cause.INTERNAL)
    assert "the workers may not read masters: add it to the Terraform variable source_buckets" in (failed.message or "")


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        ("ExpiredToken", 400, "The provided token has expired"),
        ("AccessDenied", 403, "User: w is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:r:1:key/k"),
    ],
)
def test_only_a_missing_right_on_the_bucket_itself_gets_the_advice_to_add_the_bucket(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, code: str, status: int, message: str
) -> None:
    job = put(desk)
    monkeypatch.setattr(ObjectBytes, "get", raiser(aws_error(code, status, "GetObject", message)))
    with pytest.raises(TransientError) as caught:
        desk.do(job)
    assert message in caught.value.message
    assert "source_buckets" not in caught.value.message


def test_the_event_of_a_restore_processes_an_image_that_failed_as_archived(desk: Desk) -> None:
    job = put(desk, "GLACIER")
    desk.do(job)
    request = {"Days": 1, "GlacierJobParameters": {"Tier": "Bulk"}}
    desk.deployment.s3.restore_object(Bucket=BUCKET, Key=KEY, RestoreRequest=request)  # type: ignore[arg-type]
    done = desk.do(Job(JobKind.PROCESS, BUCKET, KEY, None, job.etag, None, 100, Origin.RESTORE))
    assert done is not None
    assert (done.status, done.cause) == (Status.READY, None)


def test_a_restore_that_somebody_else_requested_processes_nothing(desk: Desk) -> None:
    job = put(desk)
    restored = replace(job, sequencer=None, origin=Origin.RESTORE)
    desk.do(job)
    before = desk.image(job)
    assert desk.do(restored) is None
    assert desk.image(job) == before
    stranger = replace(restored, key="scans/stranger.png")
    assert desk.do(stranger) is None
    assert desk.deployment.images.get(stranger.image_id) is None
