"""The folder of one attempt: the original and its variants during processing.

A process holds a lock on each of its folders, which the kernel releases at any end of the process. So `sweep`
recognises leftover folders, also where containers with process ids of their own share a scratch disk.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = "pixelfleet-attempt-"


@contextmanager
def attempt_folder(parent: Path | None) -> Iterator[Path]:
    """A new folder that no other attempt uses, deleted at the end."""
    folder, lock = _locked(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(parent: Path | None) -> int:
    """Delete the folders of killed processes; returns the number of folders. Called when a worker starts."""
    swept = 0
    for folder in (parent or Path(tempfile.gettempdir())).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            # Not a link, and not a folder that is gone by now.
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
                swept += 1
            finally:
                os.close(lock)
    return swept


def _locked(parent: Path | None) -> tuple[Path, int]:
    """A new folder and the descriptor that holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        with suppress(OSError):
            # Some network file systems have no locks; there a sweep gets no lock either, and deletes nothing.
            fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder, lock
        # A sweep came between the making of the folder and its lock.
        os.close(lock)
