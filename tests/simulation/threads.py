"""The stand-ins for `threading`, `queue`, `time` and thread pools in the code under test: simulated tasks."""

import queue
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, Self

from tests.simulation.scheduler import Scheduler, Signal, Task


class Lock:
    """`threading.Lock` and `RLock` for tasks. Outside a simulation's run it is always free."""

    def __init__(self, scheduler: Scheduler, *, reentrant: bool) -> None:
        self._scheduler = scheduler
        self._reentrant = reentrant
        self._owner: Task | None = None
        self._depth = 0
        self._freed = Signal(scheduler)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        task = self._scheduler.current
        while self._owner is not None and not (self._reentrant and self._owner is task):
            if self._owner.ended:
                break
            if not blocking:
                return False
            self._freed.wait(None if timeout < 0 else self._scheduler.now + timeout)
        self._owner, self._depth = task, self._depth + 1
        return True

    def release(self) -> None:
        self._depth -= 1
        if self._depth <= 0:
            self._owner, self._depth = None, 0
            self._freed.set(1)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class Condition:
    """`threading.Condition`."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._lock = Lock(scheduler, reentrant=True)
        self._changed = Signal(scheduler)

    def __enter__(self) -> bool:
        return self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        self._lock.release()
        try:
            return self._changed.wait(None if timeout is None else self._scheduler.now + timeout)
        finally:
            if self._scheduler.process.alive:
                self._lock.acquire()

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        until = None if timeout is None else self._scheduler.now + timeout
        while not (held := predicate()):
            left = None if until is None else until - self._scheduler.now
            if left is not None and left <= 0:
                break
            self.wait(left)
        return held

    def notify(self, n: int = 1) -> None:
        self._changed.set(n)

    def notify_all(self) -> None:
        self._changed.set()


class Event:
    """`threading.Event`."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._set = False
        self._changed = Signal(scheduler)

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True
        self._changed.set()

    def clear(self) -> None:
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        if not self._set:
            self._changed.wait(None if timeout is None else self._scheduler.now + timeout)
        return self._set


class Thread:
    """`threading.Thread`: a task of the process that starts it."""

    def __init__(self, scheduler: Scheduler, target: Callable[..., object], options: dict[str, Any]) -> None:
        self._scheduler = scheduler
        self._run = lambda: target(*options.get("args", ()), **options.get("kwargs", {}))
        self.name = str(options.get("name") or "thread")
        self._task: Task | None = None

    def start(self) -> None:
        self._task = self._scheduler.spawn(self._scheduler.process, self.name, self._run)

    def is_alive(self) -> bool:
        return self._task is not None and not self._task.ended

    def join(self, timeout: float | None = None) -> None:
        until = None if timeout is None else self._scheduler.now + timeout
        while self.is_alive() and (until is None or self._scheduler.now < until):
            self._scheduler.sleep(0.05)


class SimpleQueue:
    """`queue.SimpleQueue` and `queue.Queue`."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._items: deque[Any] = deque()
        self._arrival = Signal(scheduler)

    def put(self, item: Any) -> None:
        self._items.append(item)
        self._arrival.set(1)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        until = None if timeout is None else self._scheduler.now + timeout
        while not self._items:
            if not block or (until is not None and self._scheduler.now >= until):
                raise queue.Empty
            self._arrival.wait(until)
        return self._items.popleft()

    def empty(self) -> bool:
        return not self._items

    def qsize(self) -> int:
        return len(self._items)


class InlineExecutor:
    """`ThreadPoolExecutor` that carries each call out at once, in the task that submits it."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(call(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def map(self, call: Callable[..., Any], *iterables: Iterable[Any], **_: object) -> Iterator[Any]:
        futures = [self.submit(call, *args) for args in zip(*iterables, strict=False)]
        return (future.result() for future in futures)

    def shutdown(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def threading_module(scheduler: Scheduler) -> SimpleNamespace:
    """The stand-in for the module `threading`."""
    return SimpleNamespace(
        Lock=lambda: Lock(scheduler, reentrant=False),
        RLock=lambda: Lock(scheduler, reentrant=True),
        Condition=lambda _lock=None: Condition(scheduler),
        Event=lambda: Event(scheduler),
        Thread=lambda target, **options: Thread(scheduler, target, options),
        local=SimpleNamespace,
        # No task is the main thread: what only the main thread does for the sake of signals is left out.
        current_thread=lambda: scheduler.current,
        main_thread=lambda: None,
    )


def time_module(scheduler: Scheduler, clock: Callable[[], float]) -> SimpleNamespace:
    """What stands for the module `time`. `clock` is the running process's, in epoch seconds."""
    return SimpleNamespace(
        time=clock,
        time_ns=lambda: int(clock() * 1e9),
        monotonic=lambda: scheduler.now,
        perf_counter=lambda: scheduler.now,
        sleep=scheduler.sleep,
    )


def queue_module(scheduler: Scheduler) -> SimpleNamespace:
    """The stand-in for the module `queue`."""
    new = lambda *_, **__: SimpleQueue(scheduler)  # noqa: E731 - three names of one constructor
    return SimpleNamespace(SimpleQueue=new, Queue=new, Empty=queue.Empty)


def random_module(rng: Callable[[], random.Random]) -> SimpleNamespace:
    """What stands for the module `random`: the running process's own generator."""
    return SimpleNamespace(
        random=lambda: rng().random(),
        uniform=lambda low, high: rng().uniform(low, high),
        choice=lambda items: rng().choice(items),
        Random=random.Random,
    )
