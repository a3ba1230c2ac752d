"""`pixelfleet upload` and `provision` against an embedded cloud."""

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pixelfleet.deployment import Deployment
from pixelfleet.settings import Settings
from tests.integration.cli.command import PIXELFLEET, run, start
from tests.integration.cli.conftest import JPEG
from tests.waiting import PATIENCE, eventually

MB = 1_000_000
#: A slow upload of tiny files: a run of hundreds of files is still in progress when the test kills the run.
SLOWLY = ("--max-bandwidth", "5k")


def stored(settings: Settings) -> dict[str, int]:
    answer = Deployment(settings).s3.list_objects_v2(Bucket=settings.uploads_bucket)
    return {entry["Key"]: entry["Size"] for entry in answer.get("Contents", [])}


def versions(settings: Settings) -> list[str]:
    """The key of every version. The key of a file that was put twice is in the list twice."""
    pages = Deployment(settings).s3.get_paginator("list_object_versions").paginate(Bucket=settings.uploads_bucket)
    return sorted(version["Key"] for page in pages for version in page.get("Versions", []))


def reported(finished: "subprocess.CompletedProcess[str]", code: int = 0) -> dict[str, Any]:
    assert finished.returncode == code, finished.stderr
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


def journal(env: dict[str, str]) -> sqlite3.Connection:
    [path] = Path(env["XDG_CACHE_HOME"]).glob("pixelfleet/uploads/*.sqlite")
    return sqlite3.connect(path)


def images(folder: Path, count: int, size: int = 100) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:04}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(JPEG + f"{number:08}".encode() + b"x" * size)
    return paths


def test_files_are_stored_under_owner_and_batch_and_failures_are_reported(
    settings: Settings, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/a +%2F ü\n.jpg").write_bytes(JPEG + b"123")
    (tmp_path / "in/sub/b.jpg").write_bytes(JPEG + b"12345")
    (tmp_path / "in/sub" / os.fsdecode(b"\xff.jpg")).write_bytes(JPEG)
    (tmp_path / "in/gone.jpg").symlink_to("nowhere")
    (tmp_path / "in/loop").symlink_to(".")
    (tmp_path / "in/notes.jpg").write_text("not an image at all")
    (tmp_path / "in/empty.jpg").touch()
    document = reported(
        run("upload", str(tmp_path / "in"), "--owner", "me", "--batch", "b1", "--json", env=env), code=1
    )

    assert stored(settings) == {
        "uploads/me/b1/a +%2F ü\n.jpg": 7,
        "uploads/me/b1/sub/b.jpg": 9,
        "uploads/me/b1/sub/%FF.jpg": 4,
    }
    assert (document["uploaded"], document["bytes"], document["there_before"]) == (3, 20, 0)
    assert document["place"] == f"s3://{settings.uploads_bucket}/uploads/me/b1/"
    assert {Path(one["source"]).name for one in document["skipped"]} == {"notes.jpg", "empty.jpg"}
    [failed] = document["failed"]
    assert failed["source"].endswith("gone.jpg")
    assert "nowhere" in failed["message"]


@pytest.mark.slow
def test_the_batch_is_sealed_with_the_number_of_its_images_and_its_recipe(
    settings: Settings, env: dict[str, str], tmp_path: Path
) -> None:
    images(tmp_path / "in", 40)
    reported(run("upload", str(tmp_path / "in"), "--batch", "b1", "--recipe", "zoom", "--json", env=env))
    deployment = Deployment(settings)
    batch = deployment.batches.get("default", "b1")
    assert batch is not None
    assert (batch.expected, batch.completed_at) == (40, None)
    assert batch.recipe is not None
    assert deployment.recipe_texts.text(batch.recipe.digest)
    refused = run("upload", str(tmp_path / "in"), "--batch", "b1", "--recipe", "web", env=env)
    assert refused.returncode == 2
    assert "was begun with recipe 'zoom'" in refused.stderr


def test_s3_has_a_checksum_of_what_was_sent(settings: Settings, env: dict[str, str], tmp_path: Path) -> None:
    [path] = images(tmp_path / "in", 1)
    reported(run("upload", str(path), "--batch", "b1", "--json", env=env))
    head = Deployment(settings).s3.head_object(
        Bucket=settings.uploads_bucket, Key="uploads/default/b1/0000.jpg", ChecksumMode="ENABLED"
    )
    assert head["ChecksumSHA256"]
    assert head["ContentType"] == "image/jpeg"


def test_killed_in_the_middle_and_run_again_each_file_is_sent_once(
    settings: Settings, env: dict[str, str], tmp_path: Path
) -> None:
    paths = images(tmp_path / "in", 300)
    command = ("upload", str(tmp_path / "in"), "--owner", "me", "--batch", "b1", "--jobs", "2", "--json")
    with start(*command, *SLOWLY, env=env) as process:
        eventually(lambda: len(stored(settings)) >= 50)
        process.send_signal(signal.SIGKILL)
    assert len(stored(settings)) < 300
    document = reported(run(*command, env=env))

    expected = sorted(f"uploads/me/b1/{path.name}" for path in paths)
    assert versions(settings) == expected
    assert document["uploaded"] + document["there_before"] == 300
    assert document["there_before"] >= 50
    with closing(journal(env)) as db:
        rows = db.execute("SELECT key, size, done FROM files ORDER BY key").fetchall()
    assert rows == [(path.name, path.stat().st_size, 1) for path in paths]
    batch = Deployment(settings).batches.get("me", "b1")
    assert batch is not None
    assert batch.expected == 300


@pytest.mark.slow
def test_ctrl_c_notes_what_was_put_and_the_batch_stays_open(
    settings: Settings, env: dict[str, str], tmp_path: Path
) -> None:
    images(tmp_path / "in", 300)
    with start("upload", str(tmp_path / "in"), "--batch", "b1", "--jobs", "2", *SLOWLY, env=env) as process:
        eventually(lambda: len(stored(settings)) >= 20)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    with closing(journal(env)) as db:
        [done] = db.execute("SELECT count(*) FROM files WHERE done = 1").fetchone()
    assert done >= 20
    batch = Deployment(settings).batches.get("default", "b1")
    assert batch is not None
    assert batch.sealed_at is None


@pytest.mark.slow
def test_without_a_name_a_second_try_goes_on_with_the_batch_that_was_begun(
    settings: Settings, env: dict[str, str], tmp_path: Path
) -> None:
    images(tmp_path / "in", 300)
    with start("upload", str(tmp_path / "in"), "--jobs", "2", *SLOWLY, env=env) as process:
        eventually(lambda: len(stored(settings)) >= 20)
        process.send_signal(signal.SIGKILL)
    second = reported(run("upload", str(tmp_path / "in"), "--json", env=env))
    assert len(versions(settings)) == 300
    assert second["there_before"] >= 20
    third = reported(run("upload", str(tmp_path / "in"), "--json", env=env))
    assert third["place"] != second["place"]


def test_a_second_run_sends_only_what_changed_or_is_new(
    settings: Settings, env: dict[str, str], tmp_path: Path
) -> None:
    paths = images(tmp_path / "in", 5)
    command = ("upload", str(tmp_path / "in"), "--batch", "b1", "--json")
    reported(run(*command, env=env))
    paths[0].write_bytes(JPEG + b"changed")
    (tmp_path / "in/new.jpg").write_bytes(JPEG)
    document = reported(run(*command, env=env))
    assert (document["uploaded"], document["there_before"]) == (2, 4)
    assert versions(settings).count("uploads/default/b1/0000.jpg") == 2
    batch = Deployment(settings).batches.get("default", "b1")
    assert batch is not None
    assert batch.expected == 6


@pytest.mark.slow
def test_two_files_for_one_key_are_reported_and_neither_is_lost_silently(
    settings: Settings, env: dict[str, str], tmp_path: Path
) -> None:
    images(tmp_path / "one", 1)
    images(tmp_path / "two", 1)
    command = ("upload", str(tmp_path / "one"), str(tmp_path / "two"), "--batch", "b1", "--json")
    document = reported(run(*command, env=env), code=1)
    [failed] = document["failed"]
    assert failed["source"] == str(tmp_path / "two/0000.jpg")
    assert f"{tmp_path / 'one/0000.jpg'} goes to the same key" in failed["message"]
    assert len(stored(settings)) == 1


@pytest.mark.slow
def test_globs_choose_by_name_or_by_path(settings: Settings, env: dict[str, str], tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "raw/b.jpg", "raw/old/c.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(JPEG)
    reported(
        run(
            "upload",
            *(str(tmp_path / "in"), "--batch", "b1", "--json"),
            *("--include", "*.jpg", "--exclude", "raw/old/*"),
            env=env,
        )
    )
    assert set(stored(settings)) == {"uploads/default/b1/a.jpg", "uploads/default/b1/raw/b.jpg"}


@pytest.mark.slow
def test_a_bandwidth_that_is_set_is_kept_to(settings: Settings, env: dict[str, str], tmp_path: Path) -> None:
    images(tmp_path / "in", 4, size=500_000)
    began = time.monotonic()
    reported(run("upload", str(tmp_path / "in"), "--batch", "b1", "--max-bandwidth", "750k", "--json", env=env))
    # Two million bytes. The first half million is sent without a wait.
    assert time.monotonic() - began > 2.0


#: Root can read every file, but not without these capabilities.
HUMBLY = () if os.geteuid() else ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")


@pytest.mark.slow
@pytest.mark.skipif(bool(HUMBLY) and not shutil.which("setpriv"), reason="root, and no setpriv to be less")
def test_files_without_read_permission_are_reported(settings: Settings, env: dict[str, str], tmp_path: Path) -> None:
    closed, _ = images(tmp_path / "in", 2)
    closed.chmod(0)
    (tmp_path / "in/closed").mkdir(mode=0)
    command = [*HUMBLY, PIXELFLEET, "upload", str(tmp_path / "in"), "--batch", "b1", "--json"]
    finished = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    document = reported(finished, code=1)
    assert {Path(one["source"]).name: one["message"] for one in document["failed"]} == {
        "0000.jpg": "cannot be read: Permission denied",
        "closed": "the folder cannot be read: Permission denied",
    }
    assert document["uploaded"] == 1


@pytest.mark.slow
def test_without_a_matching_file_no_batch_is_begun(settings: Settings, env: dict[str, str], tmp_path: Path) -> None:
    images(tmp_path / "in", 1)
    finished = run("upload", str(tmp_path / "in"), "--batch", "b1", "--include", "*.png", env=env)
    assert finished.returncode == 2
    assert "nothing to upload" in finished.stderr
    assert Deployment(settings).batches.get("default", "b1") is None


@pytest.mark.slow
def test_a_batch_without_an_image_is_not_sealed(settings: Settings, env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    command = ("upload", str(tmp_path / "notes.txt"), "--batch", "b1", "--json")
    assert reported(run(*command, env=env))["sealed"] is False
    batch = Deployment(settings).batches.get("default", "b1")
    assert batch is not None
    assert batch.completed_at is None


@pytest.mark.slow
def test_a_journal_that_cannot_be_written_is_reported_with_a_remedy(env: dict[str, str], tmp_path: Path) -> None:
    images(tmp_path / "in", 1)
    (tmp_path / "file").touch()
    finished = run("upload", str(tmp_path / "in"), env=env | {"XDG_CACHE_HOME": str(tmp_path / "file")})
    assert finished.returncode == 2
    assert "set XDG_CACHE_HOME" in finished.stderr


@pytest.mark.slow
def test_a_disk_that_is_full_ends_it_with_a_clear_message(env: dict[str, str], tmp_path: Path) -> None:
    images(tmp_path / "in", 2_000, size=1)

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    finished = subprocess.run(
        [PIXELFLEET, "upload", str(tmp_path / "in"), "--batch", "b1"],
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        preexec_fn=small_files,
    )
    assert finished.returncode == 2
    assert "cannot be written" in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.slow
def test_a_batch_that_another_process_uploads_is_left_to_it(
    settings: Settings, env: dict[str, str], tmp_path: Path
) -> None:
    images(tmp_path / "in", 200)
    command = ("upload", str(tmp_path / "in"), "--batch", "b1", "--jobs", "1", "--max-bandwidth", "1k")
    with start(*command, env=env) as process:
        eventually(lambda: len(stored(settings)) >= 5)
        second = run(*command, env=env)
        process.send_signal(signal.SIGKILL)
    assert second.returncode == 2
    assert "is being uploaded by another process" in second.stderr


@pytest.mark.slow
def test_a_missing_bucket_is_reported_once_and_clearly(env: dict[str, str], tmp_path: Path) -> None:
    images(tmp_path / "in", 50)
    finished = run("upload", str(tmp_path / "in"), env=env | {"PIXELFLEET_UPLOADS_BUCKET": "no-such-bucket"})

    assert finished.returncode == 2
    assert finished.stderr.count("NoSuchBucket") == 1
    assert "nothing can be put into s3://no-such-bucket" in finished.stderr


def test_without_credentials_the_message_says_how_to_set_them(env: dict[str, str], tmp_path: Path) -> None:
    images(tmp_path / "in", 1)
    bare = {name: value for name, value in env.items() if name not in {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}}
    finished = run("upload", str(tmp_path / "in"), env=bare)

    assert finished.returncode == 2
    assert "no AWS credentials were found" in finished.stderr


@pytest.mark.slow
def test_a_large_file_goes_in_parts_and_arrives_whole(settings: Settings, env: dict[str, str], tmp_path: Path) -> None:
    with (tmp_path / "big.tif").open("wb") as file:
        file.write(b"II*\x00")
        file.truncate(70 * MB)
    command = ("upload", str(tmp_path / "big.tif"), "--batch", "b1", "--json")
    assert reported(run(*command, env=env))["uploaded"] == 1
    assert stored(settings) == {"uploads/default/b1/big.tif": 70 * MB}
    # Without the journal's entry, S3's checksum of checksums shows that the file need not be sent again.
    with closing(journal(env)) as db, db:
        db.execute("UPDATE files SET done = 0")
    assert reported(run(*command, env=env))["there_before"] == 1


@pytest.mark.slow
def test_a_dry_run_predicts_and_sends_nothing(settings: Settings, env: dict[str, str], tmp_path: Path) -> None:
    run("samples", str(tmp_path / "in"), env=env)
    document = reported(run("upload", str(tmp_path / "in"), "--dry-run", "--workers", "4", "--json", env=env))
    assert document["rejects"]["not_an_image"] == 2
    assert document["formats"]["jpeg"] >= 5
    assert document["seconds"] > 0
    assert document["usd_in_all"] == pytest.approx(sum(document["usd"].values()), abs=1e-5)
    assert stored(settings) == {}
    shown = run("upload", str(tmp_path / "in"), "--dry-run", env=env)
    assert "rejected as not_an_image" in shown.stdout
    assert "prices of 2026-11-20" in shown.stdout


def test_provision_prints_new_and_existing_resources(env: dict[str, str]) -> None:
    finished = run("provision", env=env | {"PIXELFLEET_PREFIX": env["PIXELFLEET_PREFIX"] + "-x"})
    again = run("provision", "--json", env=env | {"PIXELFLEET_PREFIX": env["PIXELFLEET_PREFIX"] + "-x"})

    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.count(" made\n") == 15
    assert [item["made"] for item in json.loads(again.stdout)["resources"]] == [False] * 15
