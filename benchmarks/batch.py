"""Many tiny images as one batch through the whole fleet: completed once, counters right, memory bounded.

    python -m benchmarks.batch [--images 20000] [--workers 2]

Images of a few hundred bytes, one in a hundred of them broken, by `pixelfleet upload --watch` into an embedded fleet.
A queue is subscribed to the notices and counts them. Memory is the peak of each process (VmHWM), children too.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Counts
from pixelfleet.localcloud.embedded import EmbeddedFleet, Plan, embedded_fleet
from tests.listener import listen
from tests.process_memory import memory_of

BROKEN_EVERY = 100
RECIPE = 'name = "tiny"\n[[variants]]\nname = "thumb"\nbox = 16\nformat = "jpeg"\n'


@dataclass(frozen=True)
class Result:
    """`notices` by kind; `memory` in MB by process; seconds from the first upload to the last record."""

    expected: int
    counts: Counts
    notices: Counter[str]
    memory: dict[str, float]
    upload_seconds: float
    seconds: float


def run_batch(images: int, workers: int, scratch: Path) -> Result:
    """One batch of that many images, start to end."""
    sources, recipe = make(scratch / "in", images), scratch / "tiny.toml"
    recipe.write_text(RECIPE)
    saved = dict(os.environ)
    try:
        plan = Plan(scratch / "data", workers, keeps=False)
        with embedded_fleet(plan) as embedded, watched(scratch) as memory:
            deployment = Deployment(embedded.settings)
            queue = listen(deployment)
            printed, seconds = upload(sources, recipe, scratch)
            batch = deployment.batches.get("default", "bench")
            assert batch is not None
            assert batch.completed_at is not None
            counts = deployment.batches.counts("default", "bench")
            settle(embedded, deployment)
            return Result(batch.expected or 0, counts, drain(deployment, queue), dict(memory), printed, seconds)
    finally:
        os.environ.clear()
        os.environ.update(saved)


def make(folder: Path, count: int) -> Path:
    """Tiny JPEGs, each another; every hundredth is cut short."""
    for number in range(count):
        path = folder / f"{number // 1_000:03}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        body = BytesIO()
        colour = (number % 256, number // 256 % 256, number // 65_536)
        Image.new("RGB", (24, 16), colour).save(body, "JPEG")
        content = body.getvalue()
        path.write_bytes(content[: len(content) // 2] if number % BROKEN_EVERY == 0 else content)
    return folder


def upload(sources: Path, recipe: Path, scratch: Path) -> tuple[float, float]:
    """Seconds until all was put, and until all was done."""
    pixelfleet = str(Path(sys.executable).parent / "pixelfleet")
    env = os.environ | {"XDG_CACHE_HOME": str(scratch / "cache")}
    began = time.monotonic()
    options = ("--batch", "bench", "--recipe", str(recipe), "--json")
    subprocess.run([pixelfleet, "upload", str(sources), *options], env=env, stdout=subprocess.PIPE, check=True)
    put = time.monotonic() - began
    # Exit code 1 says that images failed: the broken ones do.
    command = [pixelfleet, "batch", "watch", "default/bench"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return put, time.monotonic() - began


def drain(deployment: Deployment, queue: str) -> Counter[str]:
    """How many notices of each kind came; a notice that came twice counts twice."""
    kinds: Counter[str] = Counter()
    while messages := deployment.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            kinds[json.loads(message["Body"])["MessageAttributes"]["kind"]["Value"]] += 1
        entries: list[Any] = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
        deployment.sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
    return kinds


def settle(embedded: EmbeddedFleet, deployment: Deployment) -> None:
    """Until no lane holds a message: the last one is acknowledged after its notice."""
    urls = (embedded.settings.bulk_queue_url, embedded.settings.heavy_queue_url)
    while any(depth.waiting + depth.in_flight for depth in map(deployment.queues.depth, urls)):
        time.sleep(0.1)


@contextmanager
def watched(scratch: Path) -> Iterator[dict[str, float]]:
    """Keeps the peak memory in MB of every process that has `scratch` in its environment, by what it runs."""
    peaks: dict[str, float] = {}
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.5):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    if str(scratch).encode() not in (process / "environ").read_bytes():
                        continue
                    command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue  # it ended while it was looked at
                if "child_guard" not in command:
                    name = _name(command, process.name)
                    peaks[name] = max(peaks.get(name, 0.0), memory_of(int(process.name)) / 1e6)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        stop.set()
        thread.join()


def _name(command: str, pid: str) -> str:
    for mark, name in (("gateway", "embedded cloud"), ("producer_lambda", "pump"), ("pixelfleet upload", "upload")):
        if mark in command:
            return name
    return f"worker {'heavy' if '-Q heavy' in command else 'bulk'} {pid}" if "celery" in command else f"other {pid}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="pixelfleet-bench-"))
    try:
        result = run_batch(options.images, options.workers, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{result.expected:,} images put in {result.upload_seconds:.1f} s, done in {result.seconds:.1f} s")
    print(f"{result.counts.ready:,} ready, failed {result.counts.failed_by_cause}")
    print(f"notices {dict(result.notices)}\n\n| process | peak MB |\n| --- | ---: |")
    for name, peak in sorted(result.memory.items()):
        print(f"| {name} | {peak:.0f} |")


if __name__ == "__main__":
    main()
