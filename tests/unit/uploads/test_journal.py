"""The journal beside a bucket that others change, and a disk that was full."""

import errno
from pathlib import Path

import pytest

from pixelfleet.errors import SetupError
from pixelfleet.files.sources import Source
from pixelfleet.uploads.journal import Journal, Pending, Target

TARGET = Target("aws", "2026-11-20T10:00:00.000Z", "uploads", "uploads/me/b1/")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def source(name: str, size: int = 9) -> tuple[Source, str]:
    return Source(Path("/pictures") / name, name, size, mtime_ns=1), name


def upload(names: list[str]) -> None:
    with Journal.open(TARGET) as journal:
        journal.sort([source(name) for name in names])
        journal.settle([(name, 9, 1) for name in names], [])


def test_a_file_that_the_bucket_no_longer_holds_is_put_again() -> None:
    upload(["a.png", "b.png", "c.png"])
    with Journal.open(TARGET) as journal:
        journal.forget_absent([("b.png", 9), ("c.png", 8), ("other.png", 9)])
        planned = journal.sort([source(name) for name in ("a.png", "b.png", "c.png")])
    assert [one.key for one in planned.planned] == ["a.png", "c.png"]
    assert planned.there == 1


def test_files_that_the_bucket_holds_are_not_put_again() -> None:
    upload(["a.png", "b.png"])
    with Journal.open(TARGET) as journal:
        journal.forget_absent([("a.png", 9), ("b.png", 9)])
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
