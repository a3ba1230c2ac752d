"""The journal of an adoption: its position, and the objects that it has seen. An SQLite file in the user's cache.

A page of the listing is one transaction: after a kill, the adoption goes on after the last whole page. The ids of seen
objects are on the disk, 20 bytes each. So a key that is listed twice counts once, with the memory of one page.
"""

import base64
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Self

from pixelfleet.files.cache import cache_folder
from pixelfleet.uploads.journal_errors import as_setup_error
from pixelfleet.uploads.journal_file import held

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS seen (id BLOB PRIMARY KEY, member INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY CHECK (one = 1), batch TEXT NOT NULL,
    position TEXT NOT NULL, sent INTEGER NOT NULL);
"""
#: The values of `member`: no image of the batch, one, and one that came after the seal of the batch.
_OTHER, _MEMBER, _LATER = 0, 1, 2
#: Ids of one query: SQLite takes at most 32,766 parameters.
_AT_ONCE: Final = 5_000


class AdoptionJournal:
    """The journal of one adoption, open for one run; a second process that opens it is refused.

    Every method raises SetupError when the disk refuses a write.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._db = connection

    @classmethod
    @contextmanager
    def open(cls, *identity: str) -> Iterator[Self]:
        """Open the journal of the adoption that these texts name, or begin a journal."""
        name = hashlib.sha256("\0".join(identity).encode()).hexdigest()[:24]
        path = cache_folder().parent / "adopt" / f"{name}.sqlite"
        with held(path, _SCHEMA, _as_setup_error) as connection:
            yield cls(path, connection)

    @property
    def batch(self) -> str | None:
        """The name of the batch that an interrupted run began; None if there was no such run."""
        row = self._db.execute("SELECT batch FROM progress").fetchone()
        return str(row[0]) if row else None

    @property
    def position(self) -> str:
        """The position after the last whole page; empty at the beginning."""
        row = self._db.execute("SELECT position FROM progress").fetchone()
        return str(row[0]) if row else ""

    @property
    def sent(self) -> int:
        """Jobs that were sent, over all runs of this adoption."""
        row = self._db.execute("SELECT sent FROM progress").fetchone()
        return int(row[0]) if row else 0

    def begin(self, batch: str) -> None:
        """Note the name of the batch, before anything is changed."""
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO progress VALUES (1, ?, '', 0)", (batch,))

    def unseen(self, image_ids: Sequence[str]) -> set[str]:
        """The images that no earlier page had."""
        known: set[bytes] = set()
        ids = [_packed(image_id) for image_id in image_ids]
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            known |= {row[0] for row in self._db.execute(f"SELECT id FROM seen WHERE id IN ({marks})", some)}  # noqa: S608
        return {image_id for image_id, packed in zip(image_ids, ids, strict=True) if packed not in known}

    def page_done(
        self, position: str, members: Iterable[str], others: Iterable[str], sent: int, later: Iterable[str] = ()
    ) -> None:
        """Note a whole page: the images of the batch, the other images, and the number of jobs sent.

        `later` are further images of the batch, which its seal may not have seen.
        """
        with self._transaction():
            kinds = ((members, _MEMBER), (later, _LATER), (others, _OTHER))
            rows = [(_packed(image_id), kind) for ids, kind in kinds for image_id in ids]
            self._db.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", rows)
            self._db.execute("UPDATE progress SET position = ?, sent = sent + ?", (position, sent))

    def any_seen(self) -> str | None:
        """One of the images that an earlier page had; None if there is none."""
        row = self._db.execute("SELECT id FROM seen LIMIT 1").fetchone()
        return _image_id(row[0]) if row else None

    def begin_anew(self) -> None:
        """Forget everything: the next run lists the whole bucket."""
        with self._transaction():
            self._db.execute("DELETE FROM seen")
            self._db.execute("DELETE FROM progress")

    def members(self) -> Iterator[str]:
        """The images of the batch, each once."""
        rows = self._db.execute("SELECT id FROM seen WHERE member <> ?", (_OTHER,))
        return (_image_id(row[0]) for row in rows)

    @property
    def has_later(self) -> bool:
        """Whether a page had an image that the seal of the batch may not have seen."""
        return self._db.execute("SELECT 1 FROM seen WHERE member = ? LIMIT 1", (_LATER,)).fetchone() is not None

    def finish(self) -> None:
        """Delete the journal: the next adoption of this bucket begins anew, and reads the records in the catalog."""
        with _as_setup_error(self._path):
            self._db.close()
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _as_setup_error(self._path):
            self._db.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _packed(image_id: str) -> bytes:
    return base64.b32decode(image_id.upper())


def _image_id(packed: bytes) -> str:
    return base64.b32encode(packed).decode().lower()


_as_setup_error = partial(
    as_setup_error,
    locked="another process adopts this bucket: wait for it, or stop it",
    spoilt="what is adopted already is skipped",
)
