"""Slow clients: heads, bodies and answers one byte at a time, and more connections than may be open."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
import uvicorn
from uvicorn import Config
from uvicorn.server import ServerState

from dashboard.connections import HEAD_SECONDS, IDLE_SECONDS, TAKE_SECONDS, BoundedConnection, bounded_connections
from tests.waiting import soon

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#: Open files of a process that may hold ten connections.
_TEN_CONNECTIONS = 110
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n"


class Loop:
    """An event loop whose time the test sets; tasks run on the real event loop."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[tuple[float, Timer]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, call: Callable[[], None]) -> "Timer":
        timer = Timer(call)
        self._timers.append((self.now + seconds, timer))
        return timer

    def create_task(self, task: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(task)

    def advance(self, seconds: float) -> None:
        self.now += seconds
        due = [timer for at, timer in self._timers if at <= self.now]
        self._timers = [(at, timer) for at, timer in self._timers if at > self.now]
        for timer in due:
            timer.run()


class Timer:
    def __init__(self, call: Callable[[], None]) -> None:
        self.run = call

    def cancel(self) -> None:
        self.run = lambda: None


class Wire(asyncio.Transport):
    """The other end of a connection: keeps the written bytes and whether the connection was aborted."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False
        self.protocol: BoundedConnection

    def write(self, data: Any) -> None:
        self.written += data

    def abort(self) -> None:
        if not self.aborted:
            self.aborted = True
            self.protocol.connection_lost(None)

    def close(self) -> None:
        """The client reads nothing: the written bytes keep a closed connection open."""

    def is_closing(self) -> bool:
        return self.aborted

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    """Answers without reading the body."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def _read_all(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await _answer(scope, receive, send)


class Server:
    def __init__(self, app: Callable[[Any, Any, Any], Awaitable[None]] = _answer, most: int = 1_000) -> None:
        self.loop = Loop()
        self._config = Config(app, log_config=None, lifespan="off", timeout_keep_alive=IDLE_SECONDS)
        self._state = ServerState()
        self._type = bounded_connections(most + 100)

    def connect(self) -> Wire:
        wire = Wire()
        wire.protocol = self._type(self._config, self._state, {}, self.loop)
        wire.protocol.connection_made(wire)
        self.loop.advance(0.001)
        return wire


def test_a_connection_without_a_request_ends() -> None:
    server = Server()
    wire = server.connect()
    server.loop.advance(HEAD_SECONDS)
    assert wire.aborted


def test_a_connection_whose_head_comes_byte_by_byte_ends() -> None:
    server = Server()
    wire = server.connect()
    for byte in GET[:-2] * 100:
        if wire.aborted:
            break
        wire.protocol.data_received(bytes([byte]))
        server.loop.advance(1)
    assert wire.aborted
    assert server.loop.now <= HEAD_SECONDS + 2


@pytest.mark.parametrize("pieces", [[GET], [GET[:9], GET[9:]]])
def test_a_complete_request_has_the_time_that_it_needs(pieces: list[bytes]) -> None:
    async def run() -> None:
        server = Server()
        wire = server.connect()
        for piece in pieces:
            wire.protocol.data_received(piece)
        server.loop.advance(10 * HEAD_SECONDS)
        assert not wire.aborted
        await asyncio.sleep(0)
        assert wire.written.endswith(b"ok")

    asyncio.run(run())


def test_the_next_head_of_a_connection_has_its_own_time_limit() -> None:
    async def run() -> None:
        server = Server()
        wire = server.connect()
        for _ in range(3):
            wire.protocol.data_received(GET)
            await asyncio.sleep(0)
            server.loop.advance(IDLE_SECONDS - 1)
            assert not wire.aborted
        wire.protocol.data_received(GET[:9])
        server.loop.advance(HEAD_SECONDS - 1)
        assert not wire.aborted
        wire.protocol.data_received(GET[9:10])
        server.loop.advance(1)
        assert wire.aborted

    asyncio.run(run())


def test_a_connection_whose_body_no_route_reads_ends_although_bytes_arrive() -> None:
    async def run() -> None:
        server = Server()
        wire = server.connect()
        wire.protocol.data_received(POST)
        await asyncio.sleep(0)
        assert wire.written.endswith(b"ok")
        for _ in range(int(HEAD_SECONDS) + 2):
            if not wire.aborted:
                wire.protocol.data_received(b"x")
                server.loop.advance(1)
        assert wire.aborted

    asyncio.run(run())


def test_a_connection_whose_client_does_not_read_the_answer_ends() -> None:
    async def run() -> None:
        server = Server()
        wire = server.connect()
        wire.protocol.data_received(GET)
        wire.protocol.pause_writing()
        server.loop.advance(TAKE_SECONDS - 1)
        wire.protocol.resume_writing()
        server.loop.advance(TAKE_SECONDS - 1)
        assert not wire.aborted
        wire.protocol.pause_writing()
        wire.protocol.pause_writing()
        server.loop.advance(TAKE_SECONDS)
        assert wire.aborted

    asyncio.run(run())


def test_a_connection_over_the_limit_ends_the_connection_that_waited_longest_and_is_served() -> None:
    async def run() -> None:
        server = Server(_read_all, most=3)
        idle = server.connect()
        slow = server.connect()
        slow.protocol.data_received(POST + b"x")
        working = server.connect()
        working.protocol.data_received(GET)
        first, second = server.connect(), server.connect()
        assert (idle.aborted, slow.aborted, working.aborted) == (True, True, False)
        second.protocol.data_received(GET)
        await soon(lambda: second.written.endswith(b"ok"))
        assert not first.aborted

    asyncio.run(run())


def test_a_connection_without_room_ends_at_once() -> None:
    async def run() -> None:
        server = Server(most=2)
        working = [server.connect() for _ in range(2)]
        for wire in working:
            wire.protocol.data_received(GET)
        assert server.connect().aborted
        assert not any(wire.aborted for wire in working)
        await asyncio.sleep(0)

    asyncio.run(run())


@pytest.mark.parametrize(("open_files", "most"), [(1_000_000, 1_000), (256, 156), (20, 1)])
def test_connections_leave_open_files_for_other_uses(open_files: int, most: int) -> None:
    assert bounded_connections(open_files).most == most


def test_a_client_is_served_beside_many_idle_connections() -> None:
    """With a real server: 40 clients connect, send nothing or half a head, and stay; the next client is answered."""
    server = uvicorn.Server(
        Config(_answer, port=0, log_config=None, lifespan="off", http=bounded_connections(_TEN_CONNECTIONS))
    )

    async def run() -> bytes:
        serving = asyncio.create_task(server.serve())
        await soon(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
        for _, writer in waiting[::2]:
            writer.write(GET[:9])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        answer = await reader.readuntil(b"ok")
        assert len(server.server_state.connections) <= 10
        for _, other in [*waiting, (reader, writer)]:
            other.close()
        server.should_exit = True
        await serving
        return answer

    assert asyncio.run(run()).startswith(b"HTTP/1.1 200")
