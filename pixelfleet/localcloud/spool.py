"""Spool files: object bytes that arrive are written below `.spool`, then the file is moved to its place.

The folder is on the same disk as the objects, so that a move copies nothing.
"""

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

#: Bytes that a write must leave free for records, sidecar files and the state.
RESERVE: Final = 32_000_000
#: The size in bytes from which a body is written to disk on arrival, and a file is sent piece by piece.
LARGE: Final = 1_000_000
#: Bytes that are copied at a time.
_PIECE: Final = 1 << 18


@dataclass(eq=False)
class SpoolFile:
    """A file below `.spool`. It is deleted with the last reference to this object, unless the file was moved."""

    path: Path
    size: int
    #: In hex; known for a file that was written piece by piece.
    md5: str = ""

    def __len__(self) -> int:
        return self.size

    def __del__(self) -> None:
        self.discard()

    def discard(self) -> None:
        """Delete the file, unless it was moved."""
        with suppress(OSError):
            self.path.unlink()


@dataclass
class Disk:
    """The folder of all objects, and below it the spool files of uploads that are not finished."""

    data: Path
    free: Callable[[Path], int] = field(default=lambda path: shutil.disk_usage(path).free)
    #: The disk's errors since the beginning of the current request.
    failures: list[OSError] = field(default_factory=list)
    current: tuple[bytes, SpoolFile] | None = None
    #: The files of forms, by the placeholders in the forms that ministack gets.
    form_files: dict[bytes, SpoolFile] = field(default_factory=dict)

    @property
    def spool(self) -> Path:
        return self.data / ".spool"

    def is_full(self, size: int) -> bool:
        """Whether the disk has no room for so many more bytes."""
        return self.free(self.data) - size < RESERVE

    def write(self, pieces: Iterator[bytes], size: int) -> SpoolFile:
        """Raises OSError when there is no room, or when the disk refuses."""
        if self.is_full(size):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        spooled = SpoolFile(self.spool / uuid.uuid4().hex, size)
        with _create(spooled.path) as file:
            for piece in pieces:
                file.write(piece)
        return spooled

    @contextmanager
    def spooling(self) -> Iterator["Spooling"]:
        """A file that is written as its bytes arrive. The file is deleted after an error."""
        spooled = SpoolFile(self.spool / uuid.uuid4().hex, 0)
        try:
            with _create(spooled.path) as file:
                yield Spooling(self, spooled, file)
        except BaseException:
            spooled.discard()
            raise

    def join(self, parts: list[SpoolFile]) -> SpoolFile:
        return self.write(_pieces(parts), sum(map(len, parts)))


@dataclass
class Spooling:
    """A spool file that is open. After `end`, its size and its MD5 are known."""

    disk: Disk
    spooled: SpoolFile
    file: IO[bytes]
    _digest: Any = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))

    def write(self, piece: bytes) -> None:
        """Raises OSError when there is no room, or when the disk refuses."""
        if self.disk.is_full(len(piece)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.file.write(piece)
        self._digest.update(piece)
        self.spooled.size += len(piece)

    def end(self) -> SpoolFile:
        """Raises OSError when the disk refuses."""
        self.file.flush()
        self.spooled.md5 = self._digest.hexdigest()
        return self.spooled


def _create(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _pieces(parts: list[SpoolFile]) -> Iterator[bytes]:
    for part in parts:
        with part.path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
