"""The head of an HTTP request to the embedded cloud, read strictly, and the refusal of a request."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Self
from urllib.parse import parse_qsl

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

#: The most bytes of a body that is held until its signature is verified: DynamoDB's limit, and some room.
MOST_HELD_BYTES: Final = 17_000_000
#: Bytes of a body that is always held.
SMALL_BYTES: Final = 1_000_000
#: The most bytes of all larger bodies together. Every link shows the id of the access key: with the id, anybody could
#: make this process hold any number of bodies until their signatures prove to be wrong.
MOST_LARGE_BYTES: Final = 200_000_000
#: Seconds in which such a body has to arrive.
HELD_SECONDS: Final = 60.0
_MOST_PARAMETERS: Final = 100


class DeniedError(Exception):
    """The embedded cloud refuses a request. `code` is S3's error code for the reason."""

    def __init__(self, code: str, message: str, status: HTTPStatus = HTTPStatus.FORBIDDEN) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class RequestHead:
    """Method, path as sent, decoded query, and headers under lower-case names, each in the order of the request."""

    method: str
    raw_path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]

    @classmethod
    def from_scope(cls, scope: Scope) -> Self:
        """Raises DeniedError for a path, a query or a header that is not text."""
        try:
            query = parse_qsl(
                scope.get("query_string", b"").decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MOST_PARAMETERS,
            )
            return cls(
                scope["method"],
                bytes(scope["raw_path"]).decode("ascii"),
                tuple(query),
                tuple((bytes(name).decode("ascii").lower(), _text(bytes(value))) for name, value in scope["headers"]),
            )
        except ValueError:
            raise DeniedError("InvalidRequest", "The request is not valid.", HTTPStatus.BAD_REQUEST) from None

    def values(self, name: str) -> list[str]:
        return [value for header, value in self.headers if header == name]

    def single(self, name: str) -> str | None:
        """The value of a header, None without the header.

        Raises:
            DeniedError: the request has the header more than once: two readers could take different values.
        """
        values = self.values(name)
        if len(values) > 1:
            raise DeniedError("InvalidRequest", f"The request has {len(values)} {name} headers.")
        return values[0] if values else None

    @property
    def is_form(self) -> bool:
        """Whether the request is a browser's form upload to a bucket (Amazon S3 API reference, "POST Object")."""
        content_type = self.single("content-type") or ""
        return self.method == "POST" and not self.query and content_type.startswith("multipart/form-data")


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


class _LargeBodies:
    """The number of bytes of large bodies that are held at this moment."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    @contextmanager
    def counting(self) -> Iterator[Callable[[int], None]]:
        """A function that gets the size of one body so far. It raises DeniedError where all together are too large."""
        counted = 0

        def count(size: int) -> None:
            nonlocal counted
            if size <= SMALL_BYTES:
                return
            if self._held + size - counted > self._most:
                raise DeniedError("SlowDown", "Too many large requests. Try again.", HTTPStatus.SERVICE_UNAVAILABLE)
            self._held, counted = self._held + size - counted, size

        try:
            yield count
        finally:
            self._held -= counted


_large_bodies: Final = _LargeBodies(MOST_LARGE_BYTES)


async def read_body(receive: Receive) -> bytes:
    """A whole body.

    Raises:
        DeniedError: the body is larger than MOST_HELD_BYTES, slower than HELD_SECONDS, broken off, or one too many.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        with _large_bodies.counting() as count:
            async with asyncio.timeout(HELD_SECONDS):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise DeniedError("IncompleteBody", "The body did not arrive.", HTTPStatus.BAD_REQUEST)
                    chunks.append(message.get("body", b""))
                    size += len(chunks[-1])
                    if size > MOST_HELD_BYTES:
                        raise DeniedError(
                            "EntityTooLarge", "The body is too large.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                        )
                    count(size)
                    if not message.get("more_body"):
                        return b"".join(chunks)
    except TimeoutError:
        raise DeniedError("RequestTimeout", "The body did not arrive in time.", HTTPStatus.REQUEST_TIMEOUT) from None


def capped(receive: Receive, limit: int, message: str) -> Receive:
    """The messages of a body of at most `limit` bytes.

    Raises:
        DeniedError: on receipt of the message that exceeds the limit.
    """
    size = 0

    async def within() -> Message:
        nonlocal size
        received = await receive()
        size += len(received.get("body", b""))
        if size > limit:
            raise DeniedError("EntityTooLarge", message, HTTPStatus.BAD_REQUEST)
        return received

    return within
