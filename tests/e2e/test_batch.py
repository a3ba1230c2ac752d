"""A batch from the upload to its removal, by a user's commands, through real processes."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixelfleet.domain.records import Status
from tests.e2e.conftest import LiveFleet
from tests.integration.cli.command import run
from tests.waiting import eventually

pytestmark = pytest.mark.slow

GOOD = ("photos/greyscale.jpg", "photos/progressive.jpg")
BROKEN = "broken/truncated.jpg"


@pytest.fixture
def env(live: LiveFleet, tmp_path: Path) -> dict[str, str]:
    return os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.fixture
def batch(live: LiveFleet, env: dict[str, str], samples: Path, tmp_path: Path) -> str:
    """Two good images and a broken image, uploaded and processed."""
    for number, name in enumerate((*GOOD, BROKEN)):
        path = tmp_path / f"in/sub {number}/a+ü.jpg"
        path.parent.mkdir(parents=True)
        path.write_bytes((samples / name).read_bytes())
    finished = run("upload", str(tmp_path / "in"), "--owner", live.owner, "--batch", "b1", "--watch", "--json", env=env)
    # One image failed. A script that waits for the batch must see the failure.
    assert finished.returncode == 1, finished.stderr
    uploaded = json.loads(finished.stdout)
    completed = uploaded["watched"]
    assert (uploaded["uploaded"], uploaded["sealed"]) == (3, True)
    assert (completed["ready"], completed["failed_by_cause"]) == (2, {"truncated": 1})
    return f"{live.owner}/b1"


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_manifest_is_what_lies_in_the_buckets(live: LiveFleet, env: dict[str, str], batch: str) -> None:
    finished = run("batch", "manifest", batch, "--verify", env=env)
    assert finished.returncode == 0, finished.stderr
    assert "3 of 3 images; 0 differences" in finished.stderr
    lines = lines_of(finished.stdout)
    assert [line["path"] for line in lines] == [f"sub {number}/a+ü.jpg" for number in range(3)]
    assert [(line["status"], line["cause"]) for line in lines] == [
        ("ready", None),
        ("ready", None),
        ("failed", "truncated"),
    ]
    for line in lines:
        source = line["source"]
        [bucket, key] = source["s3"].removeprefix("s3://").split("/", 1)
        original = live.deployment.s3.get_object(Bucket=bucket, Key=key, VersionId=source["version_id"])
        assert sha256(original["Body"].read()) == source["sha256"]
        for variant in line["variants"]:
            [bucket, key] = variant["s3"].removeprefix("s3://").split("/", 1)
            content = live.deployment.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            assert (len(content), sha256(content)) == (variant["bytes"], variant["sha256"])


def test_a_manifest_in_a_file_is_summed_up_for_scripts(env: dict[str, str], batch: str, tmp_path: Path) -> None:
    out = tmp_path / "b1.jsonl"
    finished = run("batch", "manifest", batch, "--verify", "--out", str(out), "--json", env=env)
    assert finished.returncode == 0, finished.stderr
    actual = json.loads(finished.stdout)
    assert (actual["lines"], actual["expected"], actual["differences"]) == (3, 3, [])
    assert len(lines_of(out.read_text())) == 3


def test_verify_reports_objects_that_were_tampered_with(live: LiveFleet, env: dict[str, str], batch: str) -> None:
    lines = lines_of(run("batch", "manifest", batch, env=env).stdout)
    [first, second] = [line["variants"][0]["s3"].removeprefix("s3://").split("/", 1)[1] for line in lines[:2]]
    results = live.settings.results_bucket
    live.deployment.s3.put_object(Bucket=results, Key=first, Body=b"something else")
    live.deployment.s3.delete_object(Bucket=results, Key=second)
    finished = run("batch", "manifest", batch, "--verify", env=env)
    assert finished.returncode == 1
    assert "sub 0/a+ü.jpg: thumb has SHA-256" in finished.stderr
    assert "sub 1/a+ü.jpg: thumb is not there" in finished.stderr


def test_a_download_fetches_what_is_missing_or_differs_and_nothing_else(
    env: dict[str, str], batch: str, tmp_path: Path
) -> None:
    dest = tmp_path / "out"
    first = run("batch", "download", batch, str(dest), "--json", env=env)
    assert first.returncode == 0, first.stderr
    report = json.loads(first.stdout)
    assert (report["ready"], report["failed"]) == (2, 1)
    files = [dest / variant["file"] for image in report["images"] for variant in image["variants"]]
    assert len(files) == 6
    assert all(path.stat().st_size for path in files)
    assert "fetched  6 variants; 0 were there" in first.stderr
    assert 'href="./' in (dest / "index.html").read_text()
    files[0].unlink()
    files[1].write_bytes(b"x" * files[1].stat().st_size)
    second = run("batch", "download", batch, str(dest), env=env)
    assert "fetched  2 variants; 4 were there" in second.stderr
    assert json.loads((dest / "report.json").read_text())["ready"] == 2


def test_list_show_and_watch_print_the_same_counts(env: dict[str, str], batch: str, live: LiveFleet) -> None:
    [listed] = json.loads(run("batch", "list", "--owner", live.owner, "--json", env=env).stdout)
    shown = json.loads(run("batch", "show", batch, "--json", env=env).stdout)
    watched = json.loads(run("batch", "watch", "b1", "--owner", live.owner, "--json", env=env).stdout)
    assert listed == shown == watched
    assert (shown["expected"], shown["ready"], shown["failed"]) == (3, 2, 1)
    missing = run("batch", "show", "nobody/nothing", env=env)
    assert missing.returncode == 2
    assert "there is no batch nobody/nothing" in missing.stderr


def test_show_prints_an_images_record_history_and_links(live: LiveFleet, env: dict[str, str], batch: str) -> None:
    key = f"uploads/{batch}/sub 0/a+ü.jpg"
    shown = json.loads(run("show", key, "--json", env=env).stdout)
    assert (shown["status"], [line["what"] for line in shown["attempt_log"]]) == ("ready", ["claimed", "ready"])
    assert "X-Amz-Signature" in shown["links"]["thumb"]
    by_id = run("show", shown["image_id"], env=env)
    assert f"s3://{live.settings.uploads_bucket}/{key}" in by_id.stdout


def test_rm_removes_originals_and_the_fleet_their_variants(live: LiveFleet, env: dict[str, str], batch: str) -> None:
    ids = [live.id_of(f"uploads/{batch}/sub {number}/a+ü.jpg") for number in range(3)]
    one = run("rm", f"uploads/{batch}/sub 0/a+ü.jpg", "--yes", "--json", env=env)
    assert json.loads(one.stdout) == {"removed": 1, "released": 0, "refused": []}
    rest = run("rm", "--batch", batch, "--yes", "--json", env=env)
    assert json.loads(rest.stdout)["removed"] >= 2
    eventually(lambda: all(live.image(image_id).status is Status.DELETED for image_id in ids))
    live.idle()
    assert [live.results(image_id) for image_id in ids] == [set(), set(), set()]
    actions = [action for action in live.deployment.activity.actions() if action.on == batch]
    assert [(action.what, action.details["removed"]) for action in actions] == [("rm", 2)]


def test_a_batch_made_by_the_aws_cli_alone_is_followed_too(live: LiveFleet, env: dict[str, str], samples: Path) -> None:
    ids = [live.upload(samples / name, name) for name in GOOD]
    live.settled(ids)
    shown = json.loads(run("batch", "show", f"{live.owner}/b1", "--json", env=env).stdout)
    assert (shown["ready"], shown["expected"], shown["completed_at"]) == (2, None, None)
    unproved = run("batch", "manifest", f"{live.owner}/b1", env=env)
    assert unproved.returncode == 1
    assert "not complete" in unproved.stderr
    sealed = json.loads(run("batch", "seal", f"{live.owner}/b1", "--json", env=env).stdout)
    assert sealed["expected"] == 2
    assert sealed["completed_at"]
    assert run("batch", "manifest", f"{live.owner}/b1", "--verify", env=env).returncode == 0
    kinds = [notice["attributes"]["kind"] for notice in live.notices()]
    assert kinds.count("batch.completed") == 1


def test_what_was_removed_before_the_seal_stands_for_no_other_image(
    live: LiveFleet, env: dict[str, str], samples: Path
) -> None:
    name = f"{live.owner}/b1"
    ids = [live.upload(samples / GOOD[0], f"{number}.jpg") for number in range(3)]
    live.settled(ids)
    run("rm", f"uploads/{name}/0.jpg", "--yes", env=env)
    eventually(lambda: live.image(ids[0]).status is Status.DELETED)
    sealed = json.loads(run("batch", "seal", name, "--json", env=env).stdout)
    assert (sealed["expected"], sealed["ready"], sealed["deleted"]) == (3, 2, 1)


def test_a_seal_of_nothing_is_refused(live: LiveFleet, env: dict[str, str]) -> None:
    finished = run("batch", "seal", f"{live.owner}/none", env=env)
    assert finished.returncode == 2
    assert "there is nothing at s3://" in finished.stderr


def test_a_least_score_fails_the_images_below_it_and_no_others(
    live: LiveFleet, env: dict[str, str], tmp_path: Path
) -> None:
    """The plain picture reaches the score at the least setting, the detailed one not even at the greatest."""
    (tmp_path / "in").mkdir()
    Image.new("RGB", (300, 200), (90, 120, 200)).save(tmp_path / "in/plain.png")
    Image.effect_noise((300, 200), 90).save(tmp_path / "in/noise.png")
    recipe = tmp_path / "aimed.toml"
    recipe.write_text(
        'name = "aimed"\n[[variants]]\nname = "a"\nformat = "jpeg"\nquality = { target = 0.99, min = 40, max = 50 }\n'
    )
    order = ("upload", str(tmp_path / "in"), "--owner", live.owner, "--batch", "gated", "--recipe", str(recipe))
    finished = run(*order, "--min-score", "0.98", "--watch", "--json", env=env)
    assert finished.returncode == 1, finished.stderr
    completed = json.loads(finished.stdout)["watched"]
    assert (completed["ready"], completed["failed_by_cause"]) == (1, {"below_quality": 1})
    scores = json.loads(run("batch", "quality", f"{live.owner}/gated", "--json", env=env).stdout)
    assert (scores["min_score"], [score["path"] for score in scores["lowest"]]) == (0.98, ["plain.png"])
