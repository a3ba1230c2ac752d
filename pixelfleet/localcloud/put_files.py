"""The body of a large S3 PUT is written to disk as it arrives: an object, or one part of an upload.

ministack reads every body as a whole, in memory. So ministack gets a large body as a mapped file: hashing reads the
file, and the kernel frees the pages when other programs need memory. `object_files.py` moves the file to its place.

A body in signed chunks (aws-chunked) is decoded in memory, so its size has a bound.
"""

import logging
import mmap
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final, Self

from pixelfleet.localcloud.request_head import (
    Application,
    DeniedError,
    Message,
    Receive,
    RequestHead,
    Scope,
    Send,
    capped,
)
from pixelfleet.localcloud.spool import LARGE, Disk, SpoolFile

#: The most bytes of a body that ministack decodes or parses, and holds in memory.
MOST_IN_MEMORY: Final = 100_000_000
_IN_PARTS: Final = f"A body in signed chunks may have {MOST_IN_MEMORY:,} bytes here: send the object in parts."

_log = logging.getLogger(__name__)


class MappedBody(mmap.mmap):
    """The content of a spool file. The file stays as long as this content is used."""

    spooled: SpoolFile

    @classmethod
    def of(cls, spooled: SpoolFile) -> Self:
        """Raises OSError when the file cannot be read."""
        with spooled.path.open("rb") as file:
            body = cls(file.fileno(), 0, access=mmap.ACCESS_READ)
        body.spooled = spooled
        return body

    def __iter__(self) -> Iterator[int]:
        """The bytes as numbers, as `bytes` has them. `mmap` itself has them as `bytes` of length 1."""
        return iter(memoryview(self))


def with_put_files(application: Application, disk: Disk) -> Application:
    """An ASGI application behind the door: bodies are signed."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        head = RequestHead.from_scope(scope) if scope["type"] == "http" else None
        if head is None or head.method != "PUT":
            await application(scope, receive, send)
        elif _is_decoded(head):
            await application(scope, capped(receive, MOST_IN_MEMORY, _IN_PARTS), send)
        else:
            await application(scope, await _spooled(receive, disk), send)

    return handle


def _is_decoded(head: RequestHead) -> bool:
    """Whether ministack decodes or parses the body, so that the body is not the object's bytes."""
    content_type = (head.single("content-type") or "").lower()
    configures = bool(head.query) and not any(
        name.lower() in {"partnumber", "x-amz-signature", "x-id"} for name, _ in head.query
    )
    return (
        configures
        or head.raw_path.strip("/").count("/") == 0
        or content_type.startswith("application/x-www-form-urlencoded")
        or "aws-chunked" in (head.single("content-encoding") or "")
        or (head.single("x-amz-content-sha256") or "").startswith("STREAMING-")
        or head.single("x-amz-decoded-content-length") is not None
    )


async def _spooled(receive: Receive, disk: Disk) -> Receive:
    """The body as one message; a large body is on disk.

    Raises:
        DeniedError: the body breaks off, or the disk refuses the body.
    """
    first, size, message = list[bytes](), 0, await receive()
    while True:
        first.append(_content(message))
        size += len(first[-1])
        if not message.get("more_body"):
            return _once(b"".join(first), receive)
        if size >= LARGE:
            break
        message = await receive()
    try:
        with disk.spooling() as spooling:
            for piece in first:
                spooling.write(piece)
            first.clear()
            while message.get("more_body"):
                message = await receive()
                spooling.write(_content(message))
            return _once(MappedBody.of(spooling.end()), receive)
    except OSError as error:
        _log.error("an object was refused: %s", error)
        raise DeniedError(
            "ServiceUnavailable", "This machine's disk did not take the object.", HTTPStatus.SERVICE_UNAVAILABLE
        ) from None


def _content(message: Message) -> bytes:
    if message["type"] != "http.request":
        raise DeniedError("IncompleteBody", "The body did not arrive.", HTTPStatus.BAD_REQUEST)
    content: bytes = message.get("body", b"")
    return content


def _once(body: bytes | MappedBody, rest: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    del body

    async def receive() -> Message:
        return waiting.pop() if waiting else await rest()

    return receive
