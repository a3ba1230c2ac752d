"""Running `pixelfleet` as a user does, and seeing which processes are left of it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.waiting import PATIENCE

PIXELFLEET = str(Path(sys.executable).parent / "pixelfleet")


def environment(tmp: Path, **more: str) -> dict[str, str]:
    """A user's, with a temporary folder of the test's own: by it a process of the test is known."""
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
    """Processes with a path below `tmp` in their environment or arguments, by what they run (Linux).

    `mark` is in the command line; child guards, which carry the command line of their child, are then left out.
    """
    actual = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            continue  # it ended while it was looked at, or is not ours
        line = command.decode(errors="replace")
        ours = str(tmp).encode() in environ + command and int(process.name) != os.getpid()
        if ours and mark in line and not (mark and "child_guard.py" in line):
            actual[int(process.name)] = line
    return actual


def processes_of(tmp: Path) -> list[str]:
    """What those processes run."""
    return list(pids_of(tmp).values())


def left_of(tmp: Path) -> list[str]:
    """Processes and files that a command left behind."""
    return processes_of(tmp) + [str(path) for path in tmp.iterdir()]
