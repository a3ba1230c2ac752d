"""A listing of the bucket cannot show objects that are gone and records that a dead worker left unfinished."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.domain.adoption import adopted_image
from pixelfleet.domain.archives import Archive
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.keys import Place
from pixelfleet.domain.records import Image, NoticeKind
from pixelfleet.domain.transitions import Aim
from pixelfleet.errors import Cause
from pixelfleet.operations.reconcile.records import UnsettledRecords, settle_records
from pixelfleet.operations.reconcile.verdict import Horizon
from tests.fakes.records import RECIPE, key_of, record
from tests.unit.operations.fakes import fake_deployment

NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=1)
HORIZON = Horizon(LATER, dict.fromkeys(Lane, LATER))


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


def settle(deployment: Any, horizon: Horizon = HORIZON, prefix: str = "", **options: Any) -> UnsettledRecords:
    return settle_records(deployment, horizon, prefix, lambda _: None, dry_run=options.get("dry_run", False))


def processing(deployment: Any, name: str) -> Image:
    job = Job(JobKind.PROCESS, deployment.settings.uploads_bucket, key_of("me", "b1", name), None, "e1", "10", 9)
    claimed = deployment.images.claim(Aim(job, RECIPE, "r", "w", "2026-11-20T10:00:00.000Z"), 5, None)
    assert isinstance(claimed, Image)
    return claimed


def settled(deployment: Any, name: str) -> Image:
    return record(deployment, "me", "b1", name)


def sent(deployment: Any) -> list[tuple[JobKind, str, Origin]]:
    return sorted((job.kind, job.key.rpartition("/")[2], job.origin) for _, job in deployment.queues.sent)


def test_an_unfinished_image_whose_object_is_gone_is_sent_for_removal(deployment: Any) -> None:
    gone = processing(deployment, "gone.png")
    there = processing(deployment, "there.png")
    deployment.bucket.objects[there.key] = "e1"
    assert settle(deployment) == UnsettledRecords(gone=1)
    assert sent(deployment) == [(JobKind.REMOVE, "gone.png", Origin.RECONCILE)]
    [(_, job)] = deployment.queues.sent
    # The job is as old as the record: a newer upload of the same name wins.
    assert job.sequencer == gone.sequencer


def test_a_failed_image_whose_object_is_gone_is_sent_for_removal(deployment: Any) -> None:
    record(deployment, "me", "b1", "gone.png", cause=Cause.UNREADABLE)
    there = record(deployment, "me", "b1", "there.png", cause=Cause.UNREADABLE)
    pending = record(deployment, "me", "b1", "pending.png", cause=Cause.UNREADABLE, announced=False)
    for image in (there, pending):
        deployment.bucket.objects[image.key] = "e1"
    assert settle(deployment) == UnsettledRecords(gone=1, unfinished=1)
    assert sent(deployment) == [
        (JobKind.PROCESS, "pending.png", Origin.EVENT),
        (JobKind.REMOVE, "gone.png", Origin.RECONCILE),
    ]


def test_an_image_with_a_pending_notice_is_sent_as_by_its_event(deployment: Any) -> None:
    settled(deployment, "settled.png")
    pending = record(deployment, "me", "b1", "pending.png", announced=False)
    assert pending.notice is NoticeKind.IMAGE_READY
    assert settle(deployment) == UnsettledRecords(unfinished=1)
    assert sent(deployment) == [(JobKind.PROCESS, "pending.png", Origin.EVENT)]


def test_leftovers_of_a_removed_image_are_sent_for_removal_again(deployment: Any) -> None:
    image = settled(deployment, "gone.png")
    removed = deployment.images.remove(Job(JobKind.REMOVE, image.bucket, image.key, sequencer="20"), "w")
    assert removed.superseded
    assert settle(deployment) == UnsettledRecords(unfinished=1)
    assert sent(deployment) == [(JobKind.REMOVE, "gone.png", Origin.RECONCILE)]


def test_a_record_that_may_still_be_in_progress_is_left_alone(deployment: Any) -> None:
    record(deployment, "me", "b1", "pending.png", at=NOW)
    recent = Horizon(NOW - timedelta(minutes=5), dict.fromkeys(Lane, NOW - timedelta(minutes=5)))
    assert settle(deployment, recent) == UnsettledRecords()
    assert deployment.queues.sent == []


def test_a_prefix_narrows_the_pass_and_a_dry_run_sends_nothing(deployment: Any) -> None:
    processing(deployment, "a/1.png")
    processing(deployment, "b/1.png")
    assert settle(deployment, prefix=key_of("me", "b1", "a/")) == UnsettledRecords(gone=1)
    assert settle(deployment, dry_run=True) == UnsettledRecords(gone=2)
    assert len(deployment.queues.sent) == 1


def in_masters(deployment: Any, name: str) -> Image:
    """The record of an object of an adopted bucket; its job is lost."""
    job = Job(JobKind.PROCESS, "masters", name, None, "e1", "0", 9)
    at = "2026-11-20T10:00:00.000Z"
    added: Image = deployment.images.add(adopted_image(job, Place("museum", "scans", name), Lane.BULK, at, "anna"))
    return added


def archived(deployment: Any, image: Image, archive: Archive | None, *, restoring: bool = False) -> None:
    answer = ObjectVersion(image.bucket, image.key, None, "e1", 9, archive, restoring)
    deployment.objects = SimpleNamespace(head=lambda bucket, key: answer)


def test_a_lost_job_of_an_adopted_bucket_is_sent_again(deployment: Any) -> None:
    archived(deployment, in_masters(deployment, "a.png"), None)
    assert settle(deployment) == UnsettledRecords(waiting=1)
    assert sent(deployment) == [(JobKind.PROCESS, "a.png", Origin.RECONCILE)]


def test_an_image_is_left_alone_while_the_restore_of_its_object_is_in_progress(deployment: Any) -> None:
    archived(deployment, in_masters(deployment, "a.png"), Archive.GLACIER, restoring=True)
    assert settle(deployment) == UnsettledRecords()


def test_an_archived_image_is_processed_once_its_object_can_be_read(deployment: Any) -> None:
    image = record(deployment, "me", "b1", "a.png", cause=Cause.ARCHIVED)
    archived(deployment, image, Archive.GLACIER)
    assert settle(deployment) == UnsettledRecords()
    archived(deployment, image, None)
    assert settle(deployment) == UnsettledRecords(waiting=1)
    assert sent(deployment) == [(JobKind.PROCESS, "a.png", Origin.RECONCILE)]


def test_a_record_of_a_lane_that_only_a_newer_release_has_is_settled_by_heavy(deployment: Any) -> None:
    image = processing(deployment, "gone.png")
    client: Any = deployment.images._client
    key = {"image_id": {"S": image.image_id}}
    item = client.get_item(TableName="images", Key=key)["Item"]
    client.put_item(TableName="images", Item=item | {"lane": {"S": "gigantic"}})
    assert settle(deployment) == UnsettledRecords(gone=1)
    assert [lane for lane, _ in deployment.queues.sent] == [Lane.HEAVY]


def test_the_same_bytes_that_were_put_beside_the_archive_without_an_event_are_processed(deployment: Any) -> None:
    image = record(deployment, "me", "b1", "a.png", cause=Cause.ARCHIVED, version_id="v1")
    present = ObjectVersion(image.bucket, image.key, "v2", "e1", 9)
    deployment.objects.head = lambda bucket, key: present
    assert settle(deployment) == UnsettledRecords(waiting=1)
    [(_, job)] = deployment.queues.sent
    assert (job.version_id, job.etag) == ("v2", "e1")
    assert image.sequencer < job.sequencer < "11".ljust(40, "0")
