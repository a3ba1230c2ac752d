"""Waiting for an event, however slow the machine is: the bound only tells a hang from slowness."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

#: Seconds after which a test gives up. No event of a test takes a tenth of this on a quiet machine.
PATIENCE: Final = 120.0


class TooLateError(AssertionError):
    """The event did not happen."""


def eventually(condition: Callable[[], T | None], why: Callable[[], str] = str, seconds: float = PATIENCE) -> T:
    """The first true value of `condition`; raises TooLateError with `why()` if there is none within `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() >= deadline:
            raise TooLateError(f"not within {seconds} s: {why()}")
        time.sleep(0.03)
    return value
