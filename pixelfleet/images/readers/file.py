"""A file as `read(offset, count)`, which the readers of containers take."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Read = Callable[[int, int], bytes]


@contextmanager
def reader_at(path: Path) -> Iterator[Read]:
    """Positioned reads from the file; fewer bytes than asked for only at its end, and none of a negative number.

    Offsets and numbers come from files: whatever they are, a read is no error.
    """
    with path.open("rb") as file:
        descriptor = file.fileno()
        yield lambda offset, count: os.pread(descriptor, count, offset) if 0 <= offset < 1 << 62 and count > 0 else b""
