"""The pause after a failure, and the limit for a run of failures."""

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BackOff:
    """Exponential, with jitter: attempt n waits between half and the whole of first * 2**(n - 1), in seconds.

    With jitter, messages that failed together do not become visible together.
    """

    first: float = 5.0
    longest: float = 900.0

    def seconds(self, attempt: int, chance: Callable[[], float] = random.random) -> float:
        """`attempt` counts from 1."""
        # 2.0**1024 is an OverflowError; no wait needs more than 60 doublings.
        whole = min(self.first * 2.0 ** min(max(attempt, 1) - 1, 60), self.longest)
        return whole * (0.5 + chance() / 2)

    def whole_seconds(self, attempt: int) -> int:
        """The seconds for a message's visibility, at least 1."""
        return max(1, math.ceil(self.seconds(attempt)))


@dataclass(slots=True)
class RetryBudget:
    """One unbroken run of failures. It may last `limit` seconds."""

    limit: float
    back_off: BackOff = BackOff(first=0.5, longest=30.0)
    clock: Callable[[], float] = time.monotonic
    _failures: int = field(default=0, init=False)
    _since: float = field(default=0.0, init=False)

    def failed(self) -> float:
        """Count a failure; returns the seconds to wait before the next try."""
        if not self._failures:
            self._since = self.clock()
        self._failures += 1
        return self.back_off.seconds(self._failures)

    def succeeded(self) -> None:
        self._failures = 0

    @property
    def exhausted(self) -> bool:
        return self._failures > 0 and self.clock() - self._since >= self.limit
