"""ECS task protection: while a worker of the heavy lane is busy, ECS does not choose its task to scale in.

The agent's endpoint is rate-limited, so the worker calls it only at the edges between idle and busy, and once in half
the protection's life during work without a pause. A failed call is tried again with back-off. Without protection
nothing is lost: the worker then gets SIGTERM and hands its message back.

Source: Amazon ECS developer guide, "Task scale-in protection endpoint".
"""

import json
import logging
import math
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any, Final

from celery import bootsteps
from celery.worker import state

from worker.sqs.backoff import BackOff
from worker.sqs.threads import end_worker, essential_thread

log = logging.getLogger(__name__)

#: Seconds between two looks at the worker, and seconds without work after which the worker counts as idle.
TICK: Final = 1.0
IDLE_FOR: Final = 5.0
#: ECS protects for at most two days.
LONGEST_MINUTES: Final = 2880


class TaskProtection:
    """Sets the protection of this task by the last request, on a separate thread, which never logs."""

    def __init__(
        self,
        agent_uri: str,
        minutes: int,
        warn: Callable[[str], object],
        back_off: BackOff | None = None,
        clock: Callable[[], float] = time.monotonic,
        on_death: Callable[[str], object] = end_worker,
    ) -> None:
        """Protection lapses `minutes` after the last call, if this worker hangs or dies."""
        self._url = agent_uri.rstrip("/") + "/task-protection/v1/state"
        self._minutes = min(minutes, LONGEST_MINUTES)
        self._warn = warn
        self._back_off = back_off or BackOff(first=1.0, longest=60.0)
        self._clock = clock
        self._asked_for = False
        self._set_to = False
        self._renew_at = math.inf
        self._changed = threading.Condition()
        self._closed = False
        self._thread = essential_thread("task-protection", self._run, on_death)
        self._thread.start()

    def ask(self, protected: bool) -> None:
        with self._changed:
            if protected != self._asked_for:
                self._asked_for = protected
                self._changed.notify()

    def close(self, seconds: float = 3.0) -> None:
        """End the protection, if the agent answers in time."""
        with self._changed:
            self._asked_for, self._closed = False, True
            self._changed.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        failures = 0
        while (protected := self._next()) is not None:
            try:
                self._put(protected)
            except Exception as error:  # noqa: BLE001 - every error is a failed call, tried again after a pause
                failures += 1
                self._warn(f"ECS task protection could not be set to {protected}: {error}")
                if self._pause(self._back_off.seconds(failures)):
                    return
                continue
            failures = 0
            self._set_to = protected
            self._renew_at = self._clock() + self._minutes * 30 if protected else math.inf

    def _next(self) -> bool | None:
        """Wait until the agent has to be called, and return what to set; None after `close`."""
        with self._changed:
            while not self._due():
                if self._closed:
                    return None
                rest = self._renew_at - self._clock()
                self._changed.wait(None if math.isinf(rest) else max(0.0, rest))
            return self._asked_for

    def _due(self) -> bool:
        return self._asked_for != self._set_to or (self._set_to and self._clock() >= self._renew_at)

    def _pause(self, seconds: float) -> bool:
        """Wait; returns whether this was closed meanwhile."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, seconds)

    def _put(self, protected: bool) -> None:
        body: dict[str, Any] = {"ProtectionEnabled": protected}
        if protected:
            body["ExpiresInMinutes"] = self._minutes
        request = urllib.request.Request(  # noqa: S310 - the agent's own address, from ECS
            self._url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="PUT"
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            document = json.load(answer)
        # The agent answers some failures with status 200 and a body that says so.
        if "protection" not in document:
            raise ValueError(json.dumps(document.get("failure") or document.get("error") or document)[:200])


class Edges:
    """Whether to protect: a busy worker at once, an idle worker no more after some seconds."""

    def __init__(self, idle_for: float = IDLE_FOR) -> None:
        self._idle_for = idle_for
        self._busy_at = -math.inf

    def look(self, busy: bool, now: float) -> bool:
        if busy:
            self._busy_at = now
        return now - self._busy_at < self._idle_for


class ProtectWhileBusy(bootsteps.StartStopStep):
    """The consumer step of the heavy lane. Configured by `protect(app, …)`."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    agent_uri = ""
    minutes = 0

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self._protection: TaskProtection | None = None
        self._timer: Any = None
        self._edges = Edges()

    def include_if(self, parent: Any) -> bool:  # noqa: ARG002 - Celery's signature
        return bool(self.agent_uri)

    def start(self, consumer: Any) -> None:
        hub = consumer.hub
        self._protection = TaskProtection(self.agent_uri, self.minutes, lambda text: hub.call_soon(log.warning, text))
        self._timer = hub.call_repeatedly(TICK, self._tick)

    def stop(self, consumer: Any) -> None:  # noqa: ARG002
        if self._timer is not None:
            self._timer.cancel()
        if self._protection is not None:
            self._protection.close()

    def _tick(self) -> None:
        if self._protection is not None:
            self._protection.ask(self._edges.look(bool(state.reserved_requests), time.monotonic()))


def protect(app: Any, agent_uri: str, time_limit: float) -> None:
    """Protect the ECS task of this worker while it is busy; without an agent, off ECS, do nothing.

    `time_limit` is the lane's hard limit in seconds: protection lapses soon after the end of the longest job.
    Protection is renewed at half its life, so its life is twice the limit.
    """
    minutes = math.ceil(time_limit / 60) * 2 + 10
    step = type("ProtectWhileBusy", (ProtectWhileBusy,), {"agent_uri": agent_uri, "minutes": minutes})
    app.steps["consumer"].add(step)
