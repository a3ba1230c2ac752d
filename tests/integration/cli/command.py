"""Running `pixelfleet` as a user does, and seeing which processes are left of it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

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


def run(*arguments: str, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([PIXELFLEET, *arguments], env=env, capture_output=True, text=True, timeout=110, check=False)


def processes_of(tmp: Path) -> list[str]:
    """Command lines of the processes that have a path below `tmp` in their environment or arguments (Linux)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            if str(tmp).encode() in told and int(process.name) != os.getpid():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it ended while it was looked at, or is not ours
    return found


def left_of(tmp: Path) -> list[str]:
    """Processes and files that a command left behind."""
    return processes_of(tmp) + [str(path) for path in tmp.iterdir()]
