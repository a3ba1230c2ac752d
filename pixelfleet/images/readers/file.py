"""A file as `read(offset, count)`, which the readers of containers take."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Read = Callable[[int, int], bytes]


@contextmanager
def reader_at(path: Path) -> Iterator[Read]:
    """Positioned reads from the file; fewer bytes than asked for only at its end, and none of a negative number.

    Offsets and numbers come from files: whatever they are, a read is no error, and needs memory for no more than the
    file has.
    """
    with path.open("rb") as file:
        descriptor = file.fileno()
        size = os.fstat(descriptor).st_size

        def read(offset: int, count: int) -> bytes:
            there = min(count, size - offset) if offset >= 0 else 0
            return os.pread(descriptor, there, offset) if there > 0 else b""

        yield read
