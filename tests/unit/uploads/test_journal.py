"""The upload journal when other clients change the bucket, and after a full disk."""

import errno
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pixelfleet.domain.keys import batch_prefix
from pixelfleet.errors import SetupError
from pixelfleet.files.sources import Source
from pixelfleet.uploads.journal import Pending, Target, UploadJournal

TARGET = Target("aws", "2026-11-20T10:00:00.000Z", "uploads", "uploads/me/b1/")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def source(name: str, size: int = 9) -> tuple[Source, str]:
    return Source(Path("/pictures") / name, name, size, mtime_ns=1), name


def upload(names: list[str]) -> None:
    with UploadJournal.open(TARGET) as journal:
        journal.sort([source(name) for name in names])
        journal.settle([(name, 9, 1, f"etag of {name}") for name in names], [])


def test_a_file_that_the_bucket_no_longer_holds_is_put_again() -> None:
    names = ["a.png", "b.png", "c.png", "d.png"]
    upload(names)
    with UploadJournal.open(TARGET) as journal:
        journal.forget_absent([("b.png", 9, "etag of b.png"), ("c.png", 8, "x"), ("d.png", 9, "x")])
        planned = journal.sort([source(name) for name in names])
    assert [one.key for one in planned.planned] == ["a.png", "c.png", "d.png"]
    assert planned.there == 1


def test_a_file_that_was_replaced_by_a_file_of_the_same_size_is_put_again() -> None:
    upload(["a.png"])
    with UploadJournal.open(TARGET) as journal:
        journal.forget_absent([("a.png", 9, "of another")])
        assert [one.key for one in journal.sort([source("a.png")]).planned] == ["a.png"]


def test_files_of_a_journal_of_an_earlier_release_are_compared_by_size() -> None:
    upload(["a.png", "b.png"])
    with UploadJournal.open(TARGET) as journal:
        path = journal.path
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE files DROP COLUMN etag")
        connection.commit()
    with UploadJournal.open(TARGET) as journal:
        journal.forget_absent([("a.png", 9, "x"), ("b.png", 8, "x")])
        assert journal.sort([source("a.png"), source("b.png")]).there == 1


def test_files_that_the_bucket_holds_are_not_put_again() -> None:
    upload(["a.png", "b.png"])
    with UploadJournal.open(TARGET) as journal:
        journal.forget_absent([(name, 9, f"etag of {name}") for name in ("a.png", "b.png")])
        assert journal.sort([source("a.png"), source("b.png")]).there == 2


def test_a_disk_that_was_full_does_not_block_unnamed_uploads_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, *_: object) -> None:
        path.open("w").close()
        raise OSError(errno.ENOSPC, "No space left on device")

    pending = Pending("aws", "uploads", "me", [Path("/pictures")])
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(SetupError, match="No space left"):
            pending.name("20261126-000000")
    assert pending.name("20261126-000100") == "20261126-000100"
    assert pending.name("later") == "20261126-000100"


def test_an_empty_file_of_an_earlier_release_counts_as_no_name(tmp_path: Path) -> None:
    pending = Pending("aws", "uploads", "me", [Path("/pictures")])
    pending.name("20261126-000000")
    [path] = (tmp_path / "pixelfleet" / "uploads").glob("pending-*")
    path.write_text("")
    assert pending.name("20261126-000100") == "20261126-000100"


@pytest.mark.parametrize("content", [b"\0" * 15, b"\xff\xfe", b"20261126-0000", b"a/b\n", b"x" * 200_000])
def test_a_file_that_a_power_cut_damaged_does_not_block_unnamed_uploads(tmp_path: Path, content: bytes) -> None:
    pending = Pending("aws", "uploads", "me", [Path("/pictures")])
    pending.name("20261126-000000")
    [path] = (tmp_path / "pixelfleet" / "uploads").glob("pending-*")
    path.write_bytes(content)
    name = pending.name("20261126-000100")
    assert batch_prefix("me", name) == f"uploads/me/{name}/"
    assert pending.name("later") == name
