"""An inventory shows the past: the present objects in S3 count, and an event that comes meanwhile is newer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pixelfleet.aws.listing import ListedObject
from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.sequencers import next_sequencer
from pixelfleet.domain.transitions import Aim, Refusal
from pixelfleet.operations.reconcile.compare import CompareOptions, Reconcile, ReconcileResult
from pixelfleet.operations.reconcile.listing import ListingPage
from pixelfleet.operations.reconcile.verdict import Horizon, Verdict
from tests.fakes.records import RECIPE, key_of, record
from tests.unit.operations.fakes import fake_deployment

LATER = datetime.now(UTC) + timedelta(hours=1)
HORIZON = Horizon(LATER, dict.fromkeys(Lane, LATER))
KEY = key_of("me", "b1", "a.png")
YESTERDAY = ListedObject(KEY, "e0", 9, datetime.now(UTC) - timedelta(days=1))


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


def reconcile(deployment: Any) -> ReconcileResult:
    return Reconcile(deployment, HORIZON, CompareOptions("anna")).run([ListingPage([YESTERDAY], "0:1")], lambda _: None)


def jobs(deployment: Any) -> list[Job]:
    return [job for _, job in deployment.queues.sent]


def claim(deployment: Any, job: Job) -> Any:
    aim = Aim(job, RECIPE, f"{job.source_version}-revision", "w", "2026-11-20T10:00:00.000Z")
    return deployment.images.claim(aim, 5, deployment.images.get(job.image_id))


def test_an_object_that_was_deleted_since_the_inventory_is_not_sent(deployment: Any) -> None:
    image = record(deployment, "me", "b1", "a.png")
    deployment.images.remove(Job(JobKind.REMOVE, image.bucket, image.key, sequencer="20"), "w")
    assert reconcile(deployment).verdicts == {Verdict.MISSING: 1}
    assert jobs(deployment) == []


def test_a_version_that_was_replaced_since_the_inventory_is_not_sent(deployment: Any) -> None:
    image = record(deployment, "me", "b1", "a.png")
    assert image.etag == "e1"
    # An unversioned bucket: the ETag is the version.
    deployment.objects.head = lambda bucket, key: present(bucket, key, None)
    reconcile(deployment)
    assert jobs(deployment) == []


def present(bucket: str, key: str, version: str | None) -> Any:
    return ObjectVersion(bucket, key, version, "e1", 9)


def test_the_present_version_is_sent_and_an_event_that_comes_meanwhile_wins(deployment: Any) -> None:
    image = record(deployment, "me", "b1", "a.png")
    deployment.bucket.objects[KEY] = "e2"
    reconcile(deployment)
    [job] = jobs(deployment)
    assert (job.etag, job.version_id, job.sequencer) == ("e2", "version-e2", next_sequencer(image.sequencer))
    newer = claim(deployment, Job(JobKind.PROCESS, image.bucket, KEY, "version-e3", "e3", "30", 9))
    assert newer.status is Status.PROCESSING
    assert claim(deployment, job) is Refusal.SUPERSEDED


@pytest.mark.parametrize("origin", [Origin.EVENT, Origin.REPROCESS])
def test_a_job_of_the_previous_version_does_not_replace_the_present_version(deployment: Any, origin: Origin) -> None:
    """Such a job is made from the record, for a pending notice or on request."""
    image = record(deployment, "me", "b1", "a.png")
    deployment.bucket.objects[KEY] = "e2"
    reconcile(deployment)
    [job] = jobs(deployment)
    assert claim(deployment, job).status is Status.PROCESSING
    assert claim(deployment, image.job(origin)) is Refusal.SUPERSEDED


def test_the_job_of_an_object_without_a_record_is_older_than_every_event(deployment: Any) -> None:
    deployment.bucket.objects[KEY] = "e0"
    reconcile(deployment)
    [job] = jobs(deployment)
    assert isinstance(claim(deployment, job), Image)
    assert isinstance(claim(deployment, Job(JobKind.PROCESS, job.bucket, KEY, "v1", "e1", "01", 9)), Image)
    assert claim(deployment, job) is Refusal.SUPERSEDED


def removed(deployment: Any, sequencer: str) -> Image:
    image = record(deployment, "me", "b1", "a.png")
    deployment.images.remove(Job(JobKind.REMOVE, image.bucket, KEY, sequencer=sequencer), "w")
    removed: Image = deployment.images.get(image.image_id)
    assert removed.status is Status.DELETED
    return removed


def test_a_removed_image_whose_key_was_uploaded_again_is_processed_without_an_event(deployment: Any) -> None:
    removed(deployment, "20")
    deployment.bucket.objects[KEY] = "e2"
    assert reconcile(deployment).verdicts == {Verdict.MISSING: 1}
    [job] = jobs(deployment)
    assert claim(deployment, job).status is Status.PROCESSING


def test_events_after_the_job_of_a_removed_image_win(deployment: Any) -> None:
    image = removed(deployment, "20")
    deployment.bucket.objects[KEY] = "e2"
    reconcile(deployment)
    [job] = jobs(deployment)
    # S3's next sequencer differs from the tombstone's in its leading digits.
    assert claim(deployment, Job(JobKind.PROCESS, image.bucket, KEY, "v3", "e3", "21", 9)).status is Status.PROCESSING
    assert claim(deployment, job) is Refusal.SUPERSEDED
