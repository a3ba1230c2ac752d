"""The journal of a rollout: its step, its sample, and the images that it touched. An SQLite file in the user's cache.

An image is noted before it is marked and its job is sent. So a rollout that was killed finds every image that it
touched, and the record of each image says how far it came.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

from pixelfleet.domain.rollout import OUTLIER, ImageState
from pixelfleet.domain.rollout_sample import SampledImage
from pixelfleet.files.cache import cache_folder
from pixelfleet.uploads.journal_errors import as_setup_error
from pixelfleet.uploads.journal_file import held

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sampled (id TEXT PRIMARY KEY, row TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS touched (id TEXT PRIMARY KEY, step TEXT NOT NULL, bytes INTEGER NOT NULL,
    state TEXT NOT NULL, outcome INTEGER NOT NULL DEFAULT -1) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_state ON touched (step, state);
"""
#: The state of an image that has no outcome yet.
OPEN: Final = "open"


@dataclass(frozen=True, slots=True)
class Touched:
    """An image before the rollout: the bytes of its results, and the number of its outcome."""

    bytes: int
    outcome: int


class RolloutJournal:
    """The journal of one rollout, open for one run; a second process that opens it is refused.

    Every method raises SetupError when the disk refuses a write.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._db = connection

    @classmethod
    @contextmanager
    def open(cls, *identity: str) -> Iterator[Self]:
        """Open the journal of the rollout that these texts name, or begin a journal."""
        path = _path(identity)
        with held(path, _SCHEMA, _as_setup_error) as connection:
            with _as_setup_error(path):
                if "outcome" not in {row[1] for row in connection.execute("PRAGMA table_info(touched)")}:
                    # A rollout that an earlier release began.
                    connection.execute("ALTER TABLE touched ADD COLUMN outcome INTEGER NOT NULL DEFAULT -1")
            yield cls(path, connection)

    @staticmethod
    def exists(*identity: str) -> bool:
        """Whether a rollout of these texts was begun on this machine, and is not done."""
        return _path(identity).exists()

    def fact(self, name: str) -> Any:
        """A noted value; None if it was not noted."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def note(self, **facts: Any) -> None:
        with self._transaction():
            rows = [(name, json.dumps(value)) for name, value in facts.items()]
            self._db.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?)", rows)

    def add_sampled(self, image: SampledImage) -> None:
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO sampled VALUES (?, ?)", (image.image_id, image.model_dump_json()))

    def sampled(self) -> dict[str, SampledImage]:
        """The images of the sample that both recipes were tried on, by id."""
        rows = self._db.execute("SELECT id, row FROM sampled").fetchall()
        return {row[0]: SampledImage.model_validate_json(row[1]) for row in rows}

    def touch(self, step: str, images: Iterable[tuple[str, Touched]]) -> None:
        """Note images of a step, unless they are noted already."""
        with self._transaction():
            rows = [(image_id, step, before.bytes, OPEN, before.outcome) for image_id, before in images]
            self._db.executemany(
                "INSERT OR IGNORE INTO touched (id, step, bytes, state, outcome) VALUES (?, ?, ?, ?, ?)", rows
            )

    def settle(self, outcomes: Iterable[tuple[str, str]]) -> None:
        """Note the outcomes of images: `OUTLIER`, or a state of `ImageState`."""
        with self._transaction():
            rows = [(outcome, image_id) for image_id, outcome in outcomes]
            self._db.executemany("UPDATE touched SET state = ? WHERE id = ?", rows)

    def open_images(self, step: str) -> dict[str, Touched]:
        """The images of a step without an outcome, as they were before."""
        query = "SELECT id, bytes, outcome FROM touched WHERE step = ? AND state = ?"
        return {row[0]: Touched(*row[1:]) for row in self._db.execute(query, (step, OPEN))}

    def is_touched(self, image_id: str) -> bool:
        return self._db.execute("SELECT 1 FROM touched WHERE id = ?", (image_id,)).fetchone() is not None

    def counts(self, step: str) -> dict[str, int]:
        """The images of a step by state."""
        query = "SELECT state, COUNT(*) FROM touched WHERE step = ? GROUP BY state"
        return dict(self._db.execute(query, (step,)).fetchall())

    def begin_anew(self) -> None:
        """Forget everything: the next run surveys the images again."""
        with self._transaction():
            for table in ("fact", "sampled", "touched"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of this module

    def finish(self) -> None:
        """Delete the journal."""
        with _as_setup_error(self._path):
            self._db.close()
            _delete(self._path)

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


def bad_in(counts: dict[str, int]) -> int:
    """The failures and outliers among images by state."""
    return counts.get(ImageState.FAILED, 0) + counts.get(OUTLIER, 0)


def settled_in(counts: dict[str, int]) -> int:
    """The images that have an outcome."""
    return sum(count for state, count in counts.items() if state != OPEN)


def _path(identity: Iterable[str]) -> Path:
    name = hashlib.sha256("\0".join(identity).encode()).hexdigest()[:24]
    return cache_folder().parent / "rollout" / f"{name}.sqlite"


def _delete(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


_as_setup_error = partial(
    as_setup_error,
    locked="another process carries out this rollout: wait for it, or stop it",
    spoilt="the rollout then begins anew, and images that have the new recipe are skipped",
)
