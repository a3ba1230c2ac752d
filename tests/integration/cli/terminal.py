"""A command at its own terminal, as a person sees and interrupts the command."""

import fcntl
import os
import re
import subprocess
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from struct import pack

from tests.integration.cli.command import PIXELFLEET
from tests.waiting import PATIENCE

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ROWS, COLUMNS = 40, 120


class Terminal:
    """The output of one running command so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", master: int) -> None:
        self.process = process
        self._master = master
        self._shown = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        """All output in order, without colours and cursor movements."""
        return _ESCAPES.sub("", self._shown.decode(errors="replace"))

    def wait_for(self, pattern: str, timeout: float = PATIENCE) -> "re.Match[str]":
        """Wait until the output matches `pattern`."""
        deadline = time.monotonic() + timeout
        while not (actual := re.search(pattern, self.text)):
            assert self.process.poll() is None or re.search(pattern, self.text), f"it ended, having shown {self.text}"
            assert time.monotonic() < deadline, f"no {pattern} in what it has shown: {self.text}"
            time.sleep(0.05)
        return actual

    def ctrl_c(self) -> int:
        """Press Ctrl-C. Returns the exit code."""
        os.write(self._master, b"\x03")
        return self.ended()

    def ended(self) -> int:
        code = self.process.wait(PATIENCE)
        self._thread.join(PATIENCE)
        return code

    def _read(self) -> None:
        # A read from a terminal that no process holds open fails (Linux).
        with suppress(OSError):
            while piece := os.read(self._master, 65_536):
                self._shown += piece


@contextmanager
def at_terminal(*arguments: str, env: Mapping[str, str]) -> Iterator[Terminal]:
    """Start `pixelfleet` with a controlling terminal as input and output. The process is killed after the block."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, pack("HHHH", ROWS, COLUMNS, 0, 0))

    def take_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [PIXELFLEET, *arguments],
        env=dict(env) | {"TERM": "xterm"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=take_terminal,  # noqa: PLW1509 - one system call, without a lock
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)
