"""The threads of a worker. Odd errors of botocore end no thread, and the end of a thread is noticed."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.chaos.harness import Bench
from tests.waiting import eventually
from worker.sqs.shutdown import EX_SOFTWARE

#: botocore requests new credentials at each call in the last ten minutes of the old credentials' lifetime.
SHORT_LIVED = timedelta(minutes=5)
EXPIRED = timedelta(minutes=-5)


class Agent(ThreadingHTTPServer):
    """The credentials endpoint of an ECS task. `life` is the credentials' lifetime; None gives no keys."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.life: timedelta | None = SHORT_LIVED

    def answer(self) -> dict[str, str]:
        if self.life is None:
            return {"code": "InternalError", "message": "refused on request"}
        end = (datetime.now(UTC) + self.life).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"AccessKeyId": "testing", "SecretAccessKey": "testing", "Token": "t", "Expiration": end}


class _Handler(BaseHTTPRequestHandler):
    server: Agent

    def do_GET(self) -> None:
        content = json.dumps(self.server.answer()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


@pytest.fixture
def agent(queue: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    """The credentials endpoint of the workers of `queue`."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with Agent() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        queue.environment = {
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{server.server_port}/credentials",
        }
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("life", "error"),
    [
        pytest.param(EXPIRED, "still expired", id="expired credentials"),
        pytest.param(None, "AccessKeyId", id="an answer without keys", marks=pytest.mark.slow),
    ],
)
def test_a_worker_receives_again_once_its_credentials_are_there_again(
    queue: Bench, agent: Agent, life: Any, error: str
) -> None:
    worker = queue.work()
    queue.send("fine", "first")
    queue.done("first")

    agent.life = life
    eventually(lambda: error in worker.log, queue.logs)
    agent.life = SHORT_LIVED
    queue.send("fine", "second")

    queue.done("second")
    queue.empties()
    assert worker.runs


@pytest.mark.parametrize("thread", ["receive", pytest.param("ack-batcher", marks=pytest.mark.slow)])
def test_a_thread_that_ends_by_an_error_ends_the_worker_with_a_code(queue: Bench, thread: str) -> None:
    queue.environment = {**queue.environment, "CHAOS_BROKEN": thread}
    queue.send("fine")

    worker = queue.work(app="tests.chaos.broken_threads")

    assert worker.exit_code() == EX_SOFTWARE
    assert f"the thread {thread}" in worker.log
