"""The duration of each step of an attempt."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopwatch:
    """Whole milliseconds by step; a step that ends in an exception counts too. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.milliseconds: dict[str, int] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = self._clock()
        try:
            yield
        finally:
            self.milliseconds[name] = round((self._clock() - started) * 1000)
