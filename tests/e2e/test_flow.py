"""From an upload to variants, record and notice, through real processes: repeats, reordering, failures, removal."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from pixelfleet.catalog.records import Counts, RecipeRef, Status
from pixelfleet.jobs import Job, JobKind, Lane
from pixelfleet.recipes import parse
from tests.e2e.conftest import Deployment, wait_for

PHOTO = "photos/progressive.jpg"


def job_of(deployment: Deployment, key: str) -> Job:
    """The job that the producer would make of the key's newest version, without a sequencer of its own."""
    head = deployment.fleet.objects.head(deployment.settings.uploads_bucket, key)
    assert head is not None
    return Job(JobKind.PROCESS, head.bucket, key, head.version_id, head.etag, None, head.bytes)


def test_an_upload_becomes_variants_a_record_and_a_notice(deployment: Deployment, samples: Path) -> None:
    image_id = deployment.upload(samples / PHOTO, "photo.jpg")
    image = deployment.settled([image_id])[image_id]
    assert (image.status, image.owner, image.batch, image.attempts) == (Status.READY, deployment.owner, "b1", 1)
    assert {variant.key for variant in image.variants} == deployment.results(image_id)
    [notice] = wait_for(deployment.notices)
    assert notice["attributes"] == {
        "kind": "image.ready",
        "owner": deployment.owner,
        "batch": "b1",
        "recipe": "web",
    }
    assert notice["document"]["image_id"] == image_id
    assert [variant["name"] for variant in notice["document"]["variants"]] == ["thumb", "optimized", "enhanced"]


def test_the_same_object_uploaded_twice_is_one_record_with_the_newest_version(
    deployment: Deployment, samples: Path
) -> None:
    image_id = deployment.upload(samples / PHOTO, "photo.jpg")
    first = deployment.settled([image_id])[image_id]
    deployment.upload(samples / "photos/greyscale.jpg", "photo.jpg")
    second = wait_for(
        lambda: (
            image
            if (image := deployment.image(image_id)).status is Status.READY and image.revision != first.revision
            else None
        )
    )
    deployment.idle()
    assert deployment.image(image_id).superseded == ()
    assert deployment.results(image_id) == {variant.key for variant in second.variants}
    assert deployment.counts() == Counts(ready=1)


def test_an_event_delivered_twice_changes_nothing_the_second_time(deployment: Deployment, samples: Path) -> None:
    image_id = deployment.upload(samples / PHOTO, "photo.jpg")
    before = deployment.settled([image_id])[image_id]
    deployment.idle()
    again = replace(job_of(deployment, before.key), sequencer=before.sequencer)
    deployment.fleet.queues.send(Lane.BULK, [again, again])
    deployment.idle()
    after = deployment.image(image_id)
    assert (after.attempts, after.revision, after.finished_at) == (1, before.revision, before.finished_at)
    assert deployment.counts() == Counts(ready=1)
    assert len(deployment.notices()) == 1


def test_an_old_event_after_a_new_one_is_refused(deployment: Deployment, samples: Path) -> None:
    key = deployment.key("photo.jpg")
    image_id = deployment.upload(samples / PHOTO, "photo.jpg")
    first = deployment.settled([image_id])[image_id]
    old = replace(job_of(deployment, key), sequencer=first.sequencer)
    deployment.upload(samples / "photos/greyscale.jpg", "photo.jpg")
    newest = wait_for(
        lambda: (
            image
            if (image := deployment.image(image_id)).status is Status.READY and image.sequencer > first.sequencer
            else None
        )
    )
    deployment.idle()
    deployment.fleet.queues.send(Lane.BULK, [old])
    deployment.idle()
    after = deployment.image(image_id)
    assert (after.revision, after.source_version) == (newest.revision, newest.source_version)
    assert deployment.counts() == Counts(ready=1)


def test_each_broken_file_fails_with_its_own_cause_while_others_go_on(deployment: Deployment, samples: Path) -> None:
    expected = {
        "broken/empty.jpg": "empty",
        "broken/text.jpg": "not_an_image",
        "broken/truncated.jpg": "truncated",
        "broken/bomb.png": "too_many_pixels",
    }
    ids = {deployment.upload(samples / name, f"{name}"): cause for name, cause in expected.items()}
    good = deployment.upload(samples / PHOTO, "good.jpg")
    images = deployment.settled([*ids, good])
    assert {image_id: str(images[image_id].cause) for image_id in ids} == ids
    assert all(images[image_id].message for image_id in ids)
    assert images[good].status is Status.READY
    assert deployment.counts() == Counts(ready=1, failed_by_cause=dict.fromkeys(expected.values(), 1))
    deployment.idle()
    # The image's own fault is told by its record; the DLQ is for what the system failed.
    assert deployment.fleet.queues.depth(deployment.settings.bulk_dlq_url).waiting == 0


def test_deleting_an_original_removes_its_variants_and_marks_it_deleted(deployment: Deployment, samples: Path) -> None:
    key = deployment.key("photo.jpg")
    image_id = deployment.upload(samples / PHOTO, "photo.jpg")
    deployment.settled([image_id])
    deployment.fleet.s3.delete_object(Bucket=deployment.settings.uploads_bucket, Key=key)
    wait_for(lambda: deployment.image(image_id).status is Status.DELETED)
    deployment.idle()
    assert deployment.results(image_id) == set()
    assert deployment.image(image_id).variants == ()
    assert deployment.counts() == Counts(deleted=1)


def test_an_upload_after_the_removal_lives_again(deployment: Deployment, samples: Path) -> None:
    key = deployment.key("photo.jpg")
    image_id = deployment.upload(samples / PHOTO, "photo.jpg")
    deployment.settled([image_id])
    deployment.fleet.s3.delete_object(Bucket=deployment.settings.uploads_bucket, Key=key)
    wait_for(lambda: deployment.image(image_id).status is Status.DELETED)
    deployment.upload(samples / PHOTO, "photo.jpg")
    wait_for(lambda: deployment.image(image_id).status is Status.READY)
    assert len(deployment.results(image_id)) == 3


def test_a_key_outside_the_scheme_belongs_to_the_default_owner(deployment: Deployment, samples: Path) -> None:
    key = f"holiday photo {deployment.owner}.jpg"
    deployment.fleet.s3.upload_file(str(samples / PHOTO), deployment.settings.uploads_bucket, key)
    image = deployment.settled([deployment.id_of(key)])[deployment.id_of(key)]
    assert (image.status, image.owner, image.batch) == (Status.READY, "default", None)


def test_a_sealed_batch_is_announced_once_with_its_totals(deployment: Deployment, samples: Path) -> None:
    names = ["photos/progressive.jpg", "photos/greyscale.jpg", "broken/text.jpg"]
    deployment.fleet.batches.create(deployment.owner, "b1")
    ids = [deployment.upload(samples / name, f"{name}") for name in names]
    deployment.fleet.batches.seal(deployment.owner, "b1", ids)
    deployment.settled(ids)
    deployment.idle()
    [document] = [n["document"] for n in deployment.notices() if n["attributes"]["kind"] == "batch.completed"]
    assert (document["images"], document["ready"], document["failed_by_cause"]) == (3, 2, {"not_an_image": 1})


def test_a_batch_is_processed_with_its_own_recipe_and_a_copy_carries_the_original(
    deployment: Deployment, samples: Path
) -> None:
    recipe = parse('name = "own"\n[[variants]]\nname = "original"\ncopy = true\n', "own")
    ref = RecipeRef(name="own", digest=recipe.digest)
    deployment.fleet.recipe_texts.put(ref, recipe.to_text())
    deployment.fleet.batches.create(deployment.owner, deployment.batch, ref)
    image_id = deployment.upload(samples / PHOTO, "photo.jpg")
    image = deployment.settled([image_id])[image_id]
    assert image.recipe == ref
    [copy] = image.variants
    stored = deployment.fleet.s3.get_object(Bucket=deployment.settings.results_bucket, Key=copy.key)["Body"].read()
    assert stored == (samples / PHOTO).read_bytes()
    assert copy.sha256 == image.sha256


def test_an_image_too_large_for_bulk_is_done_by_heavy_without_costing_an_attempt(
    deployment: Deployment, samples: Path
) -> None:
    image_id = deployment.upload(samples / "photos/harbour at dusk.jpg", "large.jpg")
    image = deployment.settled([image_id])[image_id]
    assert (image.status, image.lane, image.attempts) == (Status.READY, Lane.HEAVY, 1)


def test_the_original_is_tagged_beside_its_own_tags(deployment: Deployment, samples: Path) -> None:
    where: Any = {"Bucket": deployment.settings.uploads_bucket, "Key": deployment.key("photo.jpg")}
    deployment.fleet.s3.put_object(**where, Body=(samples / PHOTO).read_bytes(), Tagging="project=x")
    deployment.settled([deployment.id_of(where["Key"])])
    deployment.idle()
    tags = {tag["Key"]: tag["Value"] for tag in deployment.fleet.s3.get_object_tagging(**where)["TagSet"]}
    assert (tags["project"], tags["pixelfleet-status"]) == ("x", "ready")
