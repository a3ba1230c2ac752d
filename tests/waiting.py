"""Waiting for an event on a machine of any speed. The time limit only separates a hang from a slow machine."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

#: Seconds after which a test gives up. On a quiet machine, each event of a test takes less than a tenth of this.
PATIENCE: Final = 120.0


class TooLateError(AssertionError):
    """The event did not happen."""


def eventually(condition: Callable[[], T | None], why: Callable[[], str] = str, seconds: float = PATIENCE) -> T:
    """The first true value of `condition`. Raises TooLateError with `why()` after `seconds` without a true value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() >= deadline:
            raise TooLateError(f"not within {seconds} s: {why()}")
        time.sleep(0.03)
    return value


async def soon(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Run the event loop until `condition` holds. Raises TimeoutError after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.003)


def await_background_tasks() -> None:
    """Wait until no background task of the dashboard runs in this process."""
    # The import is here because most tests that wait do not need the dashboard.
    from dashboard.background import THREAD  # noqa: PLC0415

    for thread in threading.enumerate():
        if thread.name.startswith(THREAD):
            thread.join(PATIENCE)
            assert not thread.is_alive(), f"{thread.name} is still at work after {PATIENCE} s"
