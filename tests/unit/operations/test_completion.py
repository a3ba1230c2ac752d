"""Sealing counts the objects in the bucket and the tombstones, whichever client uploaded the objects."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from pixelfleet.aws.listing import ListedObject
from pixelfleet.catalog.background import BackgroundTaskState
from pixelfleet.catalog.items import counter_shard
from pixelfleet.domain.jobs import Job, JobKind, Origin
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import BatchState, Image, Status
from pixelfleet.domain.transitions import Aim, Success
from pixelfleet.errors import Cause, SetupError
from pixelfleet.operations.batches import open_for_uploads
from pixelfleet.operations.completion import (
    ANNOUNCEMENTS,
    complete_after,
    complete_if_full,
    complete_sealed_batches,
    recount,
    seal,
)
from pixelfleet.operations.pace import Pace
from tests.fakes.records import RECIPE, key_of, record, variants_of
from tests.unit.operations.fakes import fake_deployment


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


def put(deployment: Any, name: str, etag: str = "e1", batch: str = "b1") -> str:
    """Puts an object into the bucket, as any client does."""
    key = key_of("me", batch, name)
    deployment.bucket.objects[key] = etag
    return key


def process(deployment: Any, name: str, etag: str, sequencer: str) -> Image:
    """Processes a version as a worker does: records the result, then checks whether the batch is complete."""
    job = Job(JobKind.PROCESS, deployment.settings.uploads_bucket, key_of("me", "b1", name), None, etag, sequencer, 9)
    aim = Aim(job, RECIPE, f"{etag}-revision", "worker-1", "2026-11-20T10:00:00.000Z")
    before = deployment.images.get(job.image_id)
    if before is not None and before.notice is not None:
        before = deployment.images.announced(before)
    claimed = deployment.images.claim(aim, 5, before)
    ready = deployment.images.record_ready(aim.claimed(claimed), Success(variants_of("me", job.image_id), {}, {}))
    assert isinstance(ready, Image)
    complete_if_full(deployment, "me", "b1")
    return ready


def remove(deployment: Any, name: str, sequencer: str) -> None:
    """Records a removal as a worker does."""
    key = key_of("me", "b1", name)
    deployment.bucket.objects.pop(key, None)
    removal = Job(JobKind.REMOVE, deployment.settings.uploads_bucket, key, sequencer=sequencer)
    assert isinstance(deployment.images.remove(removal, "worker-1"), Image)


def test_images_of_another_machine_are_counted_too(deployment: Any) -> None:
    for number in range(150):
        put(deployment, f"a{number}.png")
        record(deployment, "me", "b1", f"a{number}.png")
    # Machine B adds five images, which no worker has processed yet, and seals the batch.
    for number in range(5):
        put(deployment, f"b{number}.png")
    batch, counts = seal(deployment, "me", "b1")
    assert (batch.expected, counts.accounted, batch.completed_at) == (155, 150, None)
    for number in range(5):
        process(deployment, f"b{number}.png", "e1", "10")
    assert deployment.notices.batches == ["me/b1"]


def test_the_old_version_of_a_changed_file_does_not_complete_the_batch(deployment: Any) -> None:
    put(deployment, "a.png")
    record(deployment, "me", "b1", "a.png")
    put(deployment, "a.png", "e2")
    batch, counts = seal(deployment, "me", "b1")
    assert (batch.expected, counts.ready, batch.completed_at) == (1, 0, None)
    process(deployment, "a.png", "e2", "20")
    assert deployment.batches.counts("me", "b1").ready == 1
    assert deployment.notices.batches == ["me/b1"]


def test_the_old_version_does_not_complete_the_batch_when_its_results_are_recorded_after_the_seal(
    deployment: Any,
) -> None:
    put(deployment, "a.png")
    old = Job(JobKind.PROCESS, deployment.settings.uploads_bucket, key_of("me", "b1", "a.png"), None, "e1", "10", 9)
    aim = Aim(old, RECIPE, "e1-revision", "worker-1", "2026-11-20T10:00:00.000Z")
    claimed = deployment.images.claim(aim, 5, None)
    put(deployment, "a.png", "e2")
    seal(deployment, "me", "b1")
    made = deployment.images.record_ready(aim.claimed(claimed), Success(variants_of("me", old.image_id), {}, {}))
    assert isinstance(made, Image)
    assert (made.status, made.counted) == (Status.READY, None)
    complete_if_full(deployment, "me", "b1")
    assert deployment.notices.batches == []
    deployment.images.announced(made)
    process(deployment, "a.png", "e2", "20")
    assert deployment.notices.batches == ["me/b1"]


def test_images_uploaded_after_the_seal_do_not_complete_the_batch_instead_of_the_sealed_images(deployment: Any) -> None:
    bucket = deployment.settings.uploads_bucket
    own, others = "0.png", [f"later{number}.png" for number in range(200)]
    shard = counter_shard(image_id(bucket, put(deployment, own)))
    seal(deployment, "me", "b1")
    [later, *_] = [name for name in others if counter_shard(image_id(bucket, key_of("me", "b1", name))) == shard]
    put(deployment, later)
    image = process(deployment, later, "e1", "10")
    complete_after(deployment, image)
    assert deployment.notices.batches == []
    assert deployment.batches.get("me", "b1").expected == 2
    complete_after(deployment, process(deployment, own, "e1", "10"))
    assert deployment.notices.batches == ["me/b1"]


def test_a_seal_that_another_seal_overtakes_lists_the_bucket_again(deployment: Any) -> None:
    put(deployment, "0.png")
    seal_of_batches, seen = deployment.batches.seal, []

    def overtaken(*arguments: Any) -> bool:
        seen.append(arguments)
        if len(seen) == 1:
            put(deployment, "1.png")
            seal(deployment, "me", "b1")
        return bool(seal_of_batches(*arguments))

    deployment.batches.seal = overtaken
    assert seal(deployment, "me", "b1")[0].expected == 2


def test_a_version_uploaded_after_the_listing_stays_counted(deployment: Any) -> None:
    put(deployment, "a.png", "e2")
    process(deployment, "a.png", "e2", "20")
    stale = ListedObject(key_of("me", "b1", "a.png"), "e1", 9, datetime.now(UTC))
    deployment.listings = SimpleNamespace(pages=lambda *_: iter([[stale]]))
    _, counts = seal(deployment, "me", "b1")
    assert (counts.ready, deployment.notices.batches) == (1, ["me/b1"])


def test_a_removed_image_is_counted_and_an_image_uploaded_again_is_counted_once(deployment: Any) -> None:
    for name in ("gone.png", "back.png"):
        image = record(deployment, "me", "b1", name)
        deployment.images.remove(Job(JobKind.REMOVE, image.bucket, image.key, sequencer="20"), "worker-1")
    put(deployment, "back.png", "e2")
    batch, counts = seal(deployment, "me", "b1")
    assert (batch.expected, counts.accounted, batch.completed_at) == (2, 1, None)
    process(deployment, "back.png", "e2", "30")
    assert deployment.notices.batches == ["me/b1"]


def test_an_older_read_of_the_bucket_does_not_count_an_image_that_a_later_seal_uncounted(
    deployment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(deployment, "a.png")
    image = record(deployment, "me", "b1", "a.png")
    # A seal listed another version, which is gone since: the bucket holds the version of the record.
    marked = deployment.images.uncount(image, "e2")
    look = deployment.objects.head
    looks = []

    def look_and_freeze(*key: str) -> Any:
        current = look(*key)
        looks.append(current)
        if len(looks) == 1:
            put(deployment, "a.png", "e3")
            seal(deployment, "me", "b1")
        return current

    monkeypatch.setattr(deployment.objects, "head", look_and_freeze)
    assert recount(deployment, marked).counted is None
    # The bucket holds the record's version again.
    put(deployment, "a.png")
    assert recount(deployment, deployment.images.get(image.image_id)).counted == "ready"


@pytest.fixture
def uncounted(deployment: Any) -> Image:
    """A removed image, uncounted by a seal that found another object under its key; S3 sent no event of that object."""
    put(deployment, "a.png")
    put(deployment, "b.png")
    image = record(deployment, "me", "b1", "a.png")
    remove(deployment, "a.png", "20")
    put(deployment, "a.png", "e2")
    batch, counts = seal(deployment, "me", "b1")
    assert (batch.expected, counts.deleted) == (2, 0)
    return image


def test_a_removal_that_a_seal_uncounted_is_counted_by_the_next_seal_once_the_key_is_empty(
    deployment: Any, uncounted: Image
) -> None:
    deployment.bucket.objects.pop(uncounted.key)
    batch, counts = seal(deployment, "me", "b1")
    assert (batch.expected, counts.deleted, batch.completed_at) == (2, 1, None)
    process(deployment, "b.png", "e1", "10")
    assert deployment.notices.batches == ["me/b1"]


def test_an_older_read_of_an_empty_key_does_not_count_a_removal_that_a_later_seal_uncounted(
    deployment: Any, uncounted: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, looks = deployment.objects.head, []

    def look_and_freeze(*key: str) -> Any:
        looks.append(key)
        if len(looks) > 1:
            return look(*key)
        put(deployment, "a.png", "e3")
        seal(deployment, "me", "b1")
        return None

    deployment.bucket.objects.pop(uncounted.key)
    monkeypatch.setattr(deployment.objects, "head", look_and_freeze)
    assert recount(deployment, deployment.images.get(uncounted.image_id)).counted is None


def test_an_older_read_of_an_object_does_not_uncount_a_removal_that_a_later_seal_counted(
    deployment: Any, uncounted: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, looks = deployment.objects.head, []

    def look_and_freeze(*key: str) -> Any:
        current = look(*key)
        looks.append(key)
        if len(looks) == 1:
            deployment.bucket.objects.pop(uncounted.key)
            seal(deployment, "me", "b1")
        return current

    monkeypatch.setattr(deployment.objects, "head", look_and_freeze)
    assert recount(deployment, deployment.images.get(uncounted.image_id)).counted == "deleted"


def test_an_older_read_of_an_empty_key_counts_nothing_of_the_same_bytes_that_were_put_since(
    deployment: Any, uncounted: Image
) -> None:
    before = deployment.images.get(uncounted.image_id)
    again = process(deployment, "a.png", "e1", "30")
    deployment.images.uncount(again, "e2")
    deployment.images.uncount(before, None)
    assert deployment.images.get(uncounted.image_id).counted is None


def test_an_image_removed_between_the_listing_and_the_read_of_its_record_stays_counted(
    deployment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.png", "b.png"):
        put(deployment, name)
        record(deployment, "me", "b1", name)
    read = deployment.images.get_many

    def removed_meanwhile(ids: Any) -> Any:
        remove(deployment, "a.png", "20")
        return read(ids)

    monkeypatch.setattr(deployment.images, "get_many", removed_meanwhile)
    batch, counts = seal(deployment, "me", "b1")
    assert (batch.expected, counts.ready, counts.deleted) == (2, 1, 1)


def test_an_image_removed_after_the_read_of_its_record_stays_counted(
    deployment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(deployment, "a.png")
    record(deployment, "me", "b1", "a.png")
    put(deployment, "a.png", "e2")
    read = deployment.images.get_many

    def removed_afterwards(ids: Any) -> Any:
        images = read(ids)
        remove(deployment, "a.png", "20")
        return images

    monkeypatch.setattr(deployment.images, "get_many", removed_afterwards)
    # The answer of S3 also dates from before the removal.
    current = deployment.objects.head(deployment.settings.uploads_bucket, key_of("me", "b1", "a.png"))
    monkeypatch.setattr(deployment.objects, "head", lambda *_: current)
    batch, counts = seal(deployment, "me", "b1")
    assert (batch.expected, counts.deleted) == (1, 1)


def test_a_second_seal_sets_the_new_number_and_sends_no_second_notice(deployment: Any) -> None:
    put(deployment, "1.png")
    record(deployment, "me", "b1", "1.png")
    assert seal(deployment, "me", "b1")[0].completed_at
    put(deployment, "2.png")
    assert seal(deployment, "me", "b1")[0].expected == 2
    process(deployment, "2.png", "e1", "10")
    assert deployment.notices.batches == ["me/b1"]


def test_failed_images_are_accounted_for(deployment: Any) -> None:
    put(deployment, "1.png")
    record(deployment, "me", "b1", "1.png", cause=Cause.TRUNCATED)
    batch, counts = seal(deployment, "me", "b1")
    assert (batch.expected, counts.failed) == (1, 1)
    assert batch.completed_at


def test_a_batch_without_objects_is_not_sealed(deployment: Any) -> None:
    with pytest.raises(SetupError, match="there is nothing at s3://pixelfleet-uploads/uploads/me/b1/"):
        seal(deployment, "me", "b1")
    assert deployment.batches.get("me", "b1") is None


def test_the_seal_of_an_adopted_batch_finds_an_image_that_is_redriven_while_the_catalog_is_read(
    deployment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.batches.create("me", "b1", source="s3://masters/")
    image = record(deployment, "me", "b1", "1.png", cause=Cause.CRASHED)
    of_batch = deployment.images.of_batch

    def redriven_before_the_failed_are_read(owner: str, batch: str, status: Status) -> Any:
        if status is Status.FAILED:
            deployment.images.queue_again(image, "anna", Origin.REDRIVE)
        return of_batch(owner, batch, status)

    monkeypatch.setattr(deployment.images, "of_batch", redriven_before_the_failed_are_read)
    batch, _ = seal(deployment, "me", "b1")
    assert batch.expected == 1


def test_reconcile_announces_a_sealed_batch_that_was_not_announced(deployment: Any) -> None:
    image = record(deployment, "me", "b1", "1.png")
    deployment.batches.seal("me", "b1", [image.image_id])
    complete_sealed_batches(deployment)
    assert deployment.notices.batches == ["me/b1"]


def test_reconcile_seals_a_batch_that_an_interrupted_move_made_and_no_other(deployment: Any) -> None:
    """A move that has moved every image, and died before the seal, is not repeated: there is no image to move."""
    for name in ("moved", "open", "empty"):
        deployment.batches.create("me", name, by_move=name != "open")
    for name in ("moved", "open"):
        put(deployment, "1.png", batch=name)
        record(deployment, "me", name, "1.png")
    task = deployment.background_tasks.begin("move", "me", "1 image to moved")
    complete_sealed_batches(deployment)
    assert deployment.notices.batches == []
    deployment.background_tasks.save(task.model_copy(update={"state": BackgroundTaskState.FAILED}))
    complete_sealed_batches(deployment)
    assert deployment.notices.batches == ["me/moved"]
    assert [deployment.batches.get("me", name).state for name in ("open", "empty")] == [BatchState.OPEN] * 2


def test_reconcile_seals_no_batch_of_a_move_that_somebody_uploads_into(deployment: Any) -> None:
    deployment.batches.create("me", "b1", by_move=True)
    put(deployment, "1.png")
    open_for_uploads(deployment, "me", "b1")
    complete_sealed_batches(deployment)
    assert deployment.batches.get("me", "b1").state is BatchState.OPEN
    seal(deployment, "me", "b1")
    assert deployment.batches.get("me", "b1").state is BatchState.SEALED


def test_reconcile_seals_no_batch_of_a_move_whose_uploads_begin_while_the_bucket_is_listed(
    deployment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.batches.create("me", "b1", by_move=True)
    put(deployment, "1.png")
    pages = deployment.listings.pages

    def begun_meanwhile(*arguments: Any) -> Any:
        open_for_uploads(deployment, "me", "b1")
        return pages(*arguments)

    monkeypatch.setattr(deployment.listings, "pages", begun_meanwhile)
    complete_sealed_batches(deployment)
    assert deployment.batches.get("me", "b1").state is BatchState.OPEN


def test_reconcile_announces_at_most_ten_batches_a_second(deployment: Any) -> None:
    """SNS suspends a subscription above ten mails a second."""
    for number in range(12):
        image = record(deployment, "me", f"b{number}", "1.png")
        deployment.batches.seal("me", f"b{number}", [image.image_id])
    record(deployment, "me", "open", "1.png")
    now = 0.0
    times: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        times.append(now)

    complete_sealed_batches(deployment, Pace(ANNOUNCEMENTS, lambda: now, sleep))

    assert len(deployment.notices.batches) == len(times) == 12
    assert max(sum(at <= each < at + 1 for each in times) for at in times) <= 10
