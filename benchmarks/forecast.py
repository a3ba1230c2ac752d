"""What `upload --dry-run` predicts, beside what the same upload then takes: files, bytes, pixels and time.

    python -m benchmarks.forecast [--photos 24] [--workers 1] [--recipe web] [--images DIR]

12-megapixel JPEGs, drawn or those of DIR, through an embedded fleet. The forecast gives every worker process a core of
its own; here they share two with the cloud and with other work, so what its core seconds are held against is the CPU
of the bulk lane's processes. Target: within a factor of 1.5 either way.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.photos import drawn
from benchmarks.queue import cpu
from pixelfleet.deployment import Deployment
from pixelfleet.localcloud.embedded import EmbeddedFleet, Plan, embedded_fleet
from pixelfleet.operations.batch_images import batch_images
from tests.chaos.harness import children_of

TARGET = 1.5


@dataclass(frozen=True)
class Compared:
    """One upload: as `--dry-run --json` predicted it, and what it was; `core` and `wall` in seconds."""

    predicted: dict[str, Any]
    files: int
    bytes: int
    megapixels: float
    core: float
    wall: float


def compare(sources: Path, recipe: str, workers: int, scratch: Path) -> Compared:
    options = [str(sources), "--batch", "bench", "--recipe", recipe]
    predicted = upload(*options, "--dry-run", "--workers", str(workers), scratch=scratch)
    with embedded_fleet(Plan(scratch / "data", workers, keeps=False)) as embedded:
        deployment = Deployment(embedded.settings)
        before, began = worker_cpu(embedded), time.monotonic()
        upload(*options, "--watch", scratch=scratch)
        wall, core = time.monotonic() - began, worker_cpu(embedded) - before
        ready = [image for image in batch_images(deployment.images, "default", "bench") if image.cause is None]
    pixels = sum((image.width or 0) * (image.height or 0) for image in ready) / 1_000_000
    return Compared(predicted, len(ready), sum(image.bytes or 0 for image in ready), pixels, core, wall)


def upload(*options: str, scratch: Path) -> dict[str, Any]:
    """Run it; returns its first line."""
    command = [str(Path(sys.executable).parent / "pixelfleet"), "upload", *options, "--json"]
    env = os.environ | {"XDG_CACHE_HOME": str(scratch / "cache")}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[0])
    return document


def worker_cpu(embedded: EmbeddedFleet) -> float:
    """Seconds of CPU of the bulk lane so far: its main process and its children."""
    [main] = [pid for name, pid in embedded.supervisor.pids().items() if "bulk" in name]
    return cpu(main) + sum(cpu(child) for child in children_of(main))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=24)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--recipe", default="web")
    parser.add_argument("--images", type=Path, help="folder of photographs; default drawn ones")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        sources = given.images or scratch / "in"
        if given.images is None:
            drawn(sources, given.photos)
        comparison = compare(sources, given.recipe, given.workers, scratch)
    forecast_row = comparison.predicted
    core = forecast_row["seconds"] * forecast_row["workers"]
    print("| | predicted | was |\n| --- | ---: | ---: |")
    print(f"| images | {forecast_row['files']:,} | {comparison.files:,} |")
    print(f"| bytes | {forecast_row['bytes']:,} | {comparison.bytes:,} |")
    print(f"| megapixels | {forecast_row['megapixels']:,} | {comparison.megapixels:,.1f} |")
    print(f"| core seconds | {core:.1f} | {comparison.core:.1f} |")
    print(
        f"| wall seconds, {forecast_row['workers']} workers | {forecast_row['seconds']:.1f} | {comparison.wall:.1f} |"
    )
    factor = max(core / comparison.core, comparison.core / core)
    print(f"\ncore seconds are off by a factor of {factor:.2f}; target {TARGET}")


if __name__ == "__main__":
    main()
