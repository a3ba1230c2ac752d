"""Gives freed memory back to the system after each large request.

glibc keeps freed memory that lies between smaller allocations. After an upload in parts by eight connections these were
50 MB, which nothing used again: Python's own objects have other memory.
"""

import ctypes
from collections.abc import Callable
from typing import Final

from pixelfleet.localcloud.request_head import Application, Message, Receive, Scope, Send

#: The size in bytes of a body after which memory is given back. Giving back takes some milliseconds.
LARGE: Final = 1_000_000


def trim() -> None:
    """Give free memory back, where the C library can (glibc)."""
    function = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if function is not None:
        function(0)


def with_trimming(application: Application, give_back: Callable[[], None] = trim) -> Application:
    """An ASGI application that calls `give_back` after each request with a large body."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            return message

        try:
            await application(scope, counted, send)
        finally:
            if size >= LARGE:
                give_back()

    return handle
