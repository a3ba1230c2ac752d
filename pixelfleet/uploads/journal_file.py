"""The file of a journal in SQLite that one process holds."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path


@contextmanager
def held(
    path: Path, schema: str, errors: Callable[[Path], AbstractContextManager[None]], *, threads: bool = False
) -> Iterator[sqlite3.Connection]:
    """The journal at `path`, made by `schema` if it is new. A second process that opens the journal is refused.

    Args:
        errors: translates the errors of opening, as `journal_errors.as_setup_error` does.
        threads: several threads use the connection, and take turns by a lock of their own.
    """
    with errors(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=not threads)
    try:
        with errors(path):
            # Exclusive: two runs cannot mix. WAL: the file stays whole when a run is killed.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(schema)
            # Takes the lock now, not at the first write.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
        yield connection
    finally:
        connection.close()
