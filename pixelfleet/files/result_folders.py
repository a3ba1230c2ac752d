"""The folder of each source's results: DEST/<relative path>/, another one for every source."""

import hashlib
import os
import unicodedata
from collections.abc import Callable
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Final

SHEET: Final = "index.html"
REPORT: Final = "report.json"
#: Bytes that a file system takes as the name of a file or folder (NAME_MAX of Linux and macOS).
_LONGEST_NAME: Final = 255
#: Bytes of a suffix such as `.jpeg` that a shortened name keeps.
_LONGEST_SUFFIX: Final = 16


class ResultFolders:
    """Assigns a folder below DEST to each source, each folder once.

    Two sources may need one folder: the same relative path below two SRCs, a file `a.jpg` beside a folder `a.jpg`
    below another SRC, names that differ in case alone where the file system ignores case, or an existing file of the
    user. The later source gets `~2`, `~3` and so on behind the name.
    """

    def __init__(self, dest: Path, *, folds_case: bool) -> None:
        self._dest = dest
        self._folds_case = folds_case
        # The report and the contact sheet are beside the results.
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
        """Whether the folder of a source may be inside this folder."""
        return self._folded(place) not in self._taken and not self._is_file(place)

    def _is_file(self, place: PurePosixPath) -> bool:
        path = self._dest / place
        return os.path.lexists(path) and not path.is_dir()

    def _folded(self, path: PurePosixPath) -> str:
        return unicodedata.normalize("NFC", str(path)).casefold() if self._folds_case else str(path)


def folds_case(folder: Path) -> bool:
    """Whether `A` and `a` are one name in the file system."""
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
    """A key's path as a path below a folder.

    Keys may come from strangers: a key may have `..`, empty parts, NUL, and parts that are too long for a file name.
    """
    return "/".join(_safe_name(part) for part in path.split("/") if part) or "%2F"


def _safe_name(part: str) -> str:
    if part in (".", ".."):
        return "%2E" * len(part)
    safe = part.replace("\0", "%00")
    name = safe.encode("utf-8", "surrogatepass")
    if len(name) <= _LONGEST_NAME:
        return safe
    # The digest distinguishes long names that begin alike.
    mark = b"~" + hashlib.sha256(name).hexdigest()[:16].encode()
    dot = name.rfind(b".")
    suffix = name[dot:] if dot > 0 and len(name) - dot <= _LONGEST_SUFFIX else b""
    room = _LONGEST_NAME - len(mark) - len(suffix)
    return (name[:room] + mark + suffix).decode("utf-8", "ignore")
