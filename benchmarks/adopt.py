"""What an adoption of millions of keys holds: peak memory, CPU and the size of its journal.

    python -m benchmarks.adopt [--keys 100000 1000000]

Each size is a process of its own. The process reads a gzipped S3 Inventory from the disk, and adopts every key through
the real code of the catalog and of the journal. DynamoDB and SQS are stand-ins that keep nothing: no key has a record,
so that each costs a record and a job. Target: the peak does not grow with the keys.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.reconcile import BUCKET, make_inventory
from pixelfleet.aws.listing import Listings
from pixelfleet.catalog.batches import Batches
from pixelfleet.catalog.images import Images
from pixelfleet.domain.jobs import Job
from pixelfleet.domain.registry import Registry
from pixelfleet.operations.adoption.order import Adoption
from pixelfleet.operations.adoption.run import AdoptionResult, adopt
from pixelfleet.settings import Settings
from tests.process_memory import memory_of


class Nothing:
    """DynamoDB without items: takes every write, and keeps none."""

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {}

    def batch_get_item(self, **_: Any) -> dict[str, Any]:
        return {"Responses": {}}

    def put_item(self, **_: Any) -> dict[str, Any]:
        return {}

    def transact_write_items(self, **_: Any) -> dict[str, Any]:
        return {}


class Lanes:
    """Takes jobs and keeps none."""

    def send(self, *_: object) -> list[Job]:
        return []


def deployment() -> Any:
    client, no_client = Nothing(), None
    made: Any = client
    none: Any = no_client
    return SimpleNamespace(
        settings=Settings(uploads_bucket="others"),
        images=Images(made, "images", "batches"),
        batches=Batches(made, "batches"),
        recipe_registry=SimpleNamespace(get=Registry),
        activity=SimpleNamespace(note=lambda *_: None),
        listings=Listings(none),
        queues=Lanes(),
    )


def measure(keys: int) -> dict[str, float]:
    """One adoption, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        manifest = make_inventory(Path(folder), keys)
        before, journal = memory_of("self"), [0]

        def progress(_: AdoptionResult) -> None:
            journal[0] = sum(file.stat().st_size for file in Path(folder).rglob("*.sqlite*"))

        order = Adoption("bench", BUCKET, owner="museum", batch="all", inventory=str(manifest))
        cpu = resource.getrusage(resource.RUSAGE_SELF)
        result = adopt(deployment(), order, progress)
        used = resource.getrusage(resource.RUSAGE_SELF)
        assert result.sent == keys
        seconds = used.ru_utime + used.ru_stime - cpu.ru_utime - cpu.ru_stime
        return {
            "keys": keys,
            "mb_before": round(before / 1e6, 1),
            "mb_at_peak": round(memory_of("self") / 1e6, 1),
            "cpu_us_a_key": round(seconds / keys * 1e6, 1),
            "journal_mb": round(journal[0] / 1e6, 1),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--here", action="store_true", help="measure in this process")
    options = parser.parse_args()
    for keys in options.keys:
        if options.here:
            print(json.dumps(measure(keys)))
        else:
            subprocess.run([sys.executable, "-m", "benchmarks.adopt", "--here", "--keys", str(keys)], check=True)


if __name__ == "__main__":
    main()
