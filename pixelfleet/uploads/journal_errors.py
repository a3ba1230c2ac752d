"""The errors of a journal in SQLite, as errors of set-up that the user can correct."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixelfleet.errors import SetupError


@contextmanager
def as_setup_error(path: Path, *, locked: str, spoilt: str) -> Iterator[None]:
    """Translate the errors of the journal at `path`.

    Args:
        locked: the message if another process holds the journal.
        spoilt: the consequence of deleting a file that is no journal.

    Raises:
        SetupError: for every error of SQLite and of the system.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise SetupError(locked) from None
        raise SetupError(
            f"the journal {path} cannot be written: {error}; set XDG_CACHE_HOME to another folder"
        ) from None
    except sqlite3.DatabaseError as error:
        raise SetupError(f"{path} is no journal ({error}): delete it; {spoilt}") from None
    except OSError as error:
        raise SetupError(
            f"the journal {path} cannot be written: {error.strerror}; set XDG_CACHE_HOME to another folder"
        ) from None
