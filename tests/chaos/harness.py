"""A queue, a fault proxy in front of the queue, and real `celery worker` processes that use the proxy."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.chaos.proxy import FaultProxy
from tests.fakes.clients import CREDENTIALS, client
from tests.waiting import PATIENCE, TooLateError, eventually

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ROOT = Path(__file__).parents[2]


def message(task: str, *args: object, **envelope: Any) -> str:
    """A message body like those of `pixelfleet.domain.jobs.encode_message`. `envelope` replaces parts of the body."""
    return json.dumps(
        {
            "body": json.dumps([args, {}, {}]),
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": {"task": task, "id": str(uuid.uuid4())},
            "properties": {"delivery_info": {"exchange": "", "routing_key": "bulk"}},
        }
        | envelope
    )


@dataclass
class Worker:
    process: "subprocess.Popen[bytes]"
    log_path: Path

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def exit_code(self) -> int:
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise TooLateError(f"the worker did not end:\n{self.log[-3000:]}") from None

    def kill(self) -> None:
        if self.runs:
            self.process.kill()
            self.process.wait()


@dataclass
class Bench:
    """One source queue with its dead-letter queue. `proxy` is between the queues and the workers."""

    sqs: "SQSClient"
    proxy: FaultProxy
    folder: Path
    name: str
    url: str
    dead_url: str
    environment: Mapping[str, str]
    workers: list[Worker] = field(default_factory=list)

    def send(self, what: str, name: str = "", seconds: float = 0.0) -> None:
        self.send_raw(message("chaos", what, name or what, seconds))

    def send_raw(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def hide_for(self, seconds: int) -> None:
        """Set the queue's visibility timeout. A worker reads the timeout once, when the worker starts."""
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"VisibilityTimeout": str(seconds)})

    def work(
        self,
        children: int = 1,
        config: dict[str, Any] | None = None,
        options: dict[str, Any] | None = None,
        endpoint: str | None = None,
        app: str = "tests.chaos.chaos_app",
    ) -> Worker:
        """Start a worker. Return when the worker is ready or has ended."""
        log_path = self.folder / f"worker-{len(self.workers)}.log"
        environment = {**os.environ, **self.environment}
        environment |= {
            "AWS_ENDPOINT_URL": endpoint or self.proxy.url,
            "CHAOS_QUEUE": self.url,
            "CHAOS_JOURNAL": str(self.folder / "journal"),
            "CHAOS_CONFIG": json.dumps({"worker_soft_shutdown_timeout": 2} | (config or {})),
            "CHAOS_OPTIONS": json.dumps({"wait_time_seconds": 1, "back_off_seconds": 1} | (options or {})),
            "C_FORCE_ROOT": "1",
        }
        command = [sys.executable, "-m", "celery", "-A", app, "worker", "-Q", "bulk", "-c", str(children), "-l", "INFO"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        with log_path.open("wb") as log:
            process = subprocess.Popen([*command, *quiet], env=environment, cwd=ROOT, stdout=log, stderr=log)
        worker = Worker(process, log_path)
        self.workers.append(worker)
        eventually(lambda: not worker.runs or " ready." in worker.log, lambda: worker.log)
        return worker

    def journal(self, what: str) -> list[dict[str, Any]]:
        """The entries that the tasks logged, oldest first."""
        path = self.folder / "journal"
        lines = path.read_text().splitlines() if path.exists() else []
        return [entry for entry in map(json.loads, lines) if entry["what"] == what]

    def release(self) -> None:
        """Let the `held` tasks end."""
        (self.folder / "journal.released").touch()

    def names(self, what: str) -> list[str]:
        return [entry["name"] for entry in self.journal(what)]

    def begun(self, name: str) -> dict[str, Any]:
        """Wait until a task of this name has begun."""
        eventually(lambda: name in self.names("begun"), self.logs)
        return next(entry for entry in self.journal("begun") if entry["name"] == name)

    def done(self, *names: str) -> None:
        """Wait until tasks of these names are done."""
        eventually(lambda: set(names) <= set(self.names("done")), self.logs)

    def count(self, url: str | None = None) -> tuple[int, int]:
        """The numbers of messages that wait and that are in flight."""
        answer = self.sqs.get_queue_attributes(
            QueueUrl=url or self.url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        actual: dict[Any, str] = dict(answer["Attributes"])
        waiting, flying = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
        return int(actual[waiting]), int(actual[flying])

    def empties(self) -> None:
        """Wait until the source queue has no message, waiting or in flight."""
        eventually(lambda: self.count() == (0, 0), lambda: f"{self.count()}\n{self.logs()}")

    def buries(self, messages: int) -> None:
        """Wait until the dead-letter queue has so many messages and the source queue has none."""
        eventually(
            lambda: self.count() == (0, 0) and self.count(self.dead_url)[0] == messages,
            lambda: f"{self.count()}, dead {self.count(self.dead_url)}\n{self.logs()}",
        )

    def logs(self) -> str:
        return "\n".join(f"--- worker, running: {worker.runs}\n{worker.log[-4000:]}" for worker in self.workers)


@contextlib.contextmanager
def bench(
    upstream: str,
    folder: Path,
    environment: Mapping[str, str] = CREDENTIALS,
    visibility: int = 60,
    max_receives: int = 3,
    name: str = "",
) -> Iterator[Bench]:
    """Make the queues directly at `upstream`, and end every worker afterwards."""
    sqs: SQSClient = client("sqs", upstream, environment)
    name = name or f"chaos-{uuid.uuid4().hex[:12]}"
    dead_url = sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": max_receives})
    attributes: dict[Any, str] = {"VisibilityTimeout": str(visibility), "RedrivePolicy": policy}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    with FaultProxy(upstream) as proxy:
        made = Bench(sqs, proxy, folder, name, url, dead_url, environment)
        try:
            yield made
        finally:
            for worker in made.workers:
                worker.kill()


def children_of(pid: int) -> Sequence[int]:
    """The processes that a process has started (Linux)."""
    actual = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in actual.split()]


__all__ = ["Bench", "Worker", "bench", "children_of", "message", "signal"]
