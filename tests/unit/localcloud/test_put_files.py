"""The body of a large PUT goes to disk while it arrives. ministack gets a mapped file; no partial file stays."""

import asyncio
import hashlib
import zlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from pixelfleet.localcloud.put_files import MOST_IN_MEMORY, MappedBody, with_put_files
from pixelfleet.localcloud.request_head import DeniedError, Message
from pixelfleet.localcloud.spool import RESERVE, Disk

LARGE = bytes(range(256)) * 8_000


def _disk(folder: Path, free: Callable[[Path], int] = lambda _: RESERVE + 10_000_000) -> Disk:
    disk = Disk(folder, free)
    disk.spool.mkdir()
    return disk


def _put(
    disk: Disk, messages: list[Message], target: str = "/bucket/key", *headers: tuple[bytes, bytes], method: str = "PUT"
) -> list[Any]:
    """The bodies that `inside` got; for a mapped body, the values that `inside` read from the body."""
    got: list[Any] = []

    async def inside(_scope: Any, receive: Any, _send: Any) -> None:
        while (message := await receive()).get("more_body"):
            got.append(message["body"])
        body = message["body"]
        got.append(body)
        if isinstance(body, MappedBody):
            content = body.spooled.path.read_bytes()
            got[-1] = (body.spooled.md5, zlib.crc32(body), body[:3], list(islice(body, 2)), len(body), content)

    waiting = iter(messages)

    async def receive() -> Message:
        return next(waiting)

    async def send(_: Message) -> None:
        return

    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": list(headers),
    }

    async def ask() -> None:
        await with_put_files(inside, disk)(scope, receive, send)

    asyncio.run(ask())
    return got


def _messages(body: bytes, piece: int = 65_536) -> list[Message]:
    pieces = [body[start : start + piece] for start in range(0, len(body), piece)]
    messages: list[Message] = [{"type": "http.request", "body": one, "more_body": True} for one in pieces]
    return [*messages, {"type": "http.request", "body": b"", "more_body": False}]


@pytest.mark.parametrize("target", ["/bucket/key", "/bucket/a/b?x-id=PutObject", "/bucket/key?partNumber=1&uploadId=u"])
def test_a_large_body_is_a_mapped_file(tmp_path: Path, target: str) -> None:
    [(md5, crc, start, numbers, size, content)] = _put(_disk(tmp_path), _messages(LARGE), target)
    assert (md5, crc) == (hashlib.md5(LARGE, usedforsecurity=False).hexdigest(), zlib.crc32(LARGE))
    assert (start, numbers, size) == (LARGE[:3], [0, 1], len(LARGE))
    assert content == LARGE


def test_a_small_body_stays_in_memory(tmp_path: Path) -> None:
    disk = _disk(tmp_path)
    assert _put(disk, _messages(b"x" * 200_000)) == [b"x" * 200_000]
    assert list(disk.spool.iterdir()) == []


def test_a_file_that_was_not_moved_is_deleted_after_the_request(tmp_path: Path) -> None:
    disk = _disk(tmp_path)
    _put(disk, _messages(LARGE))
    assert list(disk.spool.iterdir()) == []


def test_a_body_that_breaks_off_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    disk = _disk(tmp_path)
    with pytest.raises(DeniedError):
        _put(disk, [*_messages(LARGE)[:-1], {"type": "http.disconnect"}])
    assert list(disk.spool.iterdir()) == []


def test_a_full_disk_gives_status_503_and_leaves_no_file(tmp_path: Path) -> None:
    disk = _disk(tmp_path, lambda _: RESERVE)
    with pytest.raises(DeniedError) as refused:
        _put(disk, _messages(LARGE))
    assert (refused.value.code, refused.value.status) == ("ServiceUnavailable", 503)
    assert list(disk.spool.iterdir()) == []


@pytest.mark.parametrize(
    ("target", "header"),
    [
        ("/bucket/key", (b"x-amz-content-sha256", b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD")),
        ("/bucket/key", (b"content-encoding", b"aws-chunked")),
        ("/bucket/key", (b"content-type", b"application/x-www-form-urlencoded")),
        ("/bucket/key?tagging", (b"a", b"b")),
        ("/bucket", (b"a", b"b")),
    ],
)
def test_a_body_that_has_to_be_decoded_has_a_bound(tmp_path: Path, target: str, header: tuple[bytes, bytes]) -> None:
    disk = _disk(tmp_path)
    assert b"".join(_put(disk, _messages(LARGE), target, header)) == LARGE
    message: Message = {"type": "http.request", "body": bytes(MOST_IN_MEMORY // 2), "more_body": True}
    with pytest.raises(DeniedError, match="in parts"):
        _put(disk, [message, message, dict(message, body=b"x")], target, header)


def test_other_requests_pass_unchanged(tmp_path: Path) -> None:
    messages = _messages(LARGE)
    assert len(_put(_disk(tmp_path), messages, "/bucket/key?uploads", method="POST")) == len(messages)
