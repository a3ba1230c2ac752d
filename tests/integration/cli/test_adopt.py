"""An adoption that is killed goes on where it stopped, and sends no job again for the pages that were done."""

import csv
import gzip
import io
import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Status
from pixelfleet.settings import Settings
from tests.integration.cli.command import environment, run, start
from tests.waiting import eventually

BUCKET = "older"
FILES, ROWS = 20, 10
#: Slow enough for a kill in the middle: the whole takes five seconds.
RATE = "40/s"


def inventory(folder: Path) -> Path:
    """An inventory of many small files. Each file of it is a page of the adoption."""
    files = []
    for number in range(FILES):
        text = io.StringIO()
        rows = csv.writer(text, quoting=csv.QUOTE_ALL)
        rows.writerows(
            (BUCKET, f"{number:02}/{row:02}.jpg", 4, "2026-01-01T00:00:00.000Z", "e1") for row in range(ROWS)
        )
        (folder / f"{number}.csv.gz").write_bytes(gzip.compress(text.getvalue().encode()))
        files.append({"key": f"{number}.csv.gz"})
    manifest = {
        "sourceBucket": BUCKET,
        "destinationBucket": "arn:aws:s3:::reports",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size, LastModifiedDate, ETag",
        "files": files,
    }
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest))
    return path


def done(cache: Path) -> tuple[int, int]:
    """The objects and the jobs of the pages that the journal of a killed adoption has."""
    [path] = cache.rglob("*.sqlite")
    with closing(sqlite3.connect(path)) as journal:
        [(seen,)] = journal.execute("SELECT count(*) FROM seen")
        [(sent,)] = journal.execute("SELECT sent FROM progress")
    return seen, sent


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_killed_adoption_goes_on_and_sends_no_job_again_for_what_is_done(
    settings: Settings, cloud_environment: dict[str, str], tmp_path: Path
) -> None:
    deployment = Deployment(settings)
    deployment.s3.create_bucket(Bucket=BUCKET)
    cache = tmp_path / "cache"
    env = environment(tmp_path / "t", **cloud_environment, XDG_CACHE_HOME=str(cache))
    order = [
        *("adopt", f"s3://{BUCKET}", "--owner", "museum", "--batch", "all", "--yes", "--json"),
        *("--inventory", str(inventory(tmp_path))),
    ]

    killed = start(*order, "--max-rate", RATE, env=env)
    try:
        eventually(lambda: deployment.queues.depth(settings.bulk_queue_url).waiting >= 4 * ROWS)
    finally:
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
    seen, sent = done(cache)
    assert 0 < seen == sent < FILES * ROWS

    again = run(*order, env=env)
    assert (again.returncode, "going on after" in again.stderr) == (0, True), again.stderr
    result = json.loads(again.stdout)
    assert (result["objects"], result["sent"]) == (FILES * ROWS - seen, FILES * ROWS - sent)
    ids = [image_id(BUCKET, f"{number:02}/{row:02}.jpg") for number in range(FILES) for row in range(ROWS)]
    records = deployment.images.get_many(ids)
    assert {(image.owner, image.batch, image.status) for image in records.values()} == {
        ("museum", "all", Status.QUEUED)
    }
    batch = deployment.batches.get("museum", "all")
    assert batch is not None
    assert (len(records), batch.expected) == (FILES * ROWS, FILES * ROWS)
    # Jobs of the page that the kill struck are sent twice at most.
    waiting = deployment.queues.depth(settings.bulk_queue_url).waiting
    assert FILES * ROWS <= waiting <= FILES * ROWS + ROWS
