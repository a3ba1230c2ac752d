"""An open file, read in pieces by several threads. A change of the file during the reading is an error."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: Bytes of a part. Smaller files go in one piece; each thread holds one piece in memory.
PART: Final = 8 << 20
#: S3 takes 10,000 parts (S3 user guide, "Multipart upload limits").
MOST_PARTS: Final = 10_000
#: The fields of `fstat` that change when a file is written to.
_Signs = tuple[int, int]


class ChangedError(Exception):
    """The file was written to during the reading."""


@dataclass(frozen=True, slots=True)
class Body:
    """An open file with its size at the time of opening. Reads are positioned, so that threads can share the file."""

    path: Path
    descriptor: int
    opened: os.stat_result

    @property
    def size(self) -> int:
        return self.opened.st_size

    @property
    def mtime_ns(self) -> int:
        return self.opened.st_mtime_ns

    @property
    def part_size(self) -> int:
        return max(PART, -(-self.size // MOST_PARTS))

    def read(self, start: int, count: int) -> bytes:
        """`count` bytes from `start`; fewer only at the end that the file had when it was opened.

        Raises:
            ChangedError: the file has become shorter.
        """
        missing = min(count, self.size - start)
        pieces: list[bytes] = []
        while missing > 0:
            piece = os.pread(self.descriptor, missing, start)
            if not piece:
                raise ChangedError
            pieces.append(piece)
            start, missing = start + len(piece), missing - len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read_into(self, room: bytearray, start: int) -> memoryview:
        """Fill `room` from `start`; returns the filled part, smaller only at the end that the file had when opened.

        Raises:
            ChangedError: the file has become shorter.
        """
        filled, count = 0, min(len(room), self.size - start)
        whole = memoryview(room)
        while filled < count:
            read = os.preadv(self.descriptor, [whole[filled:count]], start + filled)
            if not read:
                raise ChangedError
            filled += read
        return whole[:count]

    def parts(self) -> Iterator[tuple[int, int]]:
        """Number, from 1, and beginning of each part."""
        return enumerate(range(0, self.size, self.part_size), 1)

    def check_unchanged(self) -> None:
        """
        Raises:
            ChangedError: the file was written to since it was opened.
        """
        if _signs(os.fstat(self.descriptor)) != _signs(self.opened):
            raise ChangedError


def _signs(status: os.stat_result) -> _Signs:
    return status.st_size, status.st_mtime_ns
