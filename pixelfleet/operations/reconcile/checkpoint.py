"""The position of a reconcile, in the user's cache: a reconcile of ten million keys can go on after an interruption."""

import hashlib
from contextlib import suppress
from pathlib import Path

from pixelfleet.files.cache import cache_folder
from pixelfleet.files.regular import read_regular


class Checkpoint:
    """The position in one listing. If the cache folder cannot be written, the next reconcile begins anew."""

    def __init__(self, *parts: str) -> None:
        name = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
        self._path: Path = cache_folder().parent / "reconcile" / name

    def read(self) -> str:
        """The position; empty without one."""
        with suppress(OSError, UnicodeDecodeError):
            return read_regular(self._path).decode()
        return ""

    def write(self, position: str) -> None:
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self._path.with_suffix(".part")
            part.write_text(position, encoding="utf-8")
            part.replace(self._path)

    def clear(self) -> None:
        with suppress(OSError):
            self._path.unlink()
