"""Every page and API list over 1,000,000 images: `python -m benchmarks.dashboard`.

DynamoDB and SQS are fakes that answer at once, so that the dashboard itself is measured: add the network's and
DynamoDB's own few milliseconds for each call of the last column (most calls of one page follow one another; the eight
queries of one index are made at once). Requests go through the whole service in process, session check and templates
included, one after another. Nothing waits: on a quiet machine the CPU time of a request is its wall time; beside
other work the CPU columns are the steady ones. CPU time over `--limit` milliseconds at the 95th percentile ends the run
with status 1.
"""

import argparse
import gc
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.dashboard_site import OPERATOR, OWNER, browsing, stocked
from pixelfleet.operations.image_pages import MOST_SORTED

RECORDS = 1_000_000
REQUESTS = 100
#: Milliseconds, at the 95th percentile.
LIMIT = 150.0
OWNERS: tuple[tuple[str, str], ...] = (
    ("gallery", "/"),
    ("gallery, page in the middle", "/more?cursor={cursor}"),
    ("gallery, oldest first", "/?order=old"),
    ("gallery, between two days", "/?since=2026-11-03&until=2026-11-04"),
    ("gallery, failed", "/?status=failed"),
    ("gallery, one cause", "/?cause=crashed"),
    ("gallery, part of a name", "/?name=img_0999"),
    ("gallery, nothing fits", "/?name=nothing-is-called-so"),
    ("gallery, one batch", "/?batch=b3"),
    ("gallery, a batch by name, reversed", "/?batch=b3&order=-name"),
    ("gallery, part of a name in a batch", "/?batch=b3&name=0003"),
    ("gallery, nothing fits in a batch", "/?batch=b3&name=nothing-is-called-so"),
    ("gallery, failures of a batch", "/?batch=b0&status=failed"),
    ("list of batches", "/batches"),
    ("batch page", "/batches/{owner}/b3"),
    ("image page", "/images/{image}"),
    ("account", "/account"),
    ("API, 50 images", "/api/v1/images"),
    ("API, 100 images of a batch", "/api/v1/images?batch=b3&limit=100"),
    ("API, one cause", "/api/v1/images?cause=crashed"),
    ("API, part of a name", "/api/v1/images?name=nothing-is-called-so"),
    ("API, one image", "/api/v1/images/{image}"),
    ("API, batches", "/api/v1/batches"),
    ("API, one batch", "/api/v1/batches/{owner}/b3"),
)
OPERATORS: tuple[tuple[str, str], ...] = (
    ("gallery of everybody", "/?owner=*"),
    ("failed images of everybody", "/?owner=*&status=failed"),
    ("one cause, everybody", "/?owner=*&cause=crashed"),
    ("failures by cause", "/failures"),
    ("fleet", "/fleet"),
    ("users", "/users"),
    ("activity", "/activity"),
    ("batches of everybody", "/batches?owner=*"),
    ("API, images of everybody", "/api/v1/images?owner=*"),
    ("API, failures", "/api/v1/failures"),
    ("API, fleet", "/api/v1/fleet"),
    ("API, users", "/api/v1/users"),
)
#: Of an owner with as many images as a page puts in an order that no index has.
SORTED: tuple[tuple[str, str], ...] = (
    ("5,000 images by size", "/?order=-size"),
    ("5,000 images by size, middle", "/more?order=-size&cursor=MjQwMA"),
    ("5,000 images by size with a tag", "/?order=-size&tag=beach"),
    ("API, 5,000 images by size", "/api/v1/images?order=-size"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--limit", type=float, default=LIMIT)
    parser.add_argument("--only", default="", help="the lines that have this in their name")
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    print(f"{arguments.records:,} records of one owner, {arguments.requests} requests a line, {os.cpu_count()} cores")
    began = time.perf_counter()
    fleet = stocked(arguments.records)
    # The records of the fake are on other machines in earnest: the collector is not to look through them.
    gc.collect()
    gc.freeze()
    print(f"stocked in {time.perf_counter() - began:.0f} s")
    print(f"\n| {'request':<34} | p50 ms | p95 ms | CPU p50 | CPU p95 | DynamoDB calls (items) |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    slow = []
    few = stocked(MOST_SORTED)
    gc.collect()
    gc.freeze()
    for of, who, cases in ((fleet, OWNER, OWNERS), (fleet, OPERATOR, OPERATORS), (few, OWNER, SORTED)):
        client, dynamo, names = browsing(of, who)
        for name, path in cases:
            if arguments.only not in name:
                continue
            ask = partial(client.get, path.format(owner=OWNER, **names))
            if _measure(name, ask, dynamo, arguments.requests) > arguments.limit:
                slow.append(name)
    if slow:
        sys.exit(f"slower than {arguments.limit:.0f} ms: {', '.join(slow)}")


def _measure(name: str, ask: Callable[[], Any], dynamo: Any, requests: int) -> float:
    """Milliseconds of CPU at the 95th percentile."""
    for _ in range(3):
        assert ask().status_code == 200, name
    # As in `main`: the fake has made more of its records meanwhile.
    gc.collect()
    gc.freeze()
    dynamo.calls.clear()
    dynamo.items.clear()
    times, cpu = [], []
    for _ in range(requests):
        started, used = time.perf_counter(), time.process_time()
        ask()
        times.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - used) * 1000)
    calls = ", ".join(
        f"{call} {number // requests} ({dynamo.items[call] // requests})" for call, number in dynamo.calls.items()
    )
    figures = (statistics.median(times), _p95(times), statistics.median(cpu), _p95(cpu))
    print(f"| {name:<34} | {' | '.join(f'{figure:6.1f}' for figure in figures)} | {calls} |")
    sys.stdout.flush()
    return figures[-1]


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


if __name__ == "__main__":
    main()
