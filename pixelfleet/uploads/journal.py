"""The journal of a batch: the files that are put already. An SQLite file in the user's cache, one for each batch.

A file is noted as begun before the file is sent, and as done after S3 took the file. So only the few begun files are
in doubt after a run was killed. The next run asks S3 about these files.
"""

import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Literal, Self

from pixelfleet.domain.routes import fit_batch
from pixelfleet.files.cache import cache_folder
from pixelfleet.files.regular import read_regular
from pixelfleet.files.sources import Source
from pixelfleet.uploads.digests import SCHEMA as DIGESTS
from pixelfleet.uploads.digests import Digests
from pixelfleet.uploads.journal_errors import as_setup_error
from pixelfleet.uploads.journal_file import held
from pixelfleet.uploads.unfinished import SCHEMA as UNFINISHED
from pixelfleet.uploads.unfinished import Unfinished

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS files (
    key TEXT PRIMARY KEY, path BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    done INTEGER NOT NULL, run INTEGER NOT NULL, etag TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (run INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS left_out (path BLOB NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL);
"""

#: `failed`: the file was not put because of an error; `skipped`: the file is no image; `known`: the owner has an image
#: with the same bytes; `unfinished`: an earlier run began to put the file, and this run did not go on.
Kind = Literal["failed", "skipped", "known", "unfinished"]


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a batch: `cloud` is the endpoint, or AWS; `made` is the time at which the batch was created.

    A new cloud at the address of an old cloud has none of the old cloud's files.
    """

    cloud: str
    made: str
    bucket: str
    prefix: str

    @property
    def name(self) -> str:
        identity = f"{self.cloud}\0{self.made}\0{self.bucket}\0{self.prefix}"
        return hashlib.sha256(identity.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class PlannedUpload:
    """A file to be put. `doubtful`: an earlier run began to put the file and did not note the end."""

    source: Source
    key: str
    doubtful: bool = False


@dataclass(slots=True)
class Sorted:
    """A sorted chunk of sources: the uploads to make, the number put before, and sources whose key is taken."""

    planned: list[PlannedUpload] = field(default_factory=list)
    there: int = 0
    there_bytes: int = 0
    taken: list[tuple[Source, str, str]] = field(default_factory=list)


class UploadJournal:
    """The journal of one batch, open for one run; another process that opens it is refused.

    Every method raises SetupError when the disk refuses a write.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, run: int) -> None:
        self.path = path
        self._db = connection
        self._run = run
        # Threads that send parts note the uploads that they begin in `unfinished`, on the same connection.
        self._lock = threading.RLock()
        self.unfinished = Unfinished(connection, run, self._lock, lambda: _as_setup_error(path))
        self.digests = Digests(connection, self._lock, lambda: _as_setup_error(path))

    @classmethod
    @contextmanager
    def open(cls, target: Target) -> Iterator[Self]:
        """Begin a run."""
        path = cache_folder() / f"{target.name}.sqlite"
        with held(path, _SCHEMA + UNFINISHED + DIGESTS, _as_setup_error, threads=True) as connection:
            with _as_setup_error(path):
                if "etag" not in {row[1] for row in connection.execute("PRAGMA table_info(files)")}:
                    connection.execute("ALTER TABLE files ADD COLUMN etag TEXT NOT NULL DEFAULT ''")
                run = connection.execute("INSERT INTO runs DEFAULT VALUES").lastrowid
                connection.execute("DELETE FROM left_out")
            yield cls(path, connection, run or 0)

    def sort(self, chunk: Sequence[tuple[Source, str]]) -> Sorted:
        """Sort sources, each with its key, and note the files to put as begun."""
        result = Sorted()
        with self._transaction():
            for source, key in chunk:
                self._sort_one(source, key, result)
        return result

    def _sort_one(self, source: Source, key: str, result: Sorted) -> None:
        path = os.fsencode(source.path)
        row = self._db.execute(
            "SELECT path, size, mtime_ns, done, run, etag FROM files WHERE key = ?", (key,)
        ).fetchone()
        known_path, size, mtime_ns, done, run, etag = row or (path, None, None, False, 0, "")
        if run == self._run and known_path != path:
            result.taken.append((source, key, os.fsdecode(known_path)))
            return
        same = (size, mtime_ns) == (source.bytes, source.mtime_ns)
        self._db.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
            (key, path, source.bytes, source.mtime_ns, int(same and done), self._run, etag if same and done else ""),
        )
        if same and done:
            result.there += 1
            result.there_bytes += source.bytes
        else:
            result.planned.append(PlannedUpload(source, key, doubtful=same))

    def forget_absent(self, present: Iterable[tuple[str, int, str]]) -> None:
        """Forget files whose objects were removed or replaced since, so that the files are put again.

        `present` are the keys, sizes and ETags of the objects in the bucket. Where the journal has no ETag, the size
        decides.
        """
        with self._transaction():
            self._db.execute("CREATE TEMP TABLE present (key TEXT PRIMARY KEY, size INTEGER, etag TEXT) WITHOUT ROWID")
            self._db.executemany("INSERT OR REPLACE INTO present VALUES (?, ?, ?)", present)
            self._db.execute(
                "DELETE FROM files WHERE done = 1 AND NOT EXISTS"
                " (SELECT 1 FROM present WHERE present.key = files.key AND present.size = files.size"
                " AND files.etag IN ('', present.etag))"
            )
            self._db.execute("DROP TABLE present")

    def settle(self, done: Iterable[tuple[str, int, int, str]], not_done: Iterable[str]) -> None:
        """Note files as put: key, size and mtime of the read file, ETag. Forget files that S3 certainly has not."""
        with self._transaction():
            self._db.executemany(
                "UPDATE files SET size = ?, mtime_ns = ?, etag = ?, done = 1 WHERE key = ?",
                ((size, mtime_ns, etag, key) for key, size, mtime_ns, etag in done),
            )
            self._db.executemany("DELETE FROM files WHERE key = ?", ((key,) for key in not_done))

    def leave_out(self, path: Path, kind: Kind, message: str) -> None:
        """Keep the reason why a file was not put, to be listed at the end."""
        with self._lock, _as_setup_error(self.path):
            self._db.execute("INSERT INTO left_out VALUES (?, ?, ?)", (os.fsencode(path), kind, message))

    def left_out(self, kind: Kind) -> Iterator[tuple[Path, str]]:
        """The files that this run did not put, with the reason."""
        rows = self._db.execute("SELECT path, message FROM left_out WHERE kind = ? ORDER BY path", (kind,))
        return ((Path(os.fsdecode(path)), message) for path, message in rows)

    def has_any(self) -> bool:
        """Whether any run has put a file."""
        return self._db.execute("SELECT 1 FROM files WHERE done = 1 LIMIT 1").fetchone() is not None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, _as_setup_error(self.path):
            self._db.execute("BEGIN")
            try:
                yield
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


class Pending:
    """The name of a batch without a name from the user. It is kept until the batch is sealed, for a second run."""

    def __init__(self, cloud: str, bucket: str, owner: str, sources: Sequence[Path]) -> None:
        identity = "\0".join((cloud, bucket, owner, *(str(path.absolute()) for path in sources)))
        self._path = cache_folder() / f"pending-{hashlib.sha256(os.fsencode(identity)).hexdigest()[:24]}"

    def name(self, otherwise: str) -> str:
        """The name of the unfinished batch of these sources. Without one, `otherwise`, which is kept from now on."""
        with _as_setup_error(self._path):
            # A full disk leaves an empty file, and a power cut any bytes.
            if self._path.exists() and fit_batch(name := read_regular(self._path).decode(errors="replace")):
                return name
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self._path.with_suffix(".part")
            part.write_text(otherwise)
            part.replace(self._path)
        return otherwise

    def finished(self) -> None:
        self._path.unlink(missing_ok=True)


_as_setup_error = partial(
    as_setup_error,
    locked="this batch is being uploaded by another process: wait for it, or name another",
    spoilt="what is uploaded already is sent again",
)
