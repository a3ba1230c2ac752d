"""Where the code under test reads a clock, draws a random number, starts a thread or composes its adapters.

`installed` replaces these names in every loaded module of ours while a simulation runs. The code itself runs unchanged.
A default argument such as `clock=time.monotonic` was bound when its module was imported, so it is replaced as well.
"""

import concurrent.futures
import datetime as dt
import logging
import queue
import random
import secrets
import sys
import threading
import time
import types
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from tests.simulation.threads import InlineExecutor, queue_module, random_module, threading_module, time_module

#: The packages of the code under test.
OURS: Final = ("pixelfleet", "worker", "producer_lambda", "dashboard")


class Seams:
    """The replacements of one simulation. `scheduler` has the time; the running process has clock and random source."""

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler
        self._time = time_module(scheduler, self.wall_clock)
        self._modules: dict[Any, Any] = {
            threading: threading_module(scheduler),
            queue: queue_module(scheduler),
            time: self._time,
            random: random_module(self._rng),
            uuid: types.SimpleNamespace(uuid4=lambda: uuid.UUID(int=self._rng().getrandbits(128), version=4)),
            secrets: types.SimpleNamespace(
                token_hex=lambda count=16: self._rng().randbytes(count).hex(),
                randbits=lambda bits: self._rng().getrandbits(bits),
            ),
        }
        self._classes: dict[Any, Any] = {
            dt.datetime: _simulated_datetime(self.wall_clock),
            concurrent.futures.ThreadPoolExecutor: InlineExecutor,
            queue.SimpleQueue: self._modules[queue].SimpleQueue,
        }
        self._functions: dict[Any, Any] = {
            time.monotonic: self._time.monotonic,
            time.time: self._time.time,
            time.sleep: self._time.sleep,
            random.random: lambda: self._rng().random(),
        }

    def wall_clock(self) -> float:
        """Epoch seconds by the clock of the running process; the true time where no task runs."""
        task = self._scheduler.current
        skew = task.process.skew if task is not None else 0.0
        return float(self._scheduler.now + skew)

    @contextmanager
    def installed(self, objects: Iterable[tuple[Any, Any]], names: dict[str, dict[str, Any]]) -> Iterator[None]:
        """Replace for the duration of the block.

        `objects` are pairs of an object and what stands for the object in every module of ours. `names` are what stands
        for single names, by module.
        """
        replacements = {**self._classes, **self._functions, **self._modules}
        by_id = {id(old): new for old, new in [*replacements.items(), *objects]}
        undo: list[Callable[[], None]] = []
        try:
            for owner, name, value in _sites(frozenset(by_id)):
                _set(owner, name, _replaced(value, by_id), undo)
            for module_name, attributes in names.items():
                for name, value in attributes.items():
                    _set(sys.modules[module_name], name, value, undo)
            logging.disable(logging.CRITICAL)
            undo.append(lambda: logging.disable(logging.NOTSET))
            yield
        finally:
            for step in reversed(undo):
                step()

    def _rng(self) -> random.Random:
        rng: random.Random = self._scheduler.process.rng
        return rng


def _simulated_datetime(clock: Callable[[], float]) -> type:
    real = dt.datetime

    class SimulatedDatetime(real):  # type: ignore[valid-type, misc]
        """`datetime` whose `now` is the running process's. What it makes are plain datetimes."""

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return real.fromtimestamp(clock(), tz)

        @classmethod
        def fromtimestamp(cls, *args: Any) -> dt.datetime:
            return real.fromtimestamp(*args)

        @classmethod
        def fromisoformat(cls, text: str) -> dt.datetime:
            return real.fromisoformat(text)

    return SimulatedDatetime


@cache
def _sites(ids: frozenset[int]) -> list[tuple[Any, str, Any]]:
    """Where objects with these ids stand in modules of ours: owner, name, and the value that stands there."""
    sites: list[tuple[Any, str, Any]] = []
    for module in [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in OURS]:
        for name, value in list(vars(module).items()):
            if id(value) in ids:
                sites.append((module, name, value))
            elif getattr(value, "__module__", None) == module.__name__:
                for function in _functions_of(value):
                    sites += [
                        (function, attribute, defaults)
                        for attribute, defaults in _defaults_of(function)
                        if any(id(default) in ids for default in _values(defaults))
                    ]
    return sites


def _defaults_of(function: types.FunctionType) -> list[tuple[str, Any]]:
    """The defaults of a function by attribute: a tuple, and a dictionary of those that are given by keyword alone."""
    return [("__defaults__", function.__defaults__ or ()), ("__kwdefaults__", function.__kwdefaults__ or {})]


def _values(defaults: tuple[Any, ...] | dict[str, Any]) -> Iterable[Any]:
    return defaults.values() if isinstance(defaults, dict) else defaults


def _replaced(value: Any, by_id: dict[int, Any]) -> Any:
    if isinstance(value, dict):
        return {name: by_id.get(id(default), default) for name, default in value.items()}
    if isinstance(value, tuple):
        return tuple(by_id.get(id(default), default) for default in value)
    return by_id[id(value)]


def _functions_of(value: Any) -> list[types.FunctionType]:
    if isinstance(value, types.FunctionType):
        return [value]
    if isinstance(value, type):
        return [member for member in vars(value).values() if isinstance(member, types.FunctionType)]
    return []


def _set(owner: Any, name: str, value: Any, undo: list[Callable[[], None]]) -> None:
    before = getattr(owner, name)
    setattr(owner, name, value)
    undo.append(lambda: setattr(owner, name, before))
