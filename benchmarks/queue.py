"""What the queue costs: tasks a second and CPU a task of a real worker, beside Celery's and kombu's own transport.

    python -m benchmarks.queue [--seconds 8] [--latency-ms 8]

A worker with 2 and with 16 children runs no-op tasks and tasks that sleep for 100 ms, from the in-memory fake SQS,
which answers every call after the latency. "stock" is kombu's transport with Celery's defaults and acks_late;
"stock, tuned" has polling_interval 0.01 and a prefetch multiplier of 10. Target of ours: 300 no-op tasks a second,
and children that are 90 % busy with 100 ms tasks.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.harness import ROOT, children_of, message
from tests.fakes.embedded import CREDENTIALS, client
from tests.fakes.sqs import FakeSqs
from tests.fakes.sqs_queue import FakeQueue, Message

TICKS = os.sysconf("SC_CLK_TCK")
SLEEP = 0.1


@dataclass(frozen=True)
class Contender:
    name: str
    stock: bool
    config: Mapping[str, Any]
    options: Mapping[str, Any]


CONTENDERS = [
    Contender("stock", True, {}, {}),
    Contender("stock, tuned", True, {"worker_prefetch_multiplier": 10}, {"polling_interval": 0.01}),
    Contender("pixelfleet", False, {"worker_prefetch_multiplier": 4}, {}),
]


@dataclass(frozen=True)
class Result:
    rate: float
    main_ms: float
    children_ms: float
    calls: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8.0, help="measured, after the worker is warm")
    parser.add_argument("--latency-ms", type=float, default=8.0, help="of every answer of the fake SQS")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {options.latency_ms:g} ms latency\n")
    print("| transport | children | task | tasks/s | children busy | CPU ms/task: main, child | SQS calls/task |")
    print("| --- | ---: | --- | ---: | ---: | ---: | ---: |")
    for children in (2, 16):
        for task in ("no-op", "100 ms"):
            for contender in CONTENDERS:
                result = measure(contender, children, task, options.seconds, options.latency_ms / 1000)
                busy = f"{result.rate * SLEEP / children:.0%}" if task == "100 ms" else ""
                row = f"{result.rate:.0f} | {busy} | {result.main_ms:.2f}, {result.children_ms:.2f}"
                print(f"| {contender.name} | {children} | {task} | {row} | {result.calls:.2f} |", flush=True)


def measure(contender: Contender, children: int, task: str, seconds: float, latency: float) -> Result:
    with FakeSqs(latency) as fake, tempfile.TemporaryDirectory() as folder:
        queue, url = fill(fake, task, int(1200 * (seconds + 4)))
        with (Path(folder) / "log").open("wb") as log:
            worker = subprocess.Popen(
                command(children), env=environment(contender, fake.url, url), cwd=ROOT, stdout=log, stderr=log
            )
        try:
            await_first(queue, worker, Path(folder) / "log")
            return watch(fake, queue, worker.pid, seconds)
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.wait()


def fill(fake: FakeSqs, task: str, messages: int) -> tuple[FakeQueue, str]:
    sqs = client("sqs", fake.url)
    name = f"bench-{uuid.uuid4().hex[:8]}"
    sqs.create_queue(QueueName=f"{name}-dlq")
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:000000000000:{name}-dlq", "maxReceiveCount": 10}
    attributes = {"VisibilityTimeout": "300", "RedrivePolicy": json.dumps(policy)}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    queue = fake.service.queue(name)
    for _ in range(messages):
        queue.send(Message(message("noop", SLEEP if task == "100 ms" else 0.0), time.time()), time.monotonic())
    return queue, url


def command(children: int) -> list[str]:
    start = [sys.executable, "-m", "celery", "-A", "tests.chaos.chaos_app", "worker", "-Q", "bulk", "-c", str(children)]
    return [*start, "-l", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]


def environment(contender: Contender, endpoint: str, url: str) -> dict[str, str]:
    return (
        os.environ
        | CREDENTIALS
        | {
            "AWS_ENDPOINT_URL": endpoint,
            "CHAOS_QUEUE": url,
            "CHAOS_JOURNAL": os.devnull,
            "CHAOS_CONFIG": json.dumps(contender.config),
            "CHAOS_OPTIONS": json.dumps(contender.options),
            "CHAOS_STOCK": "1" if contender.stock else "",
            "C_FORCE_ROOT": "1",
        }
    )


def await_first(queue: FakeQueue, worker: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 40
    while queue.deleted < 20:
        if worker.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the worker did not work:\n{log.read_text()[-3000:]}")
        time.sleep(0.05)
    # Let every child have had its first task.
    time.sleep(1.0)


def watch(fake: FakeSqs, queue: FakeQueue, pid: int, seconds: float) -> Result:
    started, deleted, calls = time.monotonic(), queue.deleted, sum(fake.service.calls.values())
    main, children = cpu(pid), sum(cpu(child) for child in children_of(pid))
    time.sleep(seconds)
    elapsed, tasks = time.monotonic() - started, queue.deleted - deleted
    return Result(
        rate=tasks / elapsed,
        main_ms=(cpu(pid) - main) * 1000 / tasks,
        children_ms=(sum(cpu(child) for child in children_of(pid)) - children) * 1000 / tasks,
        calls=(sum(fake.service.calls.values()) - calls) / tasks,
    )


def cpu(pid: int) -> float:
    """Seconds of user and system time of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
