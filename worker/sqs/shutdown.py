"""The end of a worker: by SIGTERM from ECS, a Spot notice or a terminal, by its own decision that it cannot go on, or
because another deployment has replaced its own.

Celery's warm shutdown waits for running tasks without limit; its cold shutdown sleeps for the whole soft time-out and
stops the event loop. Here the loop goes on during the shutdown: the worker receives no more, shows messages again at
once that no child has begun, acknowledges tasks that finish within `worker_soft_shutdown_timeout` seconds (keep that
well below ECS's stopTimeout of 120), then ends the children that still work and shows their messages again.

A child first gets SIGTERM, which billiard raises in the task as SystemExit, and a few seconds to give its attempt back.
Then it gets SIGKILL, since native code does not handle signals before it returns.
"""

import logging
import math
import os
import signal
import time
from types import FrameType
from typing import Any, Final

from celery import bootsteps
from celery.worker import state

from worker.sqs.prefetched import waiting

log = logging.getLogger(__name__)
#: Celery's stubs know its flags as None alone.
_flags: Any = state

# sysexits.h
EX_OK: Final = 0
EX_UNAVAILABLE: Final = 69
EX_SOFTWARE: Final = 70
EX_CONFIG: Final = 78

#: Seconds between two looks at the running tasks.
TICK: Final = 0.25
#: Seconds for a child, after SIGTERM, to give its attempt back.
KILL_GRACE: Final = 3.0


class Shutdown:
    """The request to end this process. Signal handlers and any thread may make it."""

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self.reason = ""
        #: Running tasks have no time limit.
        self.patient = False
        #: Running tasks are not waited for.
        self.hurry = False

    def retire(self, reason: str) -> None:
        """Take no more work, and end when the running tasks have finished, without a time limit."""
        if self.exit_code is None:
            self.patient = True
            self.ask(EX_OK, reason)

    def ask(self, exit_code: int, reason: str) -> None:
        """The first request decides the exit code; a second means: do not wait for running tasks.

        After `retire`, the first request gives the running tasks the ordinary time to finish.
        """
        if self.exit_code is None:
            self.reason, self.exit_code = reason, exit_code
        elif self.patient:
            self.reason, self.exit_code, self.patient = reason, exit_code, False
        elif exit_code == EX_OK:
            self.hurry = True


shutdown = Shutdown()


class Drain(bootsteps.StartStopStep):
    """The consumer step that carries out the request, on the event loop."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self._timer: Any = None
        self._begun = False
        #: Monotonic; None as long as the running tasks have no time limit.
        self._deadline: float | None = None
        self._killed_at: float | None = None
        self._pids: list[int] = []

    def start(self, consumer: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _on_signal)
        self._timer = consumer.hub.call_repeatedly(TICK, self._tick, consumer)

    def stop(self, consumer: Any) -> None:  # noqa: ARG002 - Celery's signature
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self, consumer: Any) -> None:
        if shutdown.exit_code is None:
            return
        if not self._begun:
            self._begin(consumer, shutdown.exit_code)
        elif self._killed_at is not None:
            self._await_children(consumer, shutdown.exit_code)
        elif not state.reserved_requests:
            _flags.should_stop = shutdown.exit_code
        elif shutdown.hurry or time.monotonic() >= self._deadline_of(consumer):
            self._end_children(consumer)

    def _begin(self, consumer: Any, exit_code: int) -> None:
        self._begun = True
        consumer.task_consumer.cancel()
        unbegun = waiting(consumer)
        consumer.controller.semaphore.clear()
        for request in unbegun:
            request.hand_back()
            state.reserved_requests.discard(request)
        log.log(
            logging.WARNING if exit_code == EX_OK else logging.CRITICAL,
            "shutting down: %s; %d messages handed back, %d tasks have %s to finish",
            shutdown.reason,
            len(unbegun),
            len(state.reserved_requests),
            "all the time that they need" if shutdown.patient else f"{_grace(consumer):.0f} s",
        )
        self._deadline_of(consumer)

    def _deadline_of(self, consumer: Any) -> float:
        if shutdown.patient:
            return math.inf
        if self._deadline is None:
            self._deadline = time.monotonic() + _grace(consumer)
        return self._deadline

    def _end_children(self, consumer: Any) -> None:
        self._killed_at = time.monotonic()
        self._pids = [int(request.worker_pid) for request in state.active_requests if request.worker_pid]
        log.warning("handing back %d tasks that did not finish", len(self._pids))
        consumer.cancel_active_requests()

    def _await_children(self, consumer: Any, exit_code: int) -> None:
        # The messages are shown again when the channel closes. A child that still worked by then would extend the
        # visibility of a message that another worker holds.
        left = [pid for pid in self._pids if _runs(pid)]
        if left and time.monotonic() < (self._killed_at or 0.0) + KILL_GRACE:
            return
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        consumer.controller.exitcode = exit_code
        _flags.should_terminate = exit_code


def _grace(consumer: Any) -> float:
    return float(consumer.app.conf.worker_soft_shutdown_timeout)


def _runs(pid: int) -> bool:
    """Whether a child of this process still runs. Does not reap the child: the pool does."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False


def _on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
    shutdown.ask(EX_OK, signal.Signals(number).name)
