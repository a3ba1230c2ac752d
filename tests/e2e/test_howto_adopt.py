"""Runs every command of docs/howto/adopt.md and of the tutorial about an existing bucket, in order."""

import csv
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Status
from tests.e2e.conftest import LiveFleet
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
MASTERS = "museum-masters"
PICTURES = ("scans/2024/a.jpg", "scans/b.jpg", "paintings/oils/c.jpg")


def commands(page: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def carry_out(page: str, folder: Path, live: LiveFleet) -> None:
    """Each command must succeed. A check ends with 1, because the page's bucket has no events."""
    env = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(folder / "cache")}
    for command in commands(page):
        line = command.replace(".venv/bin/", "")
        if line.startswith("pixelfleet adopt ") and "--yes" not in line:
            # The person at the terminal agrees.
            line += " --yes"
        if "batch watch" in line:
            live.idle()
        done = subprocess.run(
            line, shell=True, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        expected = 1 if "--check" in line else 0
        assert done.returncode == expected, f"{command}\n{done.stdout}{done.stderr}"


def inventory(live: LiveFleet, modified: str = "2026-11-01T00:00:00.000Z") -> None:
    """The inventory that the page names."""
    text = io.StringIO()
    rows = csv.writer(text, quoting=csv.QUOTE_ALL)
    rows.writerows((MASTERS, key, 1000, modified, "e1") for key in PICTURES)
    manifest = {
        "sourceBucket": MASTERS,
        "destinationBucket": "arn:aws:s3:::inventories",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size, LastModifiedDate, ETag",
        "files": [{"key": "data.csv.gz"}],
    }
    s3 = live.deployment.s3
    s3.create_bucket(Bucket="inventories")
    s3.put_object(Bucket="inventories", Key="data.csv.gz", Body=gzip.compress(text.getvalue().encode()))
    place = "museum-masters/daily/2026-11-20T01-00Z/manifest.json"
    s3.put_object(Bucket="inventories", Key=place, Body=json.dumps(manifest).encode())


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_command_of_the_page_works_and_every_picture_of_the_bucket_is_ready(
    live: LiveFleet, samples: Path, tmp_path: Path
) -> None:
    s3 = live.deployment.s3
    s3.create_bucket(Bucket=MASTERS)
    for key in PICTURES:
        s3.upload_file(str(samples / "photos/greyscale.jpg"), MASTERS, key)
    inventory(live)
    carry_out("docs/howto/adopt.md", tmp_path, live)
    records = live.settled(image_id(MASTERS, key) for key in PICTURES)
    assert {image.status for image in records.values()} == {Status.READY}
    assert len(list((tmp_path / "try").rglob("*.jpg"))) > 1


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_command_of_the_tutorial_works_and_the_originals_stay(
    live: LiveFleet, samples: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "demo/samples/photos"
    photos.mkdir(parents=True)
    for name in ("greyscale.jpg", "harbour at dusk.jpg"):
        shutil.copy(samples / "photos" / name, photos)
    carry_out("docs/tutorial/existing-bucket.md", tmp_path, live)
    live.idle()
    listed = live.deployment.s3.list_objects_v2(Bucket="old-pictures")["Contents"]
    keys = [entry["Key"] for entry in listed]
    assert keys == ["scans/greyscale.jpg", "scans/harbour at dusk.jpg", "scans/new.jpg"]
    records = live.settled(image_id("old-pictures", key) for key in keys)
    assert {(image.status, image.variants) for image in records.values()} == {(Status.DELETED, ())}
