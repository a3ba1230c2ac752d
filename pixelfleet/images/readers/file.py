"""A file as the function `read(offset, count)`, which the container parsers use."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Read = Callable[[int, int], bytes]


@contextmanager
def reader_at(path: Path) -> Iterator[Read]:
    """Positioned reads from the file. A read returns fewer than `count` bytes only at the end of the file, and no bytes
    for a negative offset or count.

    Offsets and counts come from untrusted files. No value makes a read fail, and a read never needs more memory than
    the size of the file.
    """
    with path.open("rb") as file:
        descriptor = file.fileno()
        size = os.fstat(descriptor).st_size

        def read(offset: int, count: int) -> bytes:
            there = min(count, size - offset) if offset >= 0 else 0
            return os.pread(descriptor, there, offset) if there > 0 else b""

        yield read
