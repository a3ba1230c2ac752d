"""Writes the embedded cloud's state now and then, so that a power cut costs a minute and not everything.

ministack writes it at a SIGTERM alone. Writing copies all records and holds up every request meanwhile, some 0.1 s for
each thousand; so it happens when something may have changed, and takes a small share of the time however much there is.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from pixelfleet.localcloud.request_head import Application, Receive, Scope, Send

#: Seconds between two savings at least, and how many times as long as the last one took.
INTERVAL: Final = 60.0
SHARE: Final = 30


def autosave(
    application: Application,
    save: Callable[[], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Application:
    """An ASGI application that calls `save` in its own event loop, between requests."""
    due = asyncio.Event()
    running: list[asyncio.Task[None]] = []

    async def keep_saving() -> None:
        pause = INTERVAL
        while True:
            await sleep(pause)
            await due.wait()
            due.clear()
            began = clock()
            save()
            pause = max(INTERVAL, SHARE * (clock() - began))

    async def saved(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if not running:
                running.append(asyncio.create_task(keep_saving()))
            due.set()
        await application(scope, receive, send)

    return saved
