"""Bounds for connections: the seconds for which a client may keep the dashboard waiting, and the number of connections.

uvicorn 0.54 has no time limit for the head of a request, for a body that no route reads, and for an answer that the
client does not take. Each byte that arrives ends its time limit of idle connections. So a client that sends one byte
every few seconds (slowloris) would hold a connection for ever, until no file descriptor is left.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

#: Seconds from the first byte of a request until its head is whole; from the start of a new connection, too.
HEAD_SECONDS: Final = 20.0
#: Seconds that a connection may be idle between two requests. Longer than the 120 s of the load balancer
#: (`infra/modules/balancer`), which must close first: else it answers 502 to a request that it has sent on
#: (AWS, "Troubleshoot your Application Load Balancers", HTTP 502).
IDLE_SECONDS: Final = 130
#: Seconds for which a client may leave the waiting part of an answer (48 kB at least) unread.
TAKE_SECONDS: Final = 60.0
#: Connections of one process. At one more, the connection with the longest wait for its client ends.
MOST_CONNECTIONS: Final = 1_000
#: File descriptors for everything else: libraries, AWS clients, downloads.
_OTHER_FILES: Final = 100


class BoundedConnection(H11Protocol):
    """An HTTP/1.1 connection that ends if its client is too slow, or if there are too many connections."""

    most = MOST_CONNECTIONS

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._head_timer: asyncio.TimerHandle | None = None
        self._take_timer: asyncio.TimerHandle | None = None
        self._begun = False
        #: The loop's time since which the client has to send something.
        self.waits_since = 0.0

    @property
    def has_request(self) -> bool:
        """Whether there is a head of a request without an answer yet."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    @property
    def waits_for_client(self) -> bool:
        return not self.has_request or self.cycle.more_body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        has_room = self._has_room()
        super().connection_made(transport)
        self._begun = True
        self.waits_since = self.loop.time()
        self._watch(HEAD_SECONDS if has_room else 0)

    def data_received(self, data: bytes) -> None:
        if not self._begun and not self.has_request:
            self._begun = True
            self._watch(HEAD_SECONDS)
        super().data_received(data)
        if self.has_request:
            self._unwatch()

    def on_response_complete(self) -> None:
        self.waits_since = self.loop.time()
        self._begun = False
        # The body may still be on its way, although it was not read.
        self._watch(IDLE_SECONDS)
        super().on_response_complete()
        if self.has_request:
            # Its head was there already.
            self._unwatch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self._taken()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._take_timer = self._take_timer or self.loop.call_later(TAKE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._taken()
        super().resume_writing()

    def _has_room(self) -> bool:
        if len(self.connections) < self.most:
            return True
        waiting = [one for one in self.connections if isinstance(one, BoundedConnection) and one.waits_for_client]
        if not waiting:
            return False
        longest = min(waiting, key=lambda one: one.waits_since)
        self.connections.discard(longest)
        longest.transport.abort()
        return True

    def _watch(self, seconds: float) -> None:
        self._unwatch()
        # `abort`, because `close` would wait until the client has read the written bytes.
        self._head_timer = self.loop.call_later(seconds, self.transport.abort)

    def _unwatch(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _taken(self) -> None:
        if self._take_timer is not None:
            self._take_timer.cancel()
            self._take_timer = None


def bounded_connections(open_files: int) -> type[BoundedConnection]:
    """The protocol for a process that may have this number of open files."""
    most = max(1, min(MOST_CONNECTIONS, open_files - _OTHER_FILES))
    return type("BoundedConnectionOfProcess", (BoundedConnection,), {"most": most})
