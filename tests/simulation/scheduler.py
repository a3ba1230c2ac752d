"""Cooperative tasks in simulated time. The task that is due first runs next, so the drawn delays decide the order.

A task is a greenlet: the code under test stays synchronous. A task gives way only in `sleep` and `Signal.wait`. No
thread runs and no real clock is read, so one seed always gives the same run.
"""

import heapq
import itertools
import random
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import greenlet

#: Epoch seconds at which every simulation begins.
BEGINNING: Final = 1_800_000_000.0

#: Steps between two looks at whether a run is over.
LOOK_EVERY: Final = 8


#: Mean seconds of a call from beside the services.
LATENCY: Final = 0.02


class Death(BaseException):
    """The process of the running task is dead: raised at its next step, and at every step after that."""


class OverrunError(Exception):
    """A simulation took more steps than it may."""


class Process:
    """What dies as a whole: its tasks, its memory, its clock. `skew` is how many seconds its clock is ahead.

    `latency` is the mean number of seconds that one of its calls takes. `rng` decides what happens to this process.
    `memory` holds what a real process keeps in module globals.
    """

    def __init__(self, name: str, rng: random.Random, skew: float = 0.0, parent: "Process | None" = None) -> None:
        self.name = name
        self.rng = rng
        self._seed = rng.getrandbits(64)
        self.skew = skew
        self.latency = LATENCY
        self.alive = True
        #: Whether no fault hits its calls.
        self.spared = False
        #: Transaction conflicts in a row.
        self.conflicts = 0
        self.frozen_until = 0.0
        self.credentials_fail_until = 0.0
        #: Calls so far, by what is called: their numbers name the calls.
        self.calls: Counter[str] = Counter()
        self.memory: dict[str, Any] = {}
        self.tasks: list[Task] = []
        self.children: list[Process] = []
        self.on_death: list[Callable[[], None]] = []
        if parent is not None:
            parent.children.append(self)

    def next_call(self, operation: str) -> tuple[str, random.Random]:
        """The name of the call that begins, and what decides about the call.

        Each call has a random source of its own: a fault that is left out changes nothing about other calls.
        """
        self.calls[operation] += 1
        name = f"{self.name}:{operation}:{self.calls[operation]}"
        return name, random.Random(self._seed ^ zlib.crc32(name.encode()))

    def kill(self) -> None:
        """End the process at once, and its children. A task of it that runs now ends at its next step."""
        if not self.alive:
            return
        self.alive = False
        for child in self.children:
            child.kill()
        for task in self.tasks:
            task.wake()
        for callback in self.on_death:
            callback()


class Task:
    """One thread of control of a process."""

    def __init__(self, scheduler: "Scheduler", process: Process, name: str, run: Callable[[], object]) -> None:
        self.process = process
        self.name = name
        self.error: BaseException | None = None
        self.interrupt: Callable[[], object] | None = None
        #: Identifies the newest entry in the scheduler's heap: older entries are stale.
        self.ticket = 0
        self._scheduler = scheduler
        self._run = run
        # When it ends, the scheduler goes on, and not the task that started it.
        self.greenlet = greenlet.greenlet(self._main, parent=scheduler.hub)
        process.tasks.append(self)
        scheduler.tasks.add(self)

    @property
    def ended(self) -> bool:
        return bool(self.greenlet.dead)

    def wake(self) -> None:
        """Let the task run now, whatever it waits for."""
        if not self.ended:
            self._scheduler.put(self, self._scheduler.now)

    def _main(self) -> None:
        try:
            if self.process.alive:
                self._run()
        except Death:
            pass
        except SystemExit as error:
            self.error = error
        except Exception as error:
            # As with a thread: its exception ends the thread and nothing else.
            self.error = error
            self._scheduler.on_error(self, error)
        finally:
            self.process.tasks.remove(self)
            self._scheduler.tasks.remove(self)


class Scheduler:
    """All tasks of one simulation, and its clock."""

    def __init__(self) -> None:
        self.now = BEGINNING
        self.steps = 0
        self.current: Task | None = None
        self.on_error: Callable[[Task, Exception], None] = lambda _task, _error: None
        self.tasks: set[Task] = set()
        self._due: list[tuple[float, int, Task, int]] = []
        self._order = itertools.count()
        self.hub = greenlet.getcurrent()

    @property
    def process(self) -> Process:
        """The process of the running task."""
        assert self.current is not None, "no task is running"
        return self.current.process

    def spawn(self, process: Process, name: str, run: Callable[[], object], delay: float = 0.0) -> Task:
        task = Task(self, process, name, run)
        self.put(task, self.now + delay)
        return task

    def put(self, task: Task, at: float) -> None:
        """Let a task run at a time; replaces the time that was set before."""
        task.ticket += 1
        heapq.heappush(self._due, (at, next(self._order), task, task.ticket))

    def sleep(self, seconds: float) -> None:
        """Give way for so many simulated seconds.

        Raises:
            Death: the process ended meanwhile.
        """
        task = self.current
        assert task is not None, "no task is running"
        if not task.process.alive:
            raise Death
        self.put(task, self.now + max(0.0, seconds))
        self._switch(task)

    def park(self) -> None:
        """Give way until somebody wakes the task."""
        task = self.current
        assert task is not None, "no task is running"
        if not task.process.alive:
            raise Death
        task.ticket += 1
        self._switch(task)

    def run(self, until: Callable[[], bool], most_steps: int) -> bool:
        """Run tasks until `until` holds, or none is due; returns whether `until` holds.

        Raises:
            OverrunError: `most_steps` in all are used up.
        """
        while True:
            if self.steps % LOOK_EVERY == 0 and until():
                return True
            if not self._due:
                return until()
            at, _, task, ticket = heapq.heappop(self._due)
            self.steps += 1
            if ticket != task.ticket or task.ended:
                continue
            if task.process.alive and task.process.frozen_until > at:
                self.put(task, task.process.frozen_until)
                continue
            self.now = max(self.now, at)
            if self.steps > most_steps:
                raise OverrunError(f"{most_steps} steps are not enough")
            self.current = task
            task.greenlet.switch()
            self.current = None

    def close(self) -> None:
        """End every task that is left: a suspended greenlet is never freed."""
        for task in self.tasks:
            task.process.alive = False
        for task in list(self.tasks):
            # A task that has not begun has nothing to end.
            if task.greenlet:
                self.current = task
                task.greenlet.throw(Death)
        self.current = None
        self.tasks.clear()
        self._due.clear()

    def _switch(self, task: Task) -> None:
        self.hub.switch()
        self.current = task
        if not task.process.alive:
            raise Death
        if task.interrupt is not None:
            interrupt, task.interrupt = task.interrupt, None
            interrupt()


class Signal:
    """Something that tasks wait for."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._waiting: list[Task] = []

    def wait(self, until: float | None = None) -> bool:
        """Give way until `set` is called, or the time `until`; returns False for the time."""
        task = self._scheduler.current
        assert task is not None, "no task is running"
        self._waiting.append(task)
        try:
            if until is None:
                self._scheduler.park()
            else:
                self._scheduler.sleep(until - self._scheduler.now)
        finally:
            still_waiting = task in self._waiting
            if still_waiting:
                self._waiting.remove(task)
        return not still_waiting

    def set(self, most: int | None = None) -> None:
        """Wake the tasks that wait: all, or the `most` that have waited longest."""
        for task in self._waiting[:most]:
            self._waiting.remove(task)
            task.wake()
