"""Where the results of each source go: DEST/<relative path>/, with a folder of its own for every source."""

import os
import unicodedata
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
        wanted = PurePosixPath(relative)
        number = 1
        while not self._is_free(candidate := _numbered(wanted, number)):
            number += 1
        self._taken.add(self._folded(candidate))
        self._above_taken.update(self._folded(parent) for parent in candidate.parents)
        return str(candidate)

    def _is_free(self, candidate: PurePosixPath) -> bool:
        folded = self._folded(candidate)
        if folded in self._taken or folded in self._above_taken:
            return False
        if any(self._folded(parent) in self._taken for parent in candidate.parents):
            return False
        return not any(self._is_file(place) for place in (candidate, *candidate.parents[:-1]))

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


def _numbered(path: PurePosixPath, number: int) -> PurePosixPath:
    if number == 1:
        return path
    mark = f"~{number}"
    name = os.fsdecode(os.fsencode(path.name)[: _LONGEST_NAME - len(mark)])
    return path.with_name(name + mark)
