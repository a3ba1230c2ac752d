"""Reads files that a user names. A named pipe or a device is refused: reading it may never end."""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading; opening never waits.

    Raises:
        OSError: there is no such file, it cannot be read, or it is not a regular file.
    """
    # Without O_NONBLOCK, opening a named pipe waits for a writer. Regular files ignore the flag.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "it is no regular file", str(path))


def read_file_or_pipe(path: Path, most: int) -> bytes:
    """The content of a file, or of a pipe that a process writes to: a shell's `<(command)`. At most `most` bytes.

    Raises:
        OSError: there is no such file, it cannot be read, or it has more bytes.
    """
    # A named pipe without a writer is at its end at once. It is opened without waiting, and then read with waiting.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return content


def read_regular(path: Path) -> bytes:
    """The content of a file. Raises OSError as `open_regular` does."""
    with open_regular(path) as file:
        return file.read()
