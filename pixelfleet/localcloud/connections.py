"""A bound for every connection to the embedded cloud: how many may be open, and how slow their clients may be.

hypercorn 0.18 bounds neither. It ends a connection without a whole head of a request after `keep_alive_timeout`.
"""

import asyncio
from typing import Any, ClassVar, Final

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.events import Closed, Event, RawData, Updated

#: Seconds that a client may leave the waiting part of an answer untaken.
TAKE_SECONDS: Final = 60.0
#: Connections at one time. When one more comes, the connection that has been idle longest ends.
MOST_CONNECTIONS: Final = 2_000
#: File descriptors for the journal, objects and everything else.
_OTHER_FILES: Final = 200


class BoundedServer(TCPServer):
    """One connection; those of the process are in `open`."""

    most: ClassVar = MOST_CONNECTIONS
    open: ClassVar[dict["BoundedServer", None]] = {}
    #: The loop's time since when the connection has no request; None while it has one.
    idle_since: float | None = None

    async def run(self) -> None:
        if not self._has_room():
            self.writer.transport.abort()
            return
        self.idle_since = self.loop.time()
        BoundedServer.open[self] = None
        try:
            await super().run()
        finally:
            BoundedServer.open.pop(self, None)

    async def protocol_send(self, event: Event) -> None:
        if isinstance(event, Updated):
            self.idle_since = self.loop.time() if event.idle else None
        if not isinstance(event, RawData):
            await super().protocol_send(event)
            return
        try:
            async with asyncio.timeout(TAKE_SECONDS):
                await super().protocol_send(event)
        except TimeoutError:
            self.writer.transport.abort()
            await self.protocol.handle(Closed())

    async def _read_data(self) -> None:
        await super()._read_data()
        # hypercorn waits for this task before it closes its side: each connection that a client has closed would keep
        # its file descriptor for the rest of `keep_alive_timeout`.
        await self.idle_task.stop()

    async def _close(self) -> None:
        # Closing waits until the client has taken what was written.
        ending = self.loop.call_later(TAKE_SECONDS, self.writer.transport.abort)
        try:
            await super()._close()
        finally:
            ending.cancel()

    def _has_room(self) -> bool:
        if len(BoundedServer.open) < self.most:
            return True
        idle = [one for one in BoundedServer.open if one.idle_since is not None]
        if not idle:
            return False
        longest = min(idle, key=lambda one: one.idle_since or 0.0)
        del BoundedServer.open[longest]
        longest.writer.transport.abort()
        return True


def install(open_files: int) -> None:
    """Let hypercorn serve each connection by `BoundedServer`; the process may have so many files open."""
    from hypercorn.asyncio import run  # noqa: PLC0415

    BoundedServer.most = max(1, min(MOST_CONNECTIONS, open_files - _OTHER_FILES))
    seam: Any = run
    seam.TCPServer = BoundedServer
