"""ECS task protection against a small HTTP server in the place of the agent."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.http import Dropped, Request, Response, serve
from tests.waiting import PATIENCE, eventually
from worker.protection import Edges, TaskProtection
from worker.sqs.backoff import BackOff

OK = {"protection": {"ProtectionEnabled": True, "TaskArn": "arn"}}


class Agent:
    """Answers with the entries of `script`, then with success. An int is a status, None drops the connection."""

    def __init__(self) -> None:
        self.script: list[Any] = []
        self.asked: list[dict[str, Any]] = []
        self.came = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(serve(self._answer, 0), self._loop).result()
        self.url = f"http://127.0.0.1:{self._server.port}/api/some-id"

    async def _answer(self, request: Request) -> Response:
        with self.came:
            self.asked.append({"method": request.method, "path": request.target, **json.loads(request.body)})
            self.came.notify_all()
        reported = self.script.pop(0) if self.script else OK
        if reported is None:
            raise Dropped
        if isinstance(reported, int):
            return Response(reported, b'{"error": {"Code": "ThrottlingException"}}')
        return Response(200, json.dumps(reported).encode())

    def wait(self, requests: int) -> list[dict[str, Any]]:
        with self.came:
            assert self.came.wait_for(lambda: len(self.asked) >= requests, PATIENCE), self.asked
        return self.asked

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def agent() -> Iterator[Agent]:
    made = Agent()
    yield made
    made.close()


def protection_at(agent: Agent, reported: list[str], clock: Any = time.monotonic) -> TaskProtection:
    return TaskProtection(agent.url, 670, reported.append, BackOff(0.01, 0.01), clock)


def test_the_agent_is_called_only_on_the_edges(agent: Agent) -> None:
    protection = protection_at(agent, [])

    for _ in range(20):
        protection.ask(True)
    agent.wait(1)
    for _ in range(20):
        protection.ask(False)
    asked = agent.wait(2)
    protection.close(PATIENCE)

    assert asked == [
        {
            "method": "PUT",
            "path": "/api/some-id/task-protection/v1/state",
            "ProtectionEnabled": True,
            "ExpiresInMinutes": 670,
        },
        {"method": "PUT", "path": "/api/some-id/task-protection/v1/state", "ProtectionEnabled": False},
    ]


@pytest.mark.parametrize(
    "failure",
    [429, 400, 500, None, {"failure": {"Reason": "TASK_NOT_VALID"}}, {"error": {"Code": "AccessDeniedException"}}],
    ids=str,
)
def test_a_call_that_fails_is_made_again_and_reported(agent: Agent, failure: Any) -> None:
    reported: list[str] = []
    agent.script = [failure, failure]
    protection = protection_at(agent, reported)

    protection.ask(True)

    agent.wait(3)
    protection.close(PATIENCE)
    assert len(reported) == 2
    assert "could not be set to True" in reported[0]


def test_protection_is_renewed_at_half_its_life(agent: Agent) -> None:
    now = [0.0]
    protection = protection_at(agent, [], lambda: now[0])
    protection.ask(True)
    agent.wait(1)

    def renewed() -> bool:
        # The thread reads this clock after the agent has answered, and sleeps by the real clock.
        now[0] += 670 * 30
        with protection._changed:
            protection._changed.notify()
        return len(agent.asked) >= 2

    eventually(renewed)

    assert [call["ProtectionEnabled"] for call in agent.wait(2)] == [True, True]
    protection.close(PATIENCE)


def test_closing_ends_the_protection(agent: Agent) -> None:
    protection = protection_at(agent, [])
    protection.ask(True)
    agent.wait(1)

    protection.close(PATIENCE)

    assert [call["ProtectionEnabled"] for call in agent.asked] == [True, False]


def test_closing_does_not_wait_for_an_agent_that_is_gone(agent: Agent) -> None:
    agent.script = [None] * 1_000
    protection = protection_at(agent, [])
    protection.ask(True)
    agent.wait(1)

    protection.close(PATIENCE)

    assert agent.script


def test_busy_counts_at_once_and_idle_after_a_while() -> None:
    edges = Edges(idle_for=5.0)

    looks = [(False, 0.0), (True, 1.0), (False, 2.0), (True, 3.0), (False, 7.9), (False, 8.0), (False, 9.0)]

    assert [edges.look(busy, now) for busy, now in looks] == [False, True, True, True, True, False, False]
