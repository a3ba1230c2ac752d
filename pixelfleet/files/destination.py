"""A folder for results that one command locks at a time, and files in it that appear whole or not at all."""

import errno
import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from pixelfleet.errors import SetupError

_TEMPORARY: Final = ".pixelfleet-"
#: Errors of a disk that every further file gets, too.
_REFUSES_ALL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


class DestinationError(SetupError):
    """The disk takes no more results: it is full, or it cannot be written."""

    @classmethod
    def of(cls, dest: Path, error: OSError) -> "DestinationError | None":
        """The error for a folder of results, where a disk's error holds for every further file; else None."""
        return cls(f"{dest} cannot take the results: {error.strerror}") if error.errno in _REFUSES_ALL else None


@contextmanager
def own_destination(dest: Path) -> Iterator[None]:
    """Make the folder, test that the folder can be written, and lock it. Files in the folder are not changed.

    Raises:
        SetupError: the folder cannot be written, or another command holds the lock.
    """
    try:
        dest.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(prefix=_TEMPORARY, dir=dest):
            descriptor = os.open(dest, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise SetupError(f"results cannot go to {dest}: {error.strerror}") from None
    try:
        _lock(descriptor, dest)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, dest: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SetupError(f"another pixelfleet writes to {dest}: wait for it, or choose another folder") from None
    except OSError:
        pass  # Some network file systems have no locks.


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """A new name in the folder of `path`. At the end, the file of this name takes the place of `path`.

    After an error the new file is deleted, and `path` is as before.
    """
    draft = path.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}")
    try:
        yield draft
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """A text file that takes the place of `path` at the end. Where `path` is a link, its target is replaced.

    Raises:
        SetupError: `path` is a pipe, a device or a folder.
    """
    check_replaceable(path)
    with draft_of(path.resolve()) as draft, draft.open("x", encoding="utf-8") as file:
        yield file


def check_replaceable(path: Path) -> None:
    """Raises SetupError if `path` exists and is not a regular file: replacing it would lose the old one."""
    if path.exists() and not path.is_file():
        raise SetupError(f"{path} exists and is not a regular file: name another file")
