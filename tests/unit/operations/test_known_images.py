"""Whether an owner has some bytes: by the digest in the catalog and the object in the bucket."""

from types import SimpleNamespace
from typing import Any

import pytest

from pixelfleet.aws.objects import Objects
from pixelfleet.domain.jobs import Job, JobKind, Origin
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.transitions import Aim
from pixelfleet.errors import SetupError
from pixelfleet.operations.known_images import MOST_CANDIDATES, KnownImages, has_bytes
from pixelfleet.uploads.known import KnownImage
from tests.fakes.errors import aws_error
from tests.fakes.records import RECIPE, key_of, record
from tests.unit.operations.fakes import fake_deployment

SHA = "ab" * 32


@pytest.fixture
def fleet() -> Any:
    return fake_deployment()


def stored(fleet: Any, name: str, owner: str = "ana", **facts: Any) -> Image:
    """An image with these bytes, whose object is in the bucket."""
    fleet.bucket.objects[key_of(owner, "b1", name)] = "e1"
    return record(fleet, owner, "b1", name, **({"sha256": SHA} | facts))


def test_bytes_of_an_image_of_the_owner_in_any_batch_are_known(fleet: Any) -> None:
    assert KnownImages(fleet, "ana")(SHA) is None
    image = stored(fleet, "a.jpg")
    assert KnownImages(fleet, "ana")(SHA) == KnownImage(image.key, "e1")
    assert KnownImages(fleet, "an")(SHA) is None
    assert KnownImages(fleet, "ben")(SHA) is None


def test_the_image_with_the_same_key_is_preferred(fleet: Any) -> None:
    first, second = stored(fleet, "a.jpg"), stored(fleet, "b.jpg")
    known = KnownImages(fleet, "ana")
    assert [getattr(known(SHA, image.key), "key", None) for image in (first, second)] == [first.key, second.key]


def test_an_image_that_is_processed_again_is_known(fleet: Any) -> None:
    image = stored(fleet, "a.jpg")
    fleet.images.queue_again(image, "ana", Origin.REPROCESS)
    assert KnownImages(fleet, "ana")(SHA) == KnownImage(image.key, "e1")


def test_a_deleted_image_is_not_known(fleet: Any) -> None:
    image = stored(fleet, "a.jpg")
    fleet.images.remove(Job(JobKind.REMOVE, image.bucket, image.key, None, None, "20"), "w")
    assert KnownImages(fleet, "ana")(SHA) is None


def test_an_image_whose_object_is_gone_or_another_is_not_known_before_any_event_says_so(fleet: Any) -> None:
    image = stored(fleet, "a.jpg")
    fleet.bucket.objects[image.key] = "e2"
    assert KnownImages(fleet, "ana")(SHA) is None
    del fleet.bucket.objects[image.key]
    assert KnownImages(fleet, "ana")(SHA) is None


def test_the_next_image_with_the_same_bytes_counts_if_the_first_is_gone(fleet: Any) -> None:
    first, second = stored(fleet, "a.jpg"), stored(fleet, "b.jpg")
    del fleet.bucket.objects[first.key]
    assert KnownImages(fleet, "ana")(SHA) == KnownImage(second.key, "e1")


def test_a_failed_image_is_not_known(fleet: Any) -> None:
    image = stored(fleet, "a.jpg").model_copy(update={"status": Status.FAILED})
    assert not has_bytes(image, SHA)


def test_the_digest_of_an_earlier_version_is_not_that_of_a_version_in_progress(fleet: Any) -> None:
    image = stored(fleet, "a.jpg")
    job = Job(JobKind.PROCESS, image.bucket, image.key, None, "e2", sequencer="20", bytes=9)
    claimed = fleet.images.claim(Aim(job, RECIPE, "cd" * 16, "w", "2026-11-26T12:00:00.000Z"), 5, image)
    assert (claimed.status, claimed.sha256) == (Status.PROCESSING, SHA)
    assert not has_bytes(claimed, SHA)


def test_a_look_up_reads_a_bounded_number_of_records(fleet: Any) -> None:
    for number in range(MOST_CANDIDATES + 10):
        image = stored(fleet, f"{number}.jpg")
        del fleet.bucket.objects[image.key]
    calls = fleet.images._client.calls
    calls.clear()
    assert KnownImages(fleet, "ana")(SHA) is None
    assert calls == {"Query": 1, "BatchGetItem": 1}


def test_credentials_that_may_not_look_up_are_told_so(fleet: Any) -> None:
    stored(fleet, "a.jpg")

    fleet.objects = refusing()
    with pytest.raises(SetupError, match=r"known files cannot be looked up: .*Forbidden"):
        KnownImages(fleet, "ana")(SHA)


def test_an_image_of_an_adopted_bucket_that_these_credentials_may_not_read_is_not_known(fleet: Any) -> None:
    """Its file is uploaded once more. It failed at every run, so that its batch was never sealed."""
    record(fleet, "ana", "b1", "a.jpg", bucket="masters", key="a.jpg", sha256=SHA)
    fleet.objects = refusing()
    assert KnownImages(fleet, "ana")(SHA) is None


def refusing() -> Objects:
    """S3 refuses every HEAD. The answer to a HEAD has no body, and so no code."""

    def head_object(**_: str) -> None:
        raise aws_error("403", 403, "HeadObject", "Forbidden")

    client: Any = SimpleNamespace(head_object=head_object)
    no_bytes: Any = None
    return Objects(client, no_bytes, "results")
