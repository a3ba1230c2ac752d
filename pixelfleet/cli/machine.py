"""Limits of this machine that end a command: open files, room on a disk, memory."""

import errno
import os
import resource
import sys
from collections.abc import Callable
from typing import Final

from pixelfleet.errors import SetupError, chain

#: Open files: enough for every command, and the fewest that a command starts with. The usual limits are 1,024 (Linux)
#: and 256 (macOS).
ENOUGH_FILES: Final = 1_024
LEAST_FILES: Final = 256

_UNLIMITED: Final = resource.RLIM_INFINITY
#: CPython's message where the system refuses a thread.
_NO_THREAD: Final = "can't start new thread"
_REFUSALS: Final = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENOMEM, errno.EAGAIN}
)


def ensure_open_files(
    limits: Callable[[int], tuple[int, int]] = resource.getrlimit,
    set_limits: Callable[[int, tuple[int, int]], None] = resource.setrlimit,
) -> None:
    """Raise this process's limit of open files to what commands need, as far as the hard limit allows.

    Without this check, a command that runs out of open files fails anywhere, with an error about something else.

    Raises:
        SetupError: the hard limit is too low.
    """
    soft, hard = limits(resource.RLIMIT_NOFILE)
    if not _allows(hard, LEAST_FILES):
        raise SetupError(
            f"this shell allows {hard} open files, and pixelfleet needs {LEAST_FILES}: start it from a shell with a "
            f"higher limit (ulimit -n {ENOUGH_FILES})"
        )
    if not _allows(soft, ENOUGH_FILES):
        set_limits(resource.RLIMIT_NOFILE, (ENOUGH_FILES if _allows(hard, ENOUGH_FILES) else hard, hard))


def ensure_standard_streams() -> None:
    """Open /dev/null in the place of standard streams that the caller has closed, as by `>&-`.

    Python has no stream then, and the next file that is opened would get the number of standard output.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def refusal(error: BaseException) -> str | None:
    """The limit of this machine that the error, or an error behind it, is about, in words; None for other errors."""
    for cause in chain(error):
        if isinstance(cause, MemoryError):
            return "this machine has no memory left for pixelfleet"
        if isinstance(cause, RuntimeError) and str(cause) == _NO_THREAD:
            return (
                "this machine allows pixelfleet no more threads: are its memory or its processes limited (ulimit -a)?"
            )
        if isinstance(cause, OSError) and cause.errno in _REFUSALS:
            where = f": {cause.filename}" if cause.filename else ""
            return f"this machine refused: {os.strerror(cause.errno)}{where}"
    return None


def _allows(limit: int, number: int) -> bool:
    return limit in (_UNLIMITED, -1) or limit >= number
