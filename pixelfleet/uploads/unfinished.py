"""Uploads in parts that a run began, so that the next run can finish them: a table of the batch's journal.

The journal does not note which parts have arrived: S3 lists them, with the checksum of each (ListParts).
"""

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pixelfleet.uploads.body import Body

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS unfinished (
    key TEXT PRIMARY KEY, path BLOB NOT NULL, upload_id TEXT NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, part_size INTEGER NOT NULL, run INTEGER NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """One unfinished upload: the whole key, and size and time of the file when the upload began."""

    key: str
    path: Path
    upload_id: str
    size: int
    mtime_ns: int
    part_size: int

    def is_of(self, body: Body) -> bool:
        return (self.size, self.mtime_ns, self.part_size) == (body.size, body.mtime_ns, body.part_size)

    def has_its_file(self) -> bool:
        """Whether the file is still there and unchanged."""
        try:
            now = self.path.stat()
        except OSError:
            return False
        return (now.st_size, now.st_mtime_ns) == (self.size, self.mtime_ns)


class Unfinished:
    """Safe for many threads: they share the journal's connection, one at a time.

    Every method raises SetupError when the disk refuses a write.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        run: int,
        lock: "threading.RLock",
        errors: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._db = db
        self._run = run
        self._lock = lock
        self._errors = errors

    def take(self, key: str) -> Begun | None:
        """The upload that an earlier run began for a key. From now on it is an upload of this run."""
        with self._lock, self._errors():
            row = self._db.execute(
                "UPDATE unfinished SET run = ? WHERE key = ? RETURNING path, upload_id, size, mtime_ns, part_size",
                (self._run, key),
            ).fetchone()
        return Begun(key, Path(os.fsdecode(row[0])), *row[1:]) if row else None

    def begin(self, begun: Begun) -> None:
        row = (begun.key, os.fsencode(begun.path), begun.upload_id, begun.size, begun.mtime_ns, begun.part_size)
        with self._lock, self._errors():
            self._db.execute("INSERT OR REPLACE INTO unfinished VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, self._run))

    def forget(self, key: str) -> None:
        with self._lock, self._errors():
            self._db.execute("DELETE FROM unfinished WHERE key = ?", (key,))

    def of_earlier_runs(self) -> list[Begun]:
        """The uploads that this run has not taken up."""
        with self._lock, self._errors():
            rows = self._db.execute(
                "SELECT key, path, upload_id, size, mtime_ns, part_size FROM unfinished WHERE run <> ? ORDER BY key",
                (self._run,),
            ).fetchall()
        return [Begun(key, Path(os.fsdecode(path)), *rest) for key, path, *rest in rows]
