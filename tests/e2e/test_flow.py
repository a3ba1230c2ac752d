"""From an upload to variants, record and notice, by real processes: repeats, reordering, failures, removal."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from pixelfleet.domain.jobs import Job, JobKind, Lane
from pixelfleet.domain.records import Counts, RecipeRef, Status
from pixelfleet.operations.completion import seal
from pixelfleet.recipes import parse
from tests.e2e.conftest import LiveFleet
from tests.waiting import eventually

PHOTO = "photos/progressive.jpg"


def job_of(live: LiveFleet, key: str) -> Job:
    """The job that the producer would make of the key's newest version, but without a sequencer."""
    head = live.deployment.objects.head(live.settings.uploads_bucket, key)
    assert head is not None
    return Job(JobKind.PROCESS, head.bucket, key, head.version_id, head.etag, None, head.bytes)


def test_an_upload_becomes_variants_a_record_and_a_notice(live: LiveFleet, samples: Path) -> None:
    image_id = live.upload(samples / PHOTO, "photo.jpg")
    image = live.settled([image_id])[image_id]
    assert (image.status, image.owner, image.batch, image.attempts) == (Status.READY, live.owner, "b1", 1)
    assert {variant.key for variant in image.variants} == live.results(image_id)
    [notice] = eventually(live.notices)
    assert notice["attributes"] == {
        "kind": "image.ready",
        "owner": live.owner,
        "batch": "b1",
        "recipe": "web",
    }
    assert notice["document"]["image_id"] == image_id
    assert [variant["name"] for variant in notice["document"]["variants"]] == ["thumb", "optimized", "enhanced"]


def test_the_same_object_uploaded_twice_is_one_record_with_the_newest_version(live: LiveFleet, samples: Path) -> None:
    image_id = live.upload(samples / PHOTO, "photo.jpg")
    first = live.settled([image_id])[image_id]
    live.upload(samples / "photos/greyscale.jpg", "photo.jpg")
    second = eventually(
        lambda: (
            image
            if (image := live.image(image_id)).status is Status.READY and image.revision != first.revision
            else None
        )
    )
    live.idle()
    assert live.image(image_id).superseded == ()
    assert live.results(image_id) == {variant.key for variant in second.variants}
    assert live.counts() == Counts(ready=1)


def test_an_event_delivered_twice_changes_nothing_the_second_time(live: LiveFleet, samples: Path) -> None:
    image_id = live.upload(samples / PHOTO, "photo.jpg")
    before = live.settled([image_id])[image_id]
    live.idle()
    again = replace(job_of(live, before.key), sequencer=before.sequencer)
    live.deployment.queues.send(Lane.BULK, [again, again])
    live.idle()
    after = live.image(image_id)
    assert (after.attempts, after.revision, after.finished_at) == (1, before.revision, before.finished_at)
    assert live.counts() == Counts(ready=1)
    assert len(live.notices()) == 1


def test_an_old_event_after_a_new_one_is_refused(live: LiveFleet, samples: Path) -> None:
    key = live.key("photo.jpg")
    image_id = live.upload(samples / PHOTO, "photo.jpg")
    first = live.settled([image_id])[image_id]
    old = replace(job_of(live, key), sequencer=first.sequencer)
    live.upload(samples / "photos/greyscale.jpg", "photo.jpg")
    newest = eventually(
        lambda: (
            image
            if (image := live.image(image_id)).status is Status.READY and image.sequencer > first.sequencer
            else None
        )
    )
    live.idle()
    live.deployment.queues.send(Lane.BULK, [old])
    live.idle()
    after = live.image(image_id)
    assert (after.revision, after.source_version) == (newest.revision, newest.source_version)
    assert live.counts() == Counts(ready=1)


def test_each_broken_file_fails_with_its_own_cause_while_others_go_on(live: LiveFleet, samples: Path) -> None:
    expected = {
        "broken/empty.jpg": "empty",
        "broken/text.jpg": "not_an_image",
        "broken/truncated.jpg": "truncated",
        "broken/bomb.png": "too_many_pixels",
    }
    ids = {live.upload(samples / name, f"{name}"): cause for name, cause in expected.items()}
    good = live.upload(samples / PHOTO, "good.jpg")
    images = live.settled([*ids, good])
    assert {image_id: str(images[image_id].cause) for image_id in ids} == ids
    assert all(images[image_id].message for image_id in ids)
    assert images[good].status is Status.READY
    assert live.counts() == Counts(ready=1, failed_by_cause=dict.fromkeys(expected.values(), 1))
    live.idle()
    # The record reports an image's own fault. The DLQ is for failures of the system.
    assert live.deployment.queues.depth(live.settings.bulk_dlq_url).waiting == 0


def test_deleting_an_original_removes_its_variants_and_marks_it_deleted(live: LiveFleet, samples: Path) -> None:
    key = live.key("photo.jpg")
    image_id = live.upload(samples / PHOTO, "photo.jpg")
    live.settled([image_id])
    live.deployment.s3.delete_object(Bucket=live.settings.uploads_bucket, Key=key)
    eventually(lambda: live.image(image_id).status is Status.DELETED)
    live.idle()
    assert live.results(image_id) == set()
    assert live.image(image_id).variants == ()
    assert live.counts() == Counts(deleted=1)


def test_an_upload_after_the_removal_lives_again(live: LiveFleet, samples: Path) -> None:
    key = live.key("photo.jpg")
    image_id = live.upload(samples / PHOTO, "photo.jpg")
    live.settled([image_id])
    live.deployment.s3.delete_object(Bucket=live.settings.uploads_bucket, Key=key)
    eventually(lambda: live.image(image_id).status is Status.DELETED)
    live.upload(samples / PHOTO, "photo.jpg")
    eventually(lambda: live.image(image_id).status is Status.READY)
    assert len(live.results(image_id)) == 3


def test_a_key_outside_the_scheme_belongs_to_the_default_owner(live: LiveFleet, samples: Path) -> None:
    key = f"holiday photo {live.owner}.jpg"
    live.deployment.s3.upload_file(str(samples / PHOTO), live.settings.uploads_bucket, key)
    image = live.settled([live.id_of(key)])[live.id_of(key)]
    assert (image.status, image.owner, image.batch) == (Status.READY, "default", None)


def test_a_sealed_batch_is_announced_once_with_its_totals(live: LiveFleet, samples: Path) -> None:
    names = ["photos/progressive.jpg", "photos/greyscale.jpg", "broken/text.jpg"]
    live.deployment.batches.create(live.owner, "b1")
    ids = [live.upload(samples / name, f"{name}") for name in names]
    # Workers may have recorded all images before this: then the seal itself completes the batch.
    seal(live.deployment, live.owner, "b1")
    live.settled(ids)
    live.idle()
    [document] = [n["document"] for n in live.notices() if n["attributes"]["kind"] == "batch.completed"]
    assert (document["images"], document["ready"], document["failed_by_cause"]) == (3, 2, {"not_an_image": 1})


def test_a_batch_is_processed_with_its_own_recipe_and_a_copy_carries_the_original(
    live: LiveFleet, samples: Path
) -> None:
    recipe = parse('name = "own"\n[[variants]]\nname = "original"\ncopy = true\n', "own")
    ref = RecipeRef(name="own", digest=recipe.digest)
    live.deployment.recipe_texts.put(ref, recipe.to_text())
    live.deployment.batches.create(live.owner, live.batch, ref)
    image_id = live.upload(samples / PHOTO, "photo.jpg")
    image = live.settled([image_id])[image_id]
    assert image.recipe == ref
    [copy] = image.variants
    stored = live.deployment.s3.get_object(Bucket=live.settings.results_bucket, Key=copy.key)["Body"].read()
    assert stored == (samples / PHOTO).read_bytes()
    assert copy.sha256 == image.sha256


def test_an_image_too_large_for_bulk_is_done_by_heavy_without_costing_an_attempt(
    live: LiveFleet, samples: Path
) -> None:
    image_id = live.upload(samples / "photos/harbour at dusk.jpg", "large.jpg")
    image = live.settled([image_id])[image_id]
    assert (image.status, image.lane, image.attempts) == (Status.READY, Lane.HEAVY, 1)


def test_the_original_is_tagged_beside_its_own_tags(live: LiveFleet, samples: Path) -> None:
    where: Any = {"Bucket": live.settings.uploads_bucket, "Key": live.key("photo.jpg")}
    live.deployment.s3.put_object(**where, Body=(samples / PHOTO).read_bytes(), Tagging="project=x")
    live.settled([live.id_of(where["Key"])])
    live.idle()
    tags = {tag["Key"]: tag["Value"] for tag in live.deployment.s3.get_object_tagging(**where)["TagSet"]}
    assert (tags["project"], tags["pixelfleet-status"]) == ("x", "ready")
