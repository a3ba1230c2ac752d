"""Saves the embedded cloud's state regularly, so that a power cut loses a minute of changes at most.

ministack itself saves at a SIGTERM alone. Saving copies all records and delays every request by some 0.1 s for each
thousand records. So the state is saved only after requests that may change it, and in a small share of the time.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from pixelfleet.localcloud.request_head import Application, Receive, Scope, Send

#: Least seconds between two savings, and the least factor of the last saving's duration.
INTERVAL: Final = 60.0
SHARE: Final = 30

_log = logging.getLogger(__name__)


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
            try:
                save()
            except OSError as error:
                # The journal has the records; after a kill the queues are made anew.
                _log.error("the state was not saved, and is saved again in a minute: %s", error)
                due.set()
            pause = max(INTERVAL, SHARE * (clock() - began))

    async def saved(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if not running:
                running.append(asyncio.create_task(keep_saving()))
            due.set()
        await application(scope, receive, send)

    return saved
