"""Where the results of each source go: DEST/<relative path>/, with a folder of its own for every source."""

import os
import unicodedata
from collections.abc import Callable
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Final

SHEET: Final = "index.html"
REPORT: Final = "report.json"
_LONGEST_NAME: Final = 255


class ResultFolders:
    """Gives out folders below DEST, each once.

    Two sources may ask for one place: the same relative path below two SRCs, a file `a.jpg` beside a folder `a.jpg`
    below another SRC, names that differ in case alone where the file system knows no case, or a file of the user's
    that is there already. Who comes later gets `~2`, `~3` and so on behind the name.
    """

    def __init__(self, dest: Path, *, folds_case: bool) -> None:
        self._dest = dest
        self._folds_case = folds_case
        # The run's own files lie beside the results.
        self._taken: set[str] = {SHEET, REPORT}
        self._above_taken: set[str] = set()

    def assign(self, relative: str) -> str:
        """The folder of a source, relative to DEST."""
        *above, name = PurePosixPath(relative).parts
        place = PurePosixPath()
        for part in above:
            place = _first(place, part, self._may_hold)
        place = _first(place, name, self._is_free)
        self._taken.add(self._folded(place))
        self._above_taken.update(map(self._folded, place.parents))
        return str(place)

    def _is_free(self, place: PurePosixPath) -> bool:
        return self._folded(place) not in self._above_taken and self._may_hold(place)

    def _may_hold(self, place: PurePosixPath) -> bool:
        """Whether a source's folder may lie below."""
        return self._folded(place) not in self._taken and not self._is_file(place)

    def _is_file(self, place: PurePosixPath) -> bool:
        path = self._dest / place
        return os.path.lexists(path) and not path.is_dir()

    def _folded(self, path: PurePosixPath) -> str:
        return unicodedata.normalize("NFC", str(path)).casefold() if self._folds_case else str(path)


def folds_case(folder: Path) -> bool:
    """Whether the file system takes `A` and `a` for one name."""
    probe = folder / f".pixelfleet-case-{os.getpid()}"
    probe.touch()
    try:
        return probe.with_name(probe.name.upper()).exists()
    finally:
        probe.unlink()


def _first(folder: PurePosixPath, name: str, fits: Callable[[PurePosixPath], bool]) -> PurePosixPath:
    return next(place for number in count(1) if fits(place := folder / _numbered(name, number)))


def _numbered(name: str, number: int) -> str:
    if number == 1:
        return name
    mark = f"~{number}"
    return os.fsdecode(os.fsencode(name)[: _LONGEST_NAME - len(mark)]) + mark


def safe_path(path: str) -> str:
    """A key's path as one below a folder: keys are anyone's, and may hold `..`, empty parts and NUL."""
    parts = [part.replace("\0", "%00") for part in path.split("/") if part]
    return "/".join("%2E" * len(part) if part in (".", "..") else part for part in parts) or "%2F"
