"""The memory of the processes below one process, sampled from /proc (Linux)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.process_memory import memory_of

#: Seconds between two samples. Peaks are the kernel's own (VmHWM), so that a sample misses no peak of a living process.
EVERY: Final = 0.25
#: What a process is, by a part of its command line. The first match counts.
KINDS: Final = {
    "child_guard.py": "",
    "localcloud.gateway": "embedded cloud",
    "producer_lambda.pump": "producer",
    "images.child": "decoder",
    "-Q bulk": "bulk worker",
    "-Q heavy": "heavy worker",
    "-m dashboard": "dashboard",
}


@contextmanager
def peaks_below(pid: int) -> Iterator[dict[str, int]]:
    """Peak memory in bytes of each kind of process below `pid`: of the largest process of a kind.

    A decoder below the heavy worker is `decoder of heavy worker`. Complete when the context is left.
    """
    peaks: dict[str, int] = {}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(EVERY):
            _sample(pid, peaks)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peaks
    finally:
        ended.set()
        watcher.join()


def pids_below(pid: int) -> dict[int, str]:
    """The processes below `pid`, by kind."""
    commands, parents = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text(encoding="ascii", errors="replace")
            commands[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    return {
        one: kind for one in commands if pid in _ancestors(one, parents) and (kind := _kind(one, commands, parents))
    }


def _sample(pid: int, peaks: dict[str, int]) -> None:
    for one, kind in pids_below(pid).items():
        peaks[kind] = max(peaks.get(kind, 0), memory_of(one))


def _kind(pid: int, commands: dict[int, str], parents: dict[int, int]) -> str:
    kind = next((name for part, name in KINDS.items() if part in commands[pid]), "")
    if kind != "decoder":
        return kind
    above = {_plain(commands.get(one, "")) for one in _ancestors(pid, parents)}
    return next((f"decoder of {lane} worker" for lane in ("bulk", "heavy") if f"{lane} worker" in above), kind)


def _plain(command: str) -> str:
    return next((name for part, name in KINDS.items() if part in command), "")


def _ancestors(pid: int, parents: dict[int, int]) -> list[int]:
    line: list[int] = []
    while (pid := parents.get(pid, 0)) > 1:
        line.append(pid)
    return line
