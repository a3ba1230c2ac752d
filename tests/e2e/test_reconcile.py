"""Objects whose events were lost, recipes that grew old, work that nobody works on, results that nobody names."""

import gzip
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image as Picture

from pixelfleet import recipes
from pixelfleet.catalog.records import Image, RecipeRef, Status, timestamp
from pixelfleet.catalog.transitions import Aim
from pixelfleet.jobs import Job, JobKind, Origin
from pixelfleet.recipes import Recipe
from tests.e2e.conftest import Deployment, wait_for
from tests.integration.cli.command import run

TINY = 'name = "{name}"\n[[variants]]\nname = "thumb"\nbox = {box}\nformat = "jpeg"\n'


@pytest.fixture
def env(deployment: Deployment, tmp_path: Path) -> dict[str, str]:
    return os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "p.png"
    Picture.new("RGB", (24, 16), "teal").save(path)
    return path


def stored(deployment: Deployment, folder: Path, name: str, box: int) -> tuple[Recipe, RecipeRef, Path]:
    path = folder / f"{name}.toml"
    path.write_text(TINY.format(name=name, box=box))
    recipe = recipes.load(str(path))
    ref = RecipeRef(name=recipe.name, digest=recipe.digest)
    deployment.fleet.recipe_texts.put(ref, recipe.to_text())
    return recipe, ref, path


@contextmanager
def events_lost(deployment: Deployment) -> Iterator[None]:
    bucket = deployment.settings.uploads_bucket
    kept: Any = deployment.fleet.s3.get_bucket_notification_configuration(Bucket=bucket)
    kept.pop("ResponseMetadata")
    deployment.fleet.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        deployment.fleet.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=kept)


def put(deployment: Deployment, picture: Path, batch: str, count: int) -> list[str]:
    keys = [f"uploads/{deployment.owner}/{batch}/{number:03}.png" for number in range(count)]
    for key in keys:
        deployment.fleet.s3.put_object(
            Bucket=deployment.settings.uploads_bucket, Key=key, Body=picture.read_bytes(), ContentType="image/png"
        )
    return [deployment.id_of(key) for key in keys]


def reconcile(deployment: Deployment, env: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = ("reconcile", "--prefix", f"uploads/{deployment.owner}/", "--older-than", "0", "--json", *arguments)
    finished = run(*command, env=env)
    assert finished.returncode == 0, finished.stderr
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


def test_100_lost_events_and_50_old_recipes_are_found_and_nothing_else(
    deployment: Deployment, env: dict[str, str], picture: Path, tmp_path: Path
) -> None:
    _, old, _ = stored(deployment, tmp_path, "old", 8)
    _, new, new_file = stored(deployment, tmp_path, "new", 12)
    deployment.fleet.batches.create(deployment.owner, "old", old)
    for name in ("new", "lost"):
        deployment.fleet.batches.create(deployment.owner, name, new)
    made_old = put(deployment, picture, "old", 50)
    made_new = put(deployment, picture, "new", 30)
    with events_lost(deployment):
        lost = put(deployment, picture, "lost", 100)
    before = deployment.settled([*made_old, *made_new])
    deployment.idle()

    arguments = ("--recipe", str(new_file))
    assert reconcile(deployment, env, *arguments, "--dry-run")["sent"] == 0
    assert deployment.fleet.images.get_many(lost) == {}
    told = reconcile(deployment, env, *arguments)
    assert told["found"] == {"missing": 100, "outdated": 50, "known": 30}
    assert told["sent"] == 150

    def made_anew() -> dict[str, Image] | None:
        images = deployment.fleet.images.get_many([*lost, *made_old])
        done = [i for i in images.values() if i.status is Status.READY and i.recipe == new]
        return images if len(done) == 150 else None

    wait_for(made_anew)
    deployment.idle()
    untouched = deployment.fleet.images.get_many(made_new)
    assert untouched == {image_id: before[image_id] for image_id in made_new}
    assert reconcile(deployment, env, *arguments)["found"] == {"known": 180}
    [first, *_] = deployment.fleet.activity.actions()
    assert (first.what, first.on) == ("reconcile", f"uploads/{deployment.owner}/")


def test_an_adopted_object_has_the_revision_that_its_event_would_have_given_it(
    deployment: Deployment, env: dict[str, str], picture: Path
) -> None:
    with events_lost(deployment):
        [image_id] = put(deployment, picture, "b1", 1)
    reconcile(deployment, env)
    adopted = deployment.settled([image_id])[image_id]
    deployment.idle()
    late = Job(JobKind.PROCESS, adopted.bucket, adopted.key, adopted.version_id, adopted.etag, "0A", adopted.bytes)
    deployment.fleet.queues.send(adopted.lane, [late])
    deployment.idle()
    after = deployment.image(image_id)
    assert (after.revision, after.attempts, after.finished_at) == (adopted.revision, 1, adopted.finished_at)


def test_what_was_claimed_and_then_forgotten_is_taken_up_again(
    deployment: Deployment, env: dict[str, str], picture: Path
) -> None:
    with events_lost(deployment):
        [image_id] = put(deployment, picture, "b1", 1)
    head = deployment.fleet.objects.head(deployment.settings.uploads_bucket, deployment.key("000.png"))
    assert head is not None
    job = Job(JobKind.PROCESS, head.bucket, head.key, head.version_id, head.etag, "05", head.bytes, Origin.EVENT)
    aim = Aim(job, RecipeRef(name="web", digest="x"), "r1", "a worker that died", timestamp())
    deployment.fleet.images.claim(aim, 5, None)
    assert reconcile(deployment, env)["found"] == {"stuck": 1}
    assert deployment.settled([image_id])[image_id].status is Status.READY


def test_a_newer_version_whose_event_was_lost_is_processed(
    deployment: Deployment, env: dict[str, str], picture: Path, samples: Path
) -> None:
    [image_id] = put(deployment, picture, "b1", 1)
    first = deployment.settled([image_id])[image_id]
    deployment.idle()
    with events_lost(deployment):
        put(deployment, samples / "photos/greyscale.jpg", "b1", 1)
    assert reconcile(deployment, env)["found"] == {"changed": 1}
    wait_for(lambda: deployment.image(image_id).revision != first.revision)


def test_an_inventory_is_read_instead_of_the_bucket(
    deployment: Deployment, env: dict[str, str], picture: Path, tmp_path: Path
) -> None:
    known = put(deployment, picture, "b1", 2)
    deployment.settled(known)
    deployment.idle()
    with events_lost(deployment):
        [lost] = put(deployment, picture, "b2", 1)
    listed = deployment.fleet.s3.list_objects_v2(
        Bucket=deployment.settings.uploads_bucket, Prefix=f"uploads/{deployment.owner}/"
    )["Contents"]
    rows = [f'"{quote(e["Key"])}",{e["Size"]},{e["LastModified"].isoformat()},{e["ETag"]}' for e in listed]
    (tmp_path / "0.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    manifest = {
        "sourceBucket": deployment.settings.uploads_bucket,
        "destinationBucket": "arn:aws:s3:::inventories",
        "fileFormat": "CSV",
        "fileSchema": "Key, Size, LastModifiedDate, ETag",
        "files": [{"key": "0.csv.gz", "size": 1}],
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    told = reconcile(deployment, env, "--inventory", str(tmp_path / "manifest.json"))
    assert told["found"] == {"known": 2, "missing": 1}
    assert deployment.settled([lost])[lost].status is Status.READY


def test_failed_images_are_left_to_redrive(deployment: Deployment, env: dict[str, str], samples: Path) -> None:
    image_id = deployment.upload(samples / "broken/text.jpg", "text.jpg")
    deployment.settled([image_id])
    told = reconcile(deployment, env, "--outdated")
    assert (told["found"], told["sent"]) == ({"failed": 1}, 0)


def test_a_sweep_deletes_what_no_record_names_and_removes_what_has_no_original(
    deployment: Deployment, env: dict[str, str], picture: Path
) -> None:
    kept, gone = put(deployment, picture, "b1", 2)
    deployment.settled([kept, gone])
    deployment.idle()
    results = deployment.settings.results_bucket
    orphan = f"{deployment.owner}/{kept}/{'0' * 32}/thumb.webp"
    unexplained = f"{deployment.owner}/{'a' * 32}/{'0' * 32}/thumb.webp"
    for key in (orphan, unexplained):
        deployment.fleet.s3.put_object(Bucket=results, Key=key, Body=b"x")
    with events_lost(deployment):
        deployment.fleet.s3.delete_object(Bucket=deployment.settings.uploads_bucket, Key=deployment.key("001.png"))
    dry = reconcile(deployment, env, "--sweep", "--dry-run")["swept"]
    assert orphan in deployment.results(kept)
    told = reconcile(deployment, env, "--sweep")["swept"]
    assert (dry["orphaned"], told["orphaned"], told["removed"]) == (told["orphaned"], 1, 1)
    assert told["unexplained"] >= 1
    wait_for(lambda: deployment.image(gone).status is Status.DELETED)
    deployment.idle()
    assert deployment.results(kept) == {variant.key for variant in deployment.image(kept).variants}
    assert deployment.results(gone) == set()
    assert deployment.fleet.s3.head_object(Bucket=results, Key=unexplained)


def test_a_complete_batch_that_nobody_announced_is_announced(
    deployment: Deployment, env: dict[str, str], picture: Path
) -> None:
    deployment.fleet.batches.create(deployment.owner, "b1")
    ids = put(deployment, picture, "b1", 2)
    deployment.settled(ids)
    deployment.idle()
    deployment.fleet.batches.seal(deployment.owner, "b1", ids)
    reconcile(deployment, env)
    kinds = [notice["attributes"]["kind"] for notice in deployment.notices()]
    assert kinds.count("batch.completed") == 1
