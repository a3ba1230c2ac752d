"""The gallery and the API over 100,000 records: `python -m benchmarks.dashboard`.

On a fake DynamoDB that answers at once, so that what is measured is the dashboard itself: add the network's and
DynamoDB's own few milliseconds for each call of the last column (the calls of one page follow one another).
Requests go through the whole service in process, session check and templates included, one after another.
"""

import argparse
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.dashboard_site import OWNER, browsing, stocked

RECORDS = 100_000
REQUESTS = 200
CASES: tuple[tuple[str, str], ...] = (
    ("gallery", "/"),
    ("gallery, page in the middle", "/more?cursor={cursor}"),
    ("gallery, one batch", "/?batch=b3"),
    ("gallery, one cause", "/?cause=crashed"),
    ("gallery, part of a name", "/?name=img_0999"),
    ("gallery, part of a name in a batch", "/?batch=b3&name=0003"),
    ("gallery, failures of a batch", "/?batch=b3&status=failed"),
    ("list of batches", "/batches"),
    ("image page", "/images/{image}"),
    ("batch page", "/batches/{owner}/b3"),
    ("API, 50 images", "/api/v1/images"),
    ("API, one image", "/api/v1/images/{image}"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    print(f"{arguments.records:,} records of one owner, {arguments.requests} requests a line, {os.cpu_count()} cores")
    client, dynamo, names = browsing(stocked(arguments.records))
    print(f"\n| {'request':<34} | p50 ms | p95 ms | CPU ms | a second | DynamoDB calls (items) |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    for name, path in CASES:
        filled = path.format(owner=OWNER, **names)

        def ask(path: str = filled) -> Any:
            return client.get(path)

        _measure(name, ask, dynamo, arguments.requests)


def _measure(name: str, ask: Callable[[], Any], dynamo: Any, requests: int) -> None:
    for _ in range(5):
        assert ask().status_code == 200, name
    dynamo.calls.clear()
    dynamo.items.clear()
    times, cpu = [], time.process_time()
    for _ in range(requests):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    cpu = (time.process_time() - cpu) * 1000 / requests
    calls = ", ".join(
        f"{call} {number // requests} ({dynamo.items[call] // requests})" for call, number in dynamo.calls.items()
    )
    p50, p95 = statistics.median(times), sorted(times)[int(len(times) * 0.95)]
    print(f"| {name:<34} | {p50:6.1f} | {p95:6.1f} | {cpu:6.1f} | {1000 / statistics.mean(times):8.0f} | {calls} |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
