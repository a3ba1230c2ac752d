"""`pixelfleet upload` and `provision` against an embedded cloud."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pixelfleet.bootstrap import Fleet
from pixelfleet.settings import Settings
from tests.integration.cli.command import run


@pytest.fixture
def env(settings: Settings, cloud_environment: dict[str, str]) -> dict[str, str]:
    return cloud_environment


def _keys(settings: Settings) -> dict[str, int]:
    answer = Fleet(settings).s3.list_objects_v2(Bucket=settings.uploads_bucket)
    return {entry["Key"]: entry["Size"] for entry in answer.get("Contents", [])}


def test_files_land_under_owner_and_batch_and_failures_are_told(
    settings: Settings, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/a +%2F ü.jpg").write_bytes(b"123")
    (tmp_path / "in/sub/b.jpg").write_bytes(b"12345")
    (tmp_path / "in/sub" / os.fsdecode(b"\xff.jpg")).write_bytes(b"1")
    (tmp_path / "in/gone.jpg").symlink_to("nowhere")
    finished = run("upload", str(tmp_path / "in"), "--owner", "me", "--batch", "b1", "--json", env=env)
    told: dict[str, Any] = json.loads(finished.stdout)

    assert finished.returncode == 1
    assert _keys(settings) == {
        "uploads/me/b1/a +%2F ü.jpg": 3,
        "uploads/me/b1/sub/b.jpg": 5,
        "uploads/me/b1/sub/%FF.jpg": 1,
    }
    assert (told["uploaded"], told["bytes"]) == (3, 9)
    assert told["place"] == f"s3://{settings.uploads_bucket}/uploads/me/b1/"
    [failed] = told["failed"]
    assert failed["source"].endswith("gone.jpg")
    assert "nowhere" in failed["message"]


def test_a_bucket_that_is_not_there_is_told_once_and_clearly(env: dict[str, str], tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number}.jpg").write_bytes(b"x")
    finished = run("upload", str(tmp_path), env=env | {"PIXELFLEET_UPLOADS_BUCKET": "no-such-bucket"})

    assert finished.returncode == 2
    assert finished.stderr.count("NoSuchBucket") == 1
    assert "nothing can be put into s3://no-such-bucket" in finished.stderr


def test_without_credentials_the_way_to_some_is_told(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    bare = {name: value for name, value in env.items() if name not in {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}}
    finished = run("upload", str(tmp_path), env=bare)

    assert finished.returncode == 2
    assert "no AWS credentials were found" in finished.stderr


def test_a_large_file_goes_in_parts_and_arrives_whole(settings: Settings, env: dict[str, str], tmp_path: Path) -> None:
    with (tmp_path / "big.tif").open("wb") as file:
        file.truncate(70_000_000)
    finished = run("upload", str(tmp_path / "big.tif"), "--batch", "b1", env=env)

    assert finished.returncode == 0, finished.stderr
    assert _keys(settings) == {"uploads/default/b1/big.tif": 70_000_000}


def test_provision_tells_what_it_made_and_what_was_there(env: dict[str, str]) -> None:
    finished = run("provision", env=env | {"PIXELFLEET_PREFIX": env["PIXELFLEET_PREFIX"] + "-x"})
    again = run("provision", "--json", env=env | {"PIXELFLEET_PREFIX": env["PIXELFLEET_PREFIX"] + "-x"})

    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.count(" made\n") == 15
    assert [item["made"] for item in json.loads(again.stdout)["resources"]] == [False] * 15
