"""SHA-256 digests of files, kept in the batch's journal: a later run does not read an unchanged file again."""

import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from pixelfleet.uploads.body import Body

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS digests (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL
) WITHOUT ROWID;
"""
#: Bytes that are read at a time.
_CHUNK: Final = 1 << 20


class Digests:
    """Safe for many threads: they share the journal's connection, one at a time.

    Every method raises SetupError when the disk refuses a write.
    """

    def __init__(
        self, db: sqlite3.Connection, lock: "threading.RLock", errors: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._db = db
        self._lock = lock
        self._errors = errors

    def digest_of(self, body: Body) -> str:
        """The digest in hex, from the journal, or else from the content.

        Raises:
            ChangedError: the file was written to meanwhile.
        """
        path, sign = os.fsencode(body.path), (body.size, body.mtime_ns)
        with self._lock, self._errors():
            row = self._db.execute("SELECT size, mtime_ns, sha256 FROM digests WHERE path = ?", (path,)).fetchone()
        if row is not None and tuple(row[:2]) == sign:
            return str(row[2])
        sha256 = sha256_of(body)
        with self._lock, self._errors():
            self._db.execute("INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?)", (path, *sign, sha256))
        return sha256


def sha256_of(body: Body) -> str:
    """The digest of an open file, in hex.

    Raises:
        ChangedError: the file was written to meanwhile.
    """
    digest = hashlib.sha256()
    for start in range(0, body.size, _CHUNK):
        digest.update(body.read(start, _CHUNK))
    body.check_unchanged()
    return digest.hexdigest()
