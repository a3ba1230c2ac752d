"""A folder for results, held by one command at a time; and files in it that appear whole, or not at all."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from pixelfleet.errors import SetupError

_TEMPORARY: Final = ".pixelfleet-"


@contextmanager
def own_destination(dest: Path) -> Iterator[None]:
    """Make the folder, prove that it can be written, and hold it. Nothing stays in it, and nothing in it is touched.

    Raises:
        SetupError: it cannot be written, or another command holds it.
    """
    try:
        dest.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(prefix=_TEMPORARY, dir=dest):
            descriptor = os.open(dest, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise SetupError(f"results cannot go to {dest}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError(f"another pixelfleet writes to {dest}: wait for it, or choose another folder") from None
        except OSError:
            pass  # a file system without locks, as some network ones
        yield
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """A text file beside `path` under a name that nobody else has; it takes the place of `path` at the end.

    After an error it is gone, and `path` is as before.
    """
    descriptor, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
        draft.chmod(0o666 & ~_umask())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
