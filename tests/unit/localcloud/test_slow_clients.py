"""Slow clients of the embedded cloud: bodies byte by byte, answers that no client reads, too many connections."""

import asyncio
from typing import Any

import pytest
from hypercorn.asyncio import run, serve
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config

from pixelfleet.localcloud import connections
from pixelfleet.localcloud.connections import BoundedServer
from pixelfleet.localcloud.request_head import DeniedError, Message, Receive
from pixelfleet.localcloud.slow_bodies import PAUSE_SECONDS, SLOWEST_RATE, paced
from tests.clock import Clock
from tests.waiting import soon

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#: The number of open files of a process that may hold ten connections.
_TEN_CONNECTIONS = 210
#: More bytes than the buffers of the kernel hold.
_LARGE = 20_000_000


@pytest.fixture(autouse=True)
def _own_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(run), "TCPServer", TCPServer)
    monkeypatch.setattr(BoundedServer, "most", BoundedServer.most)
    monkeypatch.setattr(BoundedServer, "open", {})


def _body(clock: Clock, seconds: float, size: int) -> Receive:
    """A body without an end: a piece of `size` bytes every `seconds` seconds."""

    async def receive() -> Message:
        clock.now += seconds
        await asyncio.sleep(0)
        return {"type": "http.request", "body": bytes(size), "more_body": True}

    return receive


async def _read(receive: Receive, size: int) -> None:
    taken = 0
    while taken < size:
        taken += len((await receive())["body"])


def test_a_body_that_arrives_byte_by_byte_is_refused() -> None:
    clock = Clock()
    began = clock.now
    with pytest.raises(DeniedError, match="did not arrive in time") as caught:
        asyncio.run(_read(paced(_body(clock, 1, 1), clock), 1_000_000))
    assert (caught.value.code, int(caught.value.status)) == ("RequestTimeout", 400)
    assert clock.now <= began + PAUSE_SECONDS + 2


def test_a_body_on_a_slow_line_arrives() -> None:
    clock = Clock()
    began = clock.now
    asyncio.run(_read(paced(_body(clock, 10, 20 * SLOWEST_RATE), clock), 10_000_000))
    assert clock.now > began + 4 * PAUSE_SECONDS


def test_a_body_that_stops_is_refused_even_after_a_fast_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelfleet.localcloud.slow_bodies.PAUSE_SECONDS", 0.01)
    first: Message = {"type": "http.request", "body": bytes(10_000_000), "more_body": True}
    pieces = iter([first])

    async def receive() -> Message:
        for piece in pieces:
            return piece
        await asyncio.Future()
        raise AssertionError

    with pytest.raises(DeniedError):
        asyncio.run(_read(paced(receive), 20_000_000))


def test_the_wait_for_the_end_of_the_connection_has_no_limit() -> None:
    clock = Clock()
    last: Message = {"type": "http.request", "body": b"x", "more_body": False}
    messages: list[Message] = [last, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return messages.pop(0)

    async def scenario() -> Message:
        bounded = paced(receive, clock)
        await bounded()
        clock.now += 10 * PAUSE_SECONDS
        return await bounded()

    assert asyncio.run(scenario())["type"] == "http.disconnect"


async def _application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return
    size = _LARGE if scope["path"] == "/large" else 2
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(size).encode())]})
    await send({"type": "http.response.body", "body": b"ok" * (size // 2)})


class _Cloud:
    """hypercorn in this process, on its own port, with the bounds on connections."""

    def __init__(self) -> None:
        connections.install(_TEN_CONNECTIONS)
        self._config = Config()
        self._config.bind = ["127.0.0.1:0"]
        self._config.graceful_timeout = 0.1
        self._config.keep_alive_timeout = 600
        self._config.errorlog = None
        self._stop = asyncio.Event()
        self.port = 0

    async def __aenter__(self) -> "_Cloud":
        sockets = self._config.create_sockets()
        sockets.insecure_sockets[0].listen(100)
        self.port = sockets.insecure_sockets[0].getsockname()[1]
        self._config.create_sockets = lambda: sockets  # type: ignore[method-assign]
        application: Any = _application
        self._serving = asyncio.create_task(serve(application, self._config, shutdown_trigger=self._stop.wait))
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._stop.set()
        await self._serving

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)


def test_a_client_is_served_beside_many_idle_connections() -> None:
    async def scenario() -> None:
        async with _Cloud() as cloud:
            waiting = [await cloud.connect() for _ in range(30)]
            for _, writer in waiting[::2]:
                writer.write(GET[:9])
            reader, writer = await cloud.connect()
            writer.write(GET)
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
            assert len(BoundedServer.open) <= 10
            # The earliest connections were closed.
            assert await waiting[0][0].read() == b""
            for _, other in [*waiting, (reader, writer)]:
                other.close()

    asyncio.run(scenario())


def test_a_connection_is_closed_if_the_client_does_not_read_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "TAKE_SECONDS", 0.05)

    async def scenario() -> None:
        async with _Cloud() as cloud:
            _, writer = await cloud.connect()
            writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            await soon(lambda: BoundedServer.open)
            await soon(lambda: not BoundedServer.open)
            writer.transport.abort()

    asyncio.run(scenario())


def test_a_connection_that_its_client_closes_is_closed_at_once() -> None:
    async def scenario() -> None:
        async with _Cloud() as cloud:
            reader, writer = await cloud.connect()
            writer.write(GET)
            await reader.readuntil(b"ok")
            assert BoundedServer.open
            writer.close()
            # hypercorn itself would close the connection after 75 seconds.
            await soon(lambda: not BoundedServer.open, 60)

    asyncio.run(scenario())
