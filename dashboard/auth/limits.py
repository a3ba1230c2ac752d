"""How often one may ask. Each process counts for itself: with two behind a balancer, twice as often."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

#: Buckets remembered; the longest unused goes first, and would be full again by then.
MOST_BUCKETS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """The answer to one request: whether it may pass, what is left, seconds until all is there again."""

    limit: int
    left: int
    reset: int

    @property
    def passes(self) -> bool:
        return self.left >= 0

    def headers(self) -> dict[str, str]:
        """As of the IETF draft "RateLimit header fields for HTTP", version 7."""
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(self.left, 0)),
            "RateLimit-Reset": str(self.reset),
        }
        return told if self.passes else told | {"Retry-After": str(max(self.reset, 1))}


class RateLimit:
    """A bucket of `limit` requests for each caller, filled again evenly over `seconds`."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._per_second = limit / seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> Allowance:
        now = self._clock()
        with self._lock:
            level, since = self._buckets.pop(caller, (float(self._limit), now))
            level = min(float(self._limit), level + (now - since) * self._per_second)
            passes = level >= 1
            level -= 1 if passes else 0
            self._buckets[caller] = (level, now)
            if len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
        wait = (1 - level) / self._per_second if not passes else (self._limit - level) / self._per_second
        return Allowance(self._limit, int(level) if passes else -1, int(wait) + 1)
