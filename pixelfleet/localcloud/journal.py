"""The writes to DynamoDB since the last saved state, on disk before they are carried out.

A record is the request itself: DynamoDB's answers depend only on its items and the request, so that the same requests
in the same order lead to the same items. ministack carries out one request after the other in its event loop, in the
order in which this module passes requests on. A killed process loses nothing; a power cut may lose the writes of the
last second.
"""

import errno
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from pixelfleet.files.regular import open_regular
from pixelfleet.localcloud.state import StateError

_HEAD: Final = struct.Struct(">III")
_PREFIX: Final = "DynamoDB_20120810."
_READS: Final = ("Get", "BatchGet", "TransactGet", "Query", "Scan", "Describe", "List")
#: More than the largest request that passes the door.
_MOST_BYTES: Final = 64_000_000


@dataclass(frozen=True, slots=True)
class Write:
    """A request to DynamoDB that may change something: `target` as of the X-Amz-Target header."""

    target: str
    region: str
    body: bytes


def is_write(target: str | None) -> bool:
    if target is None or not target.startswith(_PREFIX):
        return False
    return not target.removeprefix(_PREFIX).startswith(_READS)


class CloudJournal:
    """An open journal file, to which writes are appended."""

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
        self._end = max((end for _, end in _records(path)), default=0)
        # A write that a killed process left unfinished was never answered.
        self._file.truncate(self._end)
        self._dirty = False

    def append(self, write: Write) -> None:
        """Raises OSError when the disk refuses the write; the journal is then as before."""
        line = _line(write)
        record = _HEAD.pack(len(line), zlib.crc32(line), len(write.body)) + line
        self._file.seek(self._end)
        try:
            taken = self._file.write(record)
        except OSError:
            self._file.truncate(self._end)
            raise
        if taken != len(record):
            self._file.truncate(self._end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._end += len(record)
        self._dirty = True

    def sync(self) -> None:
        """Sync new records to the disk. May run in another thread."""
        if self._dirty:
            self._dirty = False
            os.fdatasync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> Iterator[Write]:
    """The writes of a journal in order. A truncated record or zeros at the end are left out.

    A file system may leave zeros at the end of a file after a power cut.

    Raises:
        StateError: a record before the end is damaged, or the file cannot be read.
    """
    return (write for write, _ in _records(path))


def _records(path: Path) -> Iterator[tuple[Write, int]]:
    """Each write, and the byte at which its record ends. Raises StateError as `read` does."""
    with _opened(path) as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            start = file.tell() - _HEAD.size
            length, checksum, body_length = _HEAD.unpack(head)
            if not any(head) and _only_zeros(file):
                return
            line = file.read(length) if length <= _MOST_BYTES else b""
            if len(line) < length <= _MOST_BYTES:
                return
            names, body = line[: length - body_length], line[length - body_length :]
            target, separator, region = names.decode("utf-8", "replace").partition("\n")
            sound = zlib.crc32(line) == checksum and separator and body_length <= length <= _MOST_BYTES
            write = Write(target, region, body)
            if not sound or _line(write) != line:
                raise StateError(f"the journal {path} is damaged at byte {start}")
            yield write, file.tell()


def _opened(path: Path) -> IO[bytes]:
    try:
        return open_regular(path)
    except OSError as error:
        raise StateError(f"the journal {path} cannot be read: {error.strerror}") from None


def _only_zeros(file: IO[bytes]) -> bool:
    return not any(any(piece) for piece in iter(lambda: file.read(1 << 16), b""))


def _line(write: Write) -> bytes:
    return f"{write.target}\n{write.region}".encode() + write.body
