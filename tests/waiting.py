"""Waiting for an event, however slow the machine is: the bound only tells a hang from slowness."""

import asyncio
import threading
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


async def soon(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Return once `condition` holds, and let the event loop run until then; raises TimeoutError after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.003)


def await_background_tasks() -> None:
    """Wait until no background task of the dashboard runs in this process."""
    # Here, not above: most tests that wait need nothing of the dashboard.
    from dashboard.background import THREAD  # noqa: PLC0415

    for thread in threading.enumerate():
        if thread.name.startswith(THREAD):
            thread.join(PATIENCE)
            assert not thread.is_alive(), f"{thread.name} is still at work after {PATIENCE} s"
