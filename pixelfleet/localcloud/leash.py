"""A leash: runs one program and lets it outlive neither its owner nor its own main process.

Run as a script by `supervise.py`, in a session of its own, on the standard library alone so that it starts in
milliseconds: `leash.py GRACE PROGRAM ARGS...`. The owner holds the other end of standard input; when that end closes,
because the owner wants it or because it was killed, the program gets SIGTERM and, GRACE seconds later, its whole
process group SIGKILL. SIGTERM goes to the program alone: Celery would take a SIGTERM of its pool processes for
crashes in the middle of a task. What happens is told on standard output, a line each: `started PID`, `exited CODE`
(negative: killed by that signal), `failed REASON`.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_ENOUGH = 4096


def main() -> None:
    grace, command = float(sys.argv[1]), sys.argv[2:]
    if os.getpgrp() != os.getpid():
        sys.exit("the leash ends its process group, so it must lead one of its own")
    wakeups = _wake_on_signals()
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=2,
            stderr=2,
            preexec_fn=_dies_with_me(),  # noqa: PLW1509 - there are no threads here
        )
    except OSError as error:
        _tell(f"failed {error}")
        return
    _tell(f"started {child.pid}")
    deadline: float | None = None
    while child.poll() is None:
        if deadline is not None and time.monotonic() >= deadline:
            break
        if _wait(wakeups, watch_owner=deadline is None, deadline=deadline) and deadline is None:
            deadline = time.monotonic() + grace
            child.terminate()
    if child.returncode is None:
        _tell(f"exited {-signal.SIGKILL}")
    else:
        _tell(f"exited {child.returncode}")
    # The leash is the group's leader and dies with it. Its being alive until here is what keeps the group's number
    # from being given to a stranger.
    os.killpg(0, signal.SIGKILL)


def _wake_on_signals() -> int:
    """A descriptor that becomes readable when a child ended or the leash was told to stop."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return reading


def _wait(wakeups: int, *, watch_owner: bool, deadline: float | None) -> bool:
    """Sleep until something happens; True when the program is to be stopped."""
    watched = [wakeups, 0] if watch_owner else [wakeups]
    timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
    ready, _, _ = select.select(watched, [], [], timeout)
    owner_gone = 0 in ready and not os.read(0, _ENOUGH)
    told = wakeups in ready and set(os.read(wakeups, _ENOUGH)) - {signal.SIGCHLD}
    return bool(owner_gone or told)


def _dies_with_me() -> Callable[[], object] | None:
    """On Linux the kernel itself tells the program when even the leash was killed."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _tell(line: str) -> None:
    try:
        os.write(1, f"{line}\n".encode())
    except BrokenPipeError:
        return  # the owner is gone: there is nobody to tell


if __name__ == "__main__":
    main()
