"""Reconcile: objects with lost events, old recipes, abandoned work, and results that no record names."""

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
from pixelfleet.domain.jobs import Job, JobKind, Origin
from pixelfleet.domain.records import Image, RecipeRef, Status, timestamp
from pixelfleet.domain.transitions import Aim
from pixelfleet.recipes import Recipe
from tests.e2e.conftest import LiveFleet
from tests.integration.cli.command import run
from tests.waiting import eventually

pytestmark = pytest.mark.slow

TINY = 'name = "{name}"\n[[variants]]\nname = "thumb"\nbox = {box}\nformat = "jpeg"\n'


@pytest.fixture
def env(live: LiveFleet, tmp_path: Path) -> dict[str, str]:
    return os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "p.png"
    Picture.new("RGB", (24, 16), "teal").save(path)
    return path


def stored(live: LiveFleet, folder: Path, name: str, box: int) -> tuple[Recipe, RecipeRef, Path]:
    path = folder / f"{name}.toml"
    path.write_text(TINY.format(name=name, box=box))
    recipe = recipes.load(str(path))
    ref = RecipeRef(name=recipe.name, digest=recipe.digest)
    live.deployment.recipe_texts.put(ref, recipe.to_text())
    return recipe, ref, path


@contextmanager
def events_lost(live: LiveFleet) -> Iterator[None]:
    bucket = live.settings.uploads_bucket
    kept: Any = live.deployment.s3.get_bucket_notification_configuration(Bucket=bucket)
    kept.pop("ResponseMetadata")
    live.deployment.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        live.deployment.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=kept)


def put(live: LiveFleet, picture: Path, batch: str, count: int) -> list[str]:
    keys = [f"uploads/{live.owner}/{batch}/{number:03}.png" for number in range(count)]
    for key in keys:
        live.deployment.s3.put_object(
            Bucket=live.settings.uploads_bucket, Key=key, Body=picture.read_bytes(), ContentType="image/png"
        )
    return [live.id_of(key) for key in keys]


def reconcile(live: LiveFleet, env: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = ("reconcile", "--prefix", f"uploads/{live.owner}/", "--older-than", "0", "--json", *arguments)
    finished = run(*command, env=env)
    assert finished.returncode == 0, finished.stderr
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


def test_100_lost_events_and_50_old_recipes_are_repaired_and_nothing_else(
    live: LiveFleet, env: dict[str, str], picture: Path, tmp_path: Path
) -> None:
    _, old, _ = stored(live, tmp_path, "old", 8)
    _, new, new_file = stored(live, tmp_path, "new", 12)
    live.deployment.batches.create(live.owner, "old", old)
    for name in ("new", "lost"):
        live.deployment.batches.create(live.owner, name, new)
    made_old = put(live, picture, "old", 50)
    made_new = put(live, picture, "new", 30)
    with events_lost(live):
        lost = put(live, picture, "lost", 100)
    live.settled([*made_old, *made_new])
    live.idle()
    # Wait for the notices too: a settled record may still have a pending notice.
    before = live.deployment.images.get_many(made_new)

    arguments = ("--recipe", str(new_file))
    assert reconcile(live, env, *arguments, "--dry-run")["sent"] == 0
    assert live.deployment.images.get_many(lost) == {}
    reported = reconcile(live, env, *arguments)
    assert reported["found"] == {"missing": 100, "outdated": 50, "known": 30}
    assert reported["sent"] == 150

    def made_anew() -> dict[str, Image] | None:
        images = live.deployment.images.get_many([*lost, *made_old])
        done = [i for i in images.values() if i.status is Status.READY and i.recipe == new]
        return images if len(done) == 150 else None

    eventually(made_anew)
    live.idle()
    untouched = live.deployment.images.get_many(made_new)
    assert untouched == {image_id: before[image_id] for image_id in made_new}
    assert reconcile(live, env, *arguments)["found"] == {"known": 180}
    [first, *_] = live.deployment.activity.actions()
    assert (first.what, first.on) == ("reconcile", f"uploads/{live.owner}/")


def test_an_adopted_object_has_the_revision_that_its_event_would_have_given_it(
    live: LiveFleet, env: dict[str, str], picture: Path
) -> None:
    with events_lost(live):
        [image_id] = put(live, picture, "b1", 1)
    reconcile(live, env)
    adopted = live.settled([image_id])[image_id]
    live.idle()
    late = Job(JobKind.PROCESS, adopted.bucket, adopted.key, adopted.version_id, adopted.etag, "0A", adopted.bytes)
    live.deployment.queues.send(adopted.lane, [late])
    live.idle()
    after = live.image(image_id)
    assert (after.revision, after.attempts, after.finished_at) == (adopted.revision, 1, adopted.finished_at)


def test_what_was_claimed_and_then_forgotten_is_taken_up_again(
    live: LiveFleet, env: dict[str, str], picture: Path
) -> None:
    with events_lost(live):
        [image_id] = put(live, picture, "b1", 1)
    head = live.deployment.objects.head(live.settings.uploads_bucket, live.key("000.png"))
    assert head is not None
    job = Job(JobKind.PROCESS, head.bucket, head.key, head.version_id, head.etag, "05", head.bytes, Origin.EVENT)
    aim = Aim(job, RecipeRef(name="web", digest="x"), "r1", "a worker that died", timestamp())
    live.deployment.images.claim(aim, 5, None)
    assert reconcile(live, env)["found"] == {"stuck": 1}
    assert live.settled([image_id])[image_id].status is Status.READY


def test_a_newer_version_whose_event_was_lost_is_processed(
    live: LiveFleet, env: dict[str, str], picture: Path, samples: Path
) -> None:
    [image_id] = put(live, picture, "b1", 1)
    first = live.settled([image_id])[image_id]
    live.idle()
    with events_lost(live):
        put(live, samples / "photos/greyscale.jpg", "b1", 1)
    assert reconcile(live, env)["found"] == {"changed": 1}
    eventually(lambda: live.image(image_id).revision != first.revision)


def test_an_inventory_is_read_instead_of_the_bucket(
    live: LiveFleet, env: dict[str, str], picture: Path, tmp_path: Path
) -> None:
    known = put(live, picture, "b1", 2)
    live.settled(known)
    live.idle()
    with events_lost(live):
        [lost] = put(live, picture, "b2", 1)
    listed = live.deployment.s3.list_objects_v2(Bucket=live.settings.uploads_bucket, Prefix=f"uploads/{live.owner}/")[
        "Contents"
    ]
    rows = [f'"{quote(e["Key"])}",{e["Size"]},{e["LastModified"].isoformat()},{e["ETag"]}' for e in listed]
    (tmp_path / "0.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    manifest = {
        "sourceBucket": live.settings.uploads_bucket,
        "destinationBucket": "arn:aws:s3:::inventories",
        "fileFormat": "CSV",
        "fileSchema": "Key, Size, LastModifiedDate, ETag",
        "files": [{"key": "0.csv.gz", "size": 1}],
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    reported = reconcile(live, env, "--inventory", str(tmp_path / "manifest.json"))
    assert reported["found"] == {"known": 2, "missing": 1}
    assert live.settled([lost])[lost].status is Status.READY


def test_failed_images_are_left_to_redrive(live: LiveFleet, env: dict[str, str], samples: Path) -> None:
    image_id = live.upload(samples / "broken/text.jpg", "text.jpg")
    live.settled([image_id])
    reported = reconcile(live, env, "--outdated")
    assert (reported["found"], reported["sent"]) == ({"failed": 1}, 0)


def test_a_sweep_deletes_what_no_record_names_and_removes_what_has_no_original(
    live: LiveFleet, env: dict[str, str], picture: Path
) -> None:
    kept, gone = put(live, picture, "b1", 2)
    live.settled([kept, gone])
    live.idle()
    results = live.settings.results_bucket
    orphan = f"{live.owner}/{kept}/{'0' * 32}/thumb.webp"
    unexplained = f"{live.owner}/{'a' * 32}/{'0' * 32}/thumb.webp"
    for key in (orphan, unexplained):
        live.deployment.s3.put_object(Bucket=results, Key=key, Body=b"x")
    with events_lost(live):
        live.deployment.s3.delete_object(Bucket=live.settings.uploads_bucket, Key=live.key("001.png"))
    dry = reconcile(live, env, "--sweep", "--dry-run")["swept"]
    assert orphan in live.results(kept)
    reported = reconcile(live, env, "--sweep")["swept"]
    assert (dry["orphaned"], reported["orphaned"], reported["removed"]) == (reported["orphaned"], 1, 1)
    assert reported["unexplained"] >= 1
    eventually(lambda: live.image(gone).status is Status.DELETED)
    live.idle()
    assert live.results(kept) == {variant.key for variant in live.image(kept).variants}
    assert live.results(gone) == set()
    assert live.deployment.s3.head_object(Bucket=results, Key=unexplained)


def test_a_complete_batch_that_nobody_announced_is_announced(
    live: LiveFleet, env: dict[str, str], picture: Path
) -> None:
    live.deployment.batches.create(live.owner, "b1")
    ids = put(live, picture, "b1", 2)
    live.settled(ids)
    live.idle()
    live.deployment.batches.seal(live.owner, "b1", ids)
    reconcile(live, env)
    kinds = [notice["attributes"]["kind"] for notice in live.notices()]
    assert kinds.count("batch.completed") == 1
