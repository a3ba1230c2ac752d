"""A child guard: runs one program, and ends its whole process group with its owner or its main process.

`supervise.py` runs this file as a script, in a session of its own:

    child_guard.py GRACE DESCRIPTORS PROGRAM ARGS...

It uses the standard library alone, so that it starts in milliseconds. DESCRIPTORS are numbers with commas between
them, or empty: the program inherits these descriptors. The owner holds the other end of standard input. That end
closes when the owner ends the program, and when the owner is killed. The program then gets SIGTERM and, GRACE seconds
later, its whole process group gets SIGKILL. SIGUSR1 to the guard skips the grace. SIGTERM goes to the program alone:
Celery takes a SIGTERM of its pool processes for a crash in the middle of a task. When the guard ends, no process of
the group is left.

The guard reports on standard output, a line for each event: `started PID`, `exited CODE` (negative: killed by that
signal), `failed REASON`.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_ENOUGH = 4096
#: Seconds to wait for killed processes. A process that left the group, as a daemon does, is not waited for longer.
_LAST_SECONDS = 2.0

STOP, KILL = "stop", "kill"


def main() -> None:
    grace, passed, command = float(sys.argv[1]), sys.argv[2], sys.argv[3:]
    wakeups = _wake_on_signals()
    _adopt_orphans()
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=2,
            stderr=2,
            pass_fds=[int(number) for number in passed.split(",") if number],
            process_group=0,
            preexec_fn=_dies_with_me(),  # noqa: PLW1509 - there are no threads here
        )
    except OSError as error:
        _report(f"failed {error}")
        return
    _report(f"started {child.pid}")
    deadline: float | None = None
    while not _ended(child.pid) and (deadline is None or time.monotonic() < deadline):
        wish = _wait(wakeups, watch_owner=deadline is None, deadline=deadline)
        if wish == KILL:
            break
        if wish == STOP and deadline is None:
            deadline = time.monotonic() + grace
            os.kill(child.pid, signal.SIGTERM)
    child.returncode = _end_group(child.pid)
    _report(f"exited {child.returncode}")


def _wake_on_signals() -> int:
    """A descriptor that becomes readable when a child ends or the guard gets a signal to stop."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    return reading


def _wait(wakeups: int, *, watch_owner: bool, deadline: float | None) -> str | None:
    """Sleep until an event; returns the owner's wish, if there is one."""
    watched = [wakeups, 0] if watch_owner else [wakeups]
    timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
    ready, _, _ = select.select(watched, [], [], timeout)
    signals = set(os.read(wakeups, _ENOUGH)) if wakeups in ready else set()
    if signal.SIGUSR1 in signals:
        return KILL
    owner_gone = 0 in ready and not os.read(0, _ENOUGH)
    return STOP if owner_gone or signals - {signal.SIGCHLD} else None


def _ended(pid: int) -> bool:
    """Whether the program has ended. The zombie stays, so that no other process gets the number of the group."""
    if not hasattr(os, "waitid"):
        # On macOS, Python before 3.13 cannot look without reaping.
        return _reap(pid)
    while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG)) is not None:
        if ended.si_pid == pid:
            return True
        os.waitpid(ended.si_pid, 0)
    return False


_codes: dict[int, int] = {}


def _reap(pid: int) -> bool:
    """Reap one child, or with -1 any, if it has ended."""
    reaped, status = os.waitpid(pid, os.WNOHANG)
    if reaped:
        _codes[reaped] = os.waitstatus_to_exitcode(status)
    return bool(reaped)


def _end_group(pid: int) -> int:
    """Kill the rest of the program's group and wait for its end; returns the program's exit code."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    deadline = time.monotonic() + _LAST_SECONDS
    with suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if not _reap(-1):
                time.sleep(0.005)
    return _codes.get(pid, -signal.SIGKILL)


def _adopt_orphans() -> None:
    """On Linux, become the parent of processes that the program leaves behind, so that the guard can wait for them."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _dies_with_me() -> Callable[[], object] | None:
    """On Linux the kernel itself ends the program when the guard is killed."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _report(line: str) -> None:
    # After the owner's end nobody reads.
    with suppress(BrokenPipeError):
        os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main()
