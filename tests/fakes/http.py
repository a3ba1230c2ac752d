"""The part of HTTP/1.1 that AWS clients use, on asyncio: keep-alive, Content-Length, chunked bodies, 100-continue."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

REASONS: Final = {200: "OK", 400: "Bad Request"}


@dataclass(frozen=True, slots=True)
class Request:
    """Header names are in lower case. `head` is the request line and the headers, unchanged."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    head: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """`breaks_off` sends the head and half the body, then nothing more for an hour."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/x-amz-json-1.0"})
    breaks_off: bool = False

    def encoded(self) -> bytes:
        headers = self.headers
        if not {name.lower() for name in headers} & {"content-length", "transfer-encoding"}:
            headers = headers | {"Content-Length": str(len(self.body))}
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class Dropped(Exception):  # noqa: N818 - the name describes the state of the connection
    """Raised by a handler to close the connection without an answer."""


Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    _server: asyncio.Server
    _tasks: set["asyncio.Task[None]"]

    async def close(self) -> None:
        """Stop listening and close every open connection."""
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def serve(handler: Handler, port: int) -> Server:
    """Listen on 127.0.0.1. Port 0 selects a free port."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        with contextlib.suppress(Dropped, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await _converse(handler, reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port, backlog=512)
    return Server(server.sockets[0].getsockname()[1], server, tasks)


async def _converse(handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        request = await read_request(reader, writer)
        response = await handler(request)
        encoded = response.encoded()
        if response.breaks_off:
            writer.write(encoded[: len(encoded) - len(response.body) // 2])
            await writer.drain()
            await asyncio.sleep(3600)
        writer.write(encoded)
        await writer.drain()


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
    """Raises asyncio.IncompleteReadError when the client closes the connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    line, headers = parse_head(head)
    method, target, _ = line.split(" ", 2)
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return Request(method, target, headers, await read_body(reader, headers), head)


def parse_head(head: bytes) -> tuple[str, dict[str, str]]:
    """The first line, and the headers with names in lower case."""
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {}
    for entry in rest:
        name, mark, value = entry.partition(":")
        if mark:
            headers[name.strip().lower()] = value.strip()
    return line, headers


async def read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    """The body as it came over the wire. A chunked body includes its chunk framing."""
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    parts = []
    while True:
        size = await reader.readuntil(b"\r\n")
        chunk = await reader.readexactly(int(size.split(b";")[0], 16) + 2)
        parts += [size, chunk]
        if int(size.split(b";")[0], 16) == 0:
            return b"".join(parts)
