"""What a reconcile of millions of keys holds: peak memory and CPU, from an S3 Inventory report that is made for it.

    python -m benchmarks.reconcile [--keys 100000 1000000]

Each size is a process of its own. The process reads a gzipped CSV report from the disk, and compares every key through
the real catalog code. DynamoDB and SQS are stand-ins that keep nothing: a record is made from the key's id at each
read, as `ready`. One key in a thousand has no record and is queued. Target: the peak does not grow with the keys.
"""

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pixelfleet.aws.listing import Listings
from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.catalog.batches import Batches
from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.items import image_item
from pixelfleet.domain.jobs import Job, Lane
from pixelfleet.domain.records import AttemptLine, Image, RecipeRef, Status, StoredVariant
from pixelfleet.operations.reconcile.compare import CompareOptions, Reconcile
from pixelfleet.operations.reconcile.listing import InventoryListing
from pixelfleet.operations.reconcile.verdict import Horizon
from pixelfleet.settings import Settings
from tests.process_memory import memory_of

BUCKET = "pixelfleet-uploads"
SCHEMA = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag"
ROWS = 100_000
MISSING_EVERY = 1_000
LONG_AGO = "2026-01-01T00:00:00.000Z"
WEB = RecipeRef(name="web", digest="d1")


def make_inventory(folder: Path, keys: int) -> Path:
    """A report of that many objects, 100,000 a file; returns its manifest."""
    files = []
    for number, first in enumerate(range(0, keys, ROWS)):
        name = f"{number:04}.csv.gz"
        with gzip.open(folder / name, "wt", compresslevel=1) as file:
            file.writelines(rows(range(first, min(first + ROWS, keys))))
        files.append({"key": name, "size": (folder / name).stat().st_size})
    manifest = {
        "sourceBucket": BUCKET,
        "destinationBucket": "arn:aws:s3:::inventories",
        "fileFormat": "CSV",
        "fileSchema": SCHEMA,
        "files": files,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder / "manifest.json"


def rows(numbers: range) -> Iterator[str]:
    for number in numbers:
        key = f"uploads/museum/b{number // 10_000:05}/scan+{number:010}.tif"
        yield f'"{BUCKET}","{key}","v{number}","true","false","25000000","{LONG_AGO}","e1"\n'


class MadeUp:
    """DynamoDB's answers, made up from the ids that are asked for."""

    def __init__(self) -> None:
        key = "uploads/museum/b00000/scan.tif"
        variant = StoredVariant(
            name="thumb", key=key, format="webp", width=320, height=240, bytes=9_000, content_type="i/w"
        )
        attempts = (AttemptLine(at=LONG_AGO, what="claimed"), AttemptLine(at=LONG_AGO, what="ready"))
        made = {"owner": "museum", "batch": "b00000", "etag": "e1", "version_id": "v1", "recipe": WEB}
        shown = {"variants": (variant,) * 3, "attempt_log": attempts, "uploaded_at": LONG_AGO}
        ready = Image(image_id="x", bucket=BUCKET, key=key, status=Status.READY, **made, **shown)
        self._item = to_attributes(image_item(ready))

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        return {
            "Responses": {
                name: [self._item | key for key in request["Keys"] if not is_missing(key["image_id"]["S"])]
                for name, request in RequestItems.items()
            }
        }


class Lanes:
    """Takes jobs and keeps none."""

    def send(self, lane: Lane, jobs: list[Job], group: str | None = None) -> list[Job]:  # noqa: ARG002 - as Queues has it
        return []


def is_missing(identity: str) -> bool:
    return zlib.crc32(identity.encode()) % MISSING_EVERY == 0


def reconcile(manifest: str) -> dict[str, float]:
    """One pass in this process; seconds of CPU, peak resident megabytes."""
    client: Any = MadeUp()
    deployment: Any = SimpleNamespace(
        settings=Settings(uploads_bucket=BUCKET),
        images=Images(client, "images", "batches"),
        batches=Batches(client, "batches"),
        objects=SimpleNamespace(head=lambda bucket, key: ObjectVersion(bucket, key, "v1", "e1", 9)),
        queues=Lanes(),
    )
    now = datetime.now(UTC)
    work = Reconcile(deployment, Horizon(now, dict.fromkeys(Lane, now)), CompareOptions("bench"))
    listing = InventoryListing(Listings(client), manifest, BUCKET, "")
    result = work.run(listing.pages(""), lambda _: None)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seen": result.seen,
        "sent": result.sent,
        "cpu": used.ru_utime + used.ru_stime,
        "mb": memory_of("self") / 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, nargs="+", default=[100_000, 1_000_000])
    given = parser.parse_args()
    child = "import sys, json; from benchmarks.reconcile import reconcile; print(json.dumps(reconcile(sys.argv[1])))"
    print("| keys | queued | CPU s | keys/s of CPU | peak MB |\n| ---: | ---: | ---: | ---: | ---: |")
    for keys in given.keys:
        with tempfile.TemporaryDirectory() as folder:
            manifest = make_inventory(Path(folder), keys)
            done = subprocess.run(
                [sys.executable, "-c", child, str(manifest)], capture_output=True, text=True, check=True
            )
        printed = json.loads(done.stdout)
        assert printed["seen"] == keys
        rate = keys / printed["cpu"]
        print(
            f"| {keys:,} | {printed['sent']:,} | {printed['cpu']:.0f} | {rate:,.0f} | {printed['mb']:.0f} |", flush=True
        )


if __name__ == "__main__":
    main()
