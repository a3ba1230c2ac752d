"""The file of a form goes to disk while it arrives. ministack never holds the file in memory; no partial file stays."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pixelfleet.localcloud.form_files import with_form_files
from pixelfleet.localcloud.object_files import _take_form_files
from pixelfleet.localcloud.request_head import DeniedError, Message
from pixelfleet.localcloud.spool import RESERVE, Disk, SpoolFile

FILE = bytes(range(256)) * 4_000 + b"\r\n--x \r\n--"
HEAD = (
    b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nuploads/a\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
)
AFTER = b'\r\n--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nuploads/another\r\n--b--\r\n'


def _disk(folder: Path, free: Callable[[Path], int] = lambda _: RESERVE + 10_000_000) -> Disk:
    disk = Disk(folder, free)
    disk.spool.mkdir()
    return disk


def _post(disk: Disk, body: bytes, piece: int = 65_536) -> tuple[bytes, dict[bytes, bytes], list[Any]]:
    """The body and headers that `inside` got, and the result of ministack's parser, patched as at the start."""
    got: list[Any] = []
    s3: Any = SimpleNamespace(
        _parse_multipart_form=lambda _, form: [("file", None, {}, form.split(b"\r\n\r\n")[-1].partition(b"\r\n")[0])],
        md5_hash=lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    )
    _take_form_files(s3, disk)

    async def inside(scope: Any, receive: Any, _send: Any) -> None:
        message = await receive()
        got.extend([message["body"], dict(scope["headers"]), s3._parse_multipart_form("", message["body"])])
        got.extend([s3.md5_hash(got[2][0][-1]), got[2][0][-1].path.read_bytes()])

    pieces = [body[start : start + piece] for start in range(0, len(body), piece)]
    messages = [{"type": "http.request", "body": one, "more_body": True} for one in pieces]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    waiting = iter(messages)

    async def receive() -> Message:
        return next(waiting)

    async def send(_: Message) -> None:
        return

    headers = [(b"content-type", b"multipart/form-data; boundary=b"), (b"content-length", str(len(body)).encode())]
    scope = {"type": "http", "method": "POST", "raw_path": b"/bucket", "query_string": b"", "headers": headers}

    async def ask() -> None:
        await with_form_files(inside, disk)(scope, receive, send)

    asyncio.run(ask())
    return got[0], got[1], got[3:]


@pytest.mark.parametrize("piece", [1_000, 65_537, 10_000_000])
def test_the_application_gets_the_form_with_a_placeholder_and_the_file_on_disk(tmp_path: Path, piece: int) -> None:
    body, headers, digest_and_content = _post(_disk(tmp_path), HEAD + FILE + AFTER, piece)
    assert body.startswith(HEAD)
    assert len(body) < len(HEAD) + 100
    assert int(headers[b"content-length"]) == len(body)
    assert digest_and_content == [hashlib.md5(FILE, usedforsecurity=False).hexdigest(), FILE]


def test_fields_after_the_file_are_dropped(tmp_path: Path) -> None:
    """The door does not verify a field after the file."""
    assert b"uploads/another" not in _post(_disk(tmp_path), HEAD + FILE + AFTER)[0]


def test_a_file_that_was_not_moved_is_deleted_after_the_request(tmp_path: Path) -> None:
    disk = _disk(tmp_path)
    _post(disk, HEAD + FILE + AFTER)
    assert (list(disk.spool.iterdir()), disk.form_files) == ([], {})


@pytest.mark.parametrize(
    "body",
    [HEAD + FILE, HEAD + FILE + b"\r\n--b", HEAD[:60], b"no form"],
    ids=["in the file", "in the last boundary", "in the head", "before the head"],
)
def test_a_form_that_breaks_off_is_refused_and_leaves_no_file(tmp_path: Path, body: bytes) -> None:
    disk = _disk(tmp_path)
    with pytest.raises(DeniedError):
        _post(disk, body)
    assert list(disk.spool.iterdir()) == []


def test_a_full_disk_gives_status_503_and_leaves_no_file(tmp_path: Path) -> None:
    disk = _disk(tmp_path, lambda _: RESERVE + 70_000)
    with pytest.raises(DeniedError) as refused:
        _post(disk, HEAD + FILE + AFTER, 100_000)
    assert (refused.value.code, refused.value.status) == ("ServiceUnavailable", 503)
    assert list(disk.spool.iterdir()) == []


def test_a_file_that_was_moved_to_its_place_stays(tmp_path: Path) -> None:
    with _disk(tmp_path).spooling() as spooling:
        spooling.write(b"content")
        spooled: SpoolFile | None = spooling.end()
    assert spooled is not None
    spooled.path.replace(tmp_path / "object")
    spooled = None
    assert (tmp_path / "object").read_bytes() == b"content"
