"""The files that the arguments of a command name: folders are walked lazily, and every entry is returned."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pixelfleet.errors import SetupError

_KINDS: Final = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or an entry that cannot be read as a file: then `problem` says why.

    `relative` is the path below its SRC (for a file given as SRC: its name), with `/` between its parts. Names that
    are no valid Unicode carry surrogates, as everywhere in Python.
    """

    path: Path
    relative: str
    bytes: int = 0
    problem: str | None = None
    mtime_ns: int = 0


def find_sources(given: Sequence[Path], leave_out: Path | None = None) -> Iterator[Source]:
    """Every file below the given paths, folder by folder, in the order of names. Links are followed, loops are not.

    `leave_out` is a folder that is not entered: results must not become sources.

    Raises:
        SetupError: a given path does not exist. This is raised before the walk begins.
    """
    for path in given:
        # A dangling link exists; its `Source` has the problem.
        if not os.path.lexists(path):
            raise SetupError(f"{path} does not exist")
    return _all(given, leave_out)


def _all(given: Sequence[Path], leave_out: Path | None) -> Iterator[Source]:
    barred = _identity(leave_out) if leave_out is not None and _is_folder(leave_out) else None
    once: dict[Path, Path] = {}
    for item in given:
        # Messages have the path as the user wrote it.
        once.setdefault(item.absolute(), item)
    for path in once.values():
        if _is_folder(path):
            yield from _below(path, "", frozenset([barred] if barred else []))
        else:
            yield _look(path, path.name)


def _below(folder: Path, prefix: str, barred: frozenset[tuple[int, int]]) -> Iterator[Source]:
    try:
        here = _identity(folder)
        if here in barred:
            return
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        yield Source(folder, prefix.rstrip("/") or folder.name, problem=f"the folder cannot be read: {error.strerror}")
        return
    for name in names:
        path = folder / name
        if _is_folder(path):
            yield from _below(path, f"{prefix}{name}/", barred | {here})
        else:
            yield _look(path, prefix + name)


def _look(path: Path, relative: str) -> Source:
    try:
        state = path.stat()
    except OSError as error:
        dangling = path.is_symlink() and isinstance(error, FileNotFoundError)
        why = f"a link to {path.readlink()}, which is not there" if dangling else str(error.strerror)
        return Source(path, relative, problem=f"cannot be read: {why}")
    if stat.S_ISREG(state.st_mode):
        return Source(path, relative, state.st_size, mtime_ns=state.st_mtime_ns)
    kind = next((words for test, words in _KINDS if test(state.st_mode)), "something else")
    return Source(path, relative, problem=f"is {kind}, not a file")


def _is_folder(path: Path) -> bool:
    """False also where Path.is_dir raises: a folder that may not be entered, a name too long. `_look` reports these."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        return False


def _identity(folder: Path) -> tuple[int, int]:
    state = folder.stat()
    return state.st_dev, state.st_ino
