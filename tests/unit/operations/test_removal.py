"""Removing images: a single image at once, many by the thousand, and jobs and uploads that come meanwhile."""

from typing import Any

import pytest

from pixelfleet.aws.originals import NotRemoved, Removed
from pixelfleet.domain.adoption import adopted_image
from pixelfleet.domain.jobs import Job, JobKind, Lane
from pixelfleet.domain.keys import Place
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.transitions import Aim, Refusal
from pixelfleet.operations.removal import Removal, delete_image, remove_originals
from tests.fakes.records import RECIPE, record
from tests.unit.operations.fakes import fake_deployment


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


def job_of(image: Image, sequencer: str) -> Job:
    return Job(JobKind.PROCESS, image.bucket, image.key, image.version_id, image.etag, sequencer, 9)


def claim(deployment: Any, job: Job) -> Any:
    aim = Aim(job, RECIPE, "another revision", "worker-2", "2026-11-20T10:00:00.000Z")
    return deployment.images.claim(aim, 5, deployment.images.get(job.image_id))


def test_a_repeated_job_does_not_bring_a_deleted_image_back(deployment: Any) -> None:
    image = record(deployment, "me", "b1", "a.png")
    delete_image(deployment, image, "anna")
    assert deployment.bucket.deleted == [image.key]
    assert deployment.images.get(image.image_id).status is Status.DELETED
    assert claim(deployment, job_of(image, "10")) is Refusal.SUPERSEDED


def test_an_upload_of_the_same_name_after_the_deletion_is_processed(deployment: Any) -> None:
    image = record(deployment, "me", "b1", "a.png")
    delete_image(deployment, image, "anna")
    assert claim(deployment, job_of(image, "11")).status is Status.PROCESSING


def test_an_upload_that_came_before_the_deletion_was_recorded_stays(deployment: Any) -> None:
    read = record(deployment, "me", "b1", "a.png")
    claim(deployment, job_of(read, "11"))
    delete_image(deployment, read, "anna")
    assert deployment.images.get(read.image_id).status is Status.PROCESSING


def test_an_upload_that_no_worker_has_begun_with_stays(deployment: Any) -> None:
    read = record(deployment, "me", "b1", "a.png")
    deployment.bucket.objects[read.key] = "newer"
    assert not delete_image(deployment, read, "anna")
    assert (deployment.bucket.deleted, deployment.images.get(read.image_id)) == ([], read)


def adopted(deployment: Any, image: Image) -> Image:
    """The record of an image outside the uploads bucket."""
    place = Place("museum", None, image.key)
    job = Job(JobKind.PROCESS, "masters", image.key, None, "e1", "0", 9)
    added: Image = deployment.images.add(adopted_image(job, place, Lane.BULK, "2026-11-20T10:00:00.000Z", "anna"))
    return added


def test_an_image_of_an_adopted_bucket_is_removed_and_its_original_stays(deployment: Any) -> None:
    image = adopted(deployment, record(deployment, "me", "b1", "a.png"))
    delete_image(deployment, image, "anna")
    assert deployment.bucket.deleted == []
    tombstone = deployment.images.get(image.image_id)
    assert (tombstone.status, tombstone.released) == (Status.DELETED, True)
    [(lane, job)] = deployment.queues.sent
    assert (lane, job.kind, job.image_id) == (Lane.BULK, JobKind.REMOVE, image.image_id)


def test_removed_images_of_an_adopted_bucket_are_counted_separately(deployment: Any) -> None:
    image = adopted(deployment, record(deployment, "me", "b1", "a.png"))
    removal = remove_originals(deployment, [image], "anna", "1 image")
    assert (removal.removed, removal.released, deployment.bucket.deleted) == (0, 1, [])
    [action] = deployment.activity.actions()
    assert action.details == {"removed": 0, "refused": 0, "released": 1, "outcome": "done"}


def test_a_setting_lets_removals_delete_originals_of_adopted_buckets(deployment: Any) -> None:
    image = adopted(deployment, record(deployment, "me", "b1", "a.png"))
    deployment.settings = deployment.settings.model_copy(update={"delete_adopted_originals": True})
    delete_image(deployment, image, "anna")
    assert deployment.bucket.deleted == [image.key]
    assert deployment.images.get(image.image_id).released is None


def test_many_originals_are_removed_bucket_by_bucket_and_refusals_are_kept(deployment: Any) -> None:
    deployment.settings = deployment.settings.model_copy(update={"delete_adopted_originals": True})
    images = [record(deployment, "me", "b1", f"{number}.png") for number in range(3)]
    images.append(images[0].model_copy(update={"bucket": "adopted"}))
    calls: list[tuple[str, int]] = []

    class Originals:
        def remove(self, bucket: str, originals: Any) -> Any:
            some = list(originals)
            calls.append((bucket, len(some)))
            yield Removed(len(some) - 1, [], [NotRemoved(some[0].key, "Access Denied")])

    deployment.originals = Originals()
    reported: list[int] = []
    removal = remove_originals(deployment, images, "anna", "me/b1", reported.append)
    assert sorted(calls) == [("adopted", 1), ("pixelfleet-uploads", 3)]
    assert (removal.removed, len(removal.refused), reported) == (2, 2, [2])
    [action] = deployment.activity.actions()
    assert (action.who, action.what, action.on) == ("anna", "rm", "me/b1")
    assert action.details == {"removed": 2, "refused": 2, "outcome": "done"}


def test_an_image_whose_original_is_gone_is_removed_by_a_job(deployment: Any) -> None:
    """S3 may never have sent the event of the original's end."""
    image = record(deployment, "me", "b1", "a.png")
    deployment.originals = Gone()
    assert remove_originals(deployment, [image], "anna", "1 image") == Removal(1)
    [(lane, job)] = deployment.queues.sent
    assert (lane, job.kind, job.image_id) == (Lane.BULK, JobKind.REMOVE, image.image_id)


class Gone:
    """A bucket without objects."""

    def remove(self, bucket: str, originals: Any) -> Any:
        keys = [one.key for one in originals]
        yield Removed(len(keys), keys)
