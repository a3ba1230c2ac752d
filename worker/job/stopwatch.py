"""How long each step of an attempt took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Whole milliseconds by step; a step that is left by an exception counts too."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, int] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.milliseconds[name] = round((time.monotonic() - started) * 1000)
