"""Runs `pixelfleet` as a user does, and lists the processes that remain."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.waiting import PATIENCE

PIXELFLEET = str(Path(sys.executable).parent / "pixelfleet")


def environment(tmp: Path, **more: str) -> dict[str, str]:
    """A user's environment, with the test's own temporary folder. The folder identifies the test's processes."""
    tmp.mkdir(exist_ok=True)
    return os.environ | {"TMPDIR": str(tmp)} | more


def start(*arguments: str, env: Mapping[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [PIXELFLEET, *arguments],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(*arguments: str, env: Mapping[str, str], folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PIXELFLEET, *arguments], env=env, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def pids_of(tmp: Path, mark: str = "") -> dict[int, str]:
    """Command lines, by pid, of the processes with a path below `tmp` in their environment or arguments (Linux).

    With `mark`, only command lines that contain `mark`, without child guards, which repeat their child's command line.
    """
    actual = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            continue  # the process has ended, or belongs to another user
        line = command.decode(errors="replace")
        ours = str(tmp).encode() in environ + command and int(process.name) != os.getpid()
        if ours and mark in line and not (mark and "child_guard.py" in line):
            actual[int(process.name)] = line
    return actual


def processes_of(tmp: Path) -> list[str]:
    """The command lines of those processes."""
    return list(pids_of(tmp).values())


def left_of(tmp: Path) -> list[str]:
    """The processes and files that a command left behind."""
    return processes_of(tmp) + [str(path) for path in tmp.iterdir()]
