"""`upload --skip-known`: files whose bytes the owner has are not put, and are not a part of the batch."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from pixelfleet.errors import Cause, TransientError
from pixelfleet.files.sources import find_sources
from pixelfleet.uploads.batch import BatchUpload, Tally
from pixelfleet.uploads.body import Body
from pixelfleet.uploads.digests import sha256_of
from pixelfleet.uploads.journal import UploadJournal
from pixelfleet.uploads.known import KnownFiles, KnownImage
from pixelfleet.uploads.uploader import Uploader
from tests.unit.uploads.test_batch import JPEG, TARGET, Bucket


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(4):
        (tmp_path / f"in/{number}.jpg").write_bytes(JPEG + bytes([number]))
    (tmp_path / "in/note.txt").write_text("no image")
    return tmp_path / "in"


class Catalog:
    """The owner's images by their bytes. Keeps what was asked for."""

    def __init__(self, **keys: bytes) -> None:
        self.images = {hashlib.sha256(content).hexdigest(): key for key, content in keys.items()}
        self.asked: list[str] = []

    def __call__(self, sha256: str, key: str) -> KnownImage | None:
        self.asked.append(key)
        return KnownImage(self.images[sha256], "e1") if sha256 in self.images else None


def go(bucket: Bucket, folder: Path, lookup: Callable[[str, str], KnownImage | None]) -> tuple[Tally, list[str], bool]:
    """Does one run; returns the tally, the keys of the known images, and whether the journal has a file as put."""
    with (
        UploadJournal.open(TARGET) as journal,
        Uploader(bucket, 2, images_only=True, known=KnownFiles(journal.digests, lookup)) as uploader,
    ):
        tally = BatchUpload(uploader, journal, TARGET.prefix, lambda _: None).run(find_sources([folder]), 2)
        return tally, [key for _, key in journal.left_out("known")], journal.has_any()


def test_known_files_are_counted_and_listed_and_not_put(folder: Path) -> None:
    bucket, catalog = Bucket(), Catalog(other=JPEG + b"\x01", more=JPEG + b"\x03")
    tally, known, _ = go(bucket, folder, catalog)
    assert sorted(bucket.held) == ["uploads/me/b1/0.jpg", "uploads/me/b1/2.jpg"]
    assert (tally.uploaded, tally.known, tally.skipped, tally.failed, tally.seen) == (2, 2, 1, 0, 5)
    assert known == ["other", "more"]
    # A file that is no image is not looked up.
    assert len(catalog.asked) == 4


def test_a_batch_of_known_files_alone_has_no_image(folder: Path) -> None:
    everything = Catalog(**{f"k{number}": JPEG + bytes([number]) for number in range(4)})
    tally, _, has_any = go(Bucket(), folder, everything)
    assert (tally.known, tally.uploaded, has_any) == (4, 0, False)


def test_the_next_run_uploads_a_file_whose_known_image_was_deleted_meanwhile(folder: Path) -> None:
    go(Bucket(), folder, Catalog(other=JPEG + b"\x01"))
    bucket = Bucket()
    tally, known, _ = go(bucket, folder, Catalog())
    assert (sorted(bucket.held), tally.there, known) == (["uploads/me/b1/1.jpg"], 3, [])


def test_the_next_run_does_not_read_an_unchanged_file_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = Catalog(**{f"k{number}": JPEG + bytes([number]) for number in range(4)})
    go(Bucket(), folder, everything)
    (folder / "2.jpg").write_bytes(JPEG + b"changed")
    read: list[str] = []

    def noted(body: Body) -> str:
        read.append(body.path.name)
        return sha256_of(body)

    monkeypatch.setattr("pixelfleet.uploads.digests.sha256_of", noted)
    bucket = Bucket()
    tally, _, _ = go(bucket, folder, everything)
    assert (read, tally.known, bucket.held) == (["2.jpg"], 3, {"uploads/me/b1/2.jpg": JPEG + b"changed"})


def test_a_file_that_its_own_key_has_already_counts_as_there(folder: Path) -> None:
    bucket = Bucket()
    tally, known, has_any = go(bucket, folder, Catalog(**{"uploads/me/b1/1.jpg": JPEG + b"\x01"}))
    assert (tally.there, tally.known, known, has_any) == (1, 0, [], True)
    assert "uploads/me/b1/1.jpg" not in bucket.held


def test_a_look_up_that_fails_leaves_the_file_to_the_next_run(folder: Path) -> None:
    def fail(sha256: str, key: str) -> None:
        raise TransientError(Cause.THROTTLED, "slow down")

    bucket = Bucket()
    tally, _, _ = go(bucket, folder, fail)
    assert (tally.failed, tally.may_pass, bucket.held) == (4, 4, {})
    tally, _, _ = go(bucket, folder, Catalog())
    assert tally.uploaded == 4
