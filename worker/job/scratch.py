"""The folder of one attempt: the original and its variants while they are worked on."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = re.compile(r"pixelfleet-(?P<pid>\d+)-.+")


@contextmanager
def attempt_folder(parent: Path | None) -> Iterator[Path]:
    """A folder of one's own, deleted at the end. Its name carries the pid, for `sweep`."""
    with tempfile.TemporaryDirectory(prefix=f"pixelfleet-{os.getpid()}-", dir=parent) as name:
        yield Path(name)


def sweep(parent: Path | None) -> int:
    """Delete what killed processes left behind; returns how many folders. Called when a worker starts."""
    swept = 0
    for folder in (parent or Path(tempfile.gettempdir())).glob("pixelfleet-*"):
        match = _NAME.fullmatch(folder.name)
        if match and folder.is_dir() and not folder.is_symlink() and not _alive(int(match["pid"])):
            shutil.rmtree(folder, ignore_errors=True)
            swept += 1
    return swept


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
