"""Limits the rate of a sender."""

import time
from collections.abc import Callable


class Pace:
    """Makes callers wait so that, on average since the start, at most `rate` items a second pass."""

    def __init__(
        self,
        rate: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._started = clock()
        self._passed = 0

    def wait(self, count: int) -> None:
        if self._rate is None:
            return
        due = self._started + self._passed / self._rate
        self._passed += count
        self._sleep(max(0.0, due - self._clock()))
