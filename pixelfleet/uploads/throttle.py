"""A bandwidth that many threads share."""

import threading
import time
from collections.abc import Callable


class Throttle:
    """Limits all threads together to `rate` bytes a second; None is no limit."""

    def __init__(
        self,
        rate: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free_at = clock()

    def take(self, count: int) -> None:
        """Wait until `count` more bytes may be sent."""
        if self._rate is None:
            return
        with self._lock:
            now = self._clock()
            begin = max(self._free_at, now)
            self._free_at = begin + count / self._rate
        self._sleep(max(0.0, begin - now))
