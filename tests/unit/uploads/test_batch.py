"""One run of an upload to a bucket in memory: the journal, retries by a second run, files that change."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pixelfleet.aws.checksums import sha256_base64
from pixelfleet.aws.upload_bucket import ObjectChecksum, UploadBucket
from pixelfleet.errors import Cause, RefusedError, SetupError, TransientError
from pixelfleet.files.sources import Source, find_sources
from pixelfleet.uploads.batch import CHUNK, BatchUpload, Choice, Tally
from pixelfleet.uploads.body import Body, ChangedError
from pixelfleet.uploads.journal import Pending, Target, UploadJournal
from pixelfleet.uploads.throttle import Throttle
from pixelfleet.uploads.uploader import Uploader
from tests.colour.quarters import QUARTERS
from tests.colour.tiff_files import quarters_page, tiff

JPEG = b"\xff\xd8\xff\xe0"
TARGET = Target("aws", "2026", "bucket", "uploads/me/b1/")


class Bucket(UploadBucket):
    """Stores bodies in a dictionary; calls `meddle` first, which may change anything. No client may read objects."""

    def __init__(self, meddle: Callable[[str], None] = lambda _: None) -> None:
        self.bucket = "bucket"
        self.held: dict[str, bytes] = {}
        self._meddle = meddle

    def put(self, key: str, body: bytes, content_type: str | None = None) -> str:
        self._meddle(key)
        self.held[key] = body
        return "etag"

    def checksum_of(self, key: str) -> None:
        """None, as when S3 answers 403 to a client that may not read objects."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(100):
        (tmp_path / f"in/{number:03}.jpg").write_bytes(JPEG + bytes([number]))
    return tmp_path / "in"


def go(bucket: Bucket, folder: Path) -> tuple[Tally, list[tuple[str, str]]]:
    """Does one run; returns the tally, and the name and the reason of each failed file."""
    with UploadJournal.open(TARGET) as journal, Uploader(bucket, 2, images_only=True) as uploader:
        tally = BatchUpload(uploader, journal, TARGET.prefix, lambda _: None).run(find_sources([folder]), 2)
        return tally, [(path.name, why) for path, why in journal.left_out("failed")]


def test_a_file_that_became_a_pipe_after_the_listing_is_reported_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    with Uploader(Bucket(), 1, images_only=False) as uploader:
        put = uploader.submit(Source(tmp_path / "a.jpg", "a.jpg", 10), "uploads/me/b1/a.jpg").result(timeout=10)
    assert (put.problem, put.cause) == ("cannot be read: it is no regular file", Cause.UNREADABLE)


def test_the_next_run_puts_only_the_files_that_failed_at_s3(folder: Path) -> None:
    def fail_some(key: str) -> None:
        if key.endswith("7.jpg"):
            raise TransientError(Cause.UNAVAILABLE, "S3 did not answer in time")

    first, failed = go(Bucket(fail_some), folder)
    assert (first.uploaded, first.failed, first.may_pass) == (90, 10, 10)
    assert {name for name, _ in failed} == {f"0{tens}7.jpg" for tens in range(10)}
    second = Bucket()
    tally, failed = go(second, folder)
    assert (tally.uploaded, tally.there, failed) == (10, 90, [])
    assert len(second.held) == 10


def test_a_file_whose_put_was_made_and_whose_answer_was_lost_is_not_put_again(folder: Path) -> None:
    """A second version of the same bytes would be processed and announced once more."""

    class Readable(Bucket):
        def put(self, key: str, body: bytes, content_type: str | None = None) -> str:
            super().put(key, body, content_type)
            if key.endswith("007.jpg"):
                raise TransientError(Cause.UNAVAILABLE, "S3 did not answer in time")
            return "etag"

        def checksum_of(self, key: str) -> ObjectChecksum | None:  # type: ignore[override]
            body = self.held.get(key)
            return None if body is None else ObjectChecksum(len(body), sha256_base64(body), None, "etag")

    bucket = Readable()
    first, _ = go(bucket, folder)
    assert (first.uploaded, first.may_pass) == (99, 1)
    second, failed = go(bucket, folder)
    assert (second.uploaded, second.there, failed) == (0, 100, [])


def test_a_file_that_vanishes_before_its_upload_is_reported_and_the_others_are_put(folder: Path) -> None:
    def remove_the_last(_: str) -> None:
        (folder / "099.jpg").unlink(missing_ok=True)

    tally, failed = go(Bucket(remove_the_last), folder)
    assert (tally.uploaded, tally.may_pass) == (99, 0)
    assert failed == [("099.jpg", "cannot be read: No such file or directory")]


def test_a_file_that_grows_after_the_walk_is_put_and_journaled_with_its_new_content(folder: Path) -> None:
    def grow(key: str) -> None:
        if key.endswith("000.jpg"):
            (folder / "099.new").write_bytes(JPEG + b"longer")
            (folder / "099.new").rename(folder / "099.jpg")

    bucket = Bucket(grow)
    go(bucket, folder)
    assert bucket.held["uploads/me/b1/099.jpg"] == JPEG + b"longer"
    again = Bucket()
    tally, _ = go(again, folder)
    assert (tally.there, again.held) == (100, {})


def test_a_file_that_changes_during_every_read_is_reported(folder: Path) -> None:
    class Busy(Body):
        def read(self, start: int, count: int) -> bytes:
            content = super().read(start, count)
            with (folder / "000.jpg").open("ab") as file:
                file.write(b"more")
            return content

    path = folder / "000.jpg"
    with path.open("rb") as file:
        body = Busy(path, file.fileno(), os.fstat(file.fileno()))
        body.read(0, body.size)
        with pytest.raises(ChangedError):
            body.check_unchanged()


def test_a_refusal_that_every_file_would_get_ends_the_run_at_once(folder: Path) -> None:
    asked = []

    def refuse(key: str) -> None:
        asked.append(key)
        raise RefusedError(Cause.INTERNAL, "(AccessDenied) no")

    with pytest.raises(SetupError, match=r"nothing can be put into s3://bucket: .*AccessDenied"):
        go(Bucket(refuse), folder)
    # Files of the first chunk may have been on their way to S3 before the first answer of S3 was read.
    assert len(asked) <= CHUNK


def test_a_client_that_may_not_read_objects_sends_doubtful_files_again(folder: Path) -> None:
    with UploadJournal.open(TARGET) as journal:
        journal.sort([(source, source.relative) for source in find_sources([folder])])
    tally, failed = go(Bucket(), folder)
    assert (tally.uploaded, tally.there, failed) == (100, 0, [])


def test_a_journal_of_another_cloud_at_the_same_address_is_not_used(folder: Path) -> None:
    go(Bucket(), folder)
    with UploadJournal.open(Target("aws", "2027", "bucket", TARGET.prefix)) as journal:
        assert not journal.has_any()


def test_the_error_of_a_damaged_journal_gives_the_remedy(folder: Path, cache: Path) -> None:
    go(Bucket(), folder)
    [path] = cache.glob("pixelfleet/uploads/*.sqlite")
    path.write_bytes(b"no database " * 1_000)
    with pytest.raises(SetupError, match=r"is no journal .*: delete it"):
        go(Bucket(), folder)


def test_a_batch_without_a_given_name_keeps_its_name_until_it_is_finished(folder: Path) -> None:
    pending = Pending("aws", "bucket", "me", [folder])
    assert pending.name("first") == "first"
    assert Pending("aws", "bucket", "me", [folder]).name("second") == "first"
    assert Pending("aws", "bucket", "you", [folder]).name("second") == "second"
    pending.finished()
    assert pending.name("third") == "third"


def test_the_journal_returns_a_name_that_is_not_unicode_unchanged(folder: Path) -> None:
    odd = folder / os.fsdecode(b"\xff.txt")
    odd.write_bytes(b"no image")
    with UploadJournal.open(TARGET) as journal, Uploader(Bucket(), 2, images_only=True) as uploader:
        BatchUpload(uploader, journal, TARGET.prefix, lambda _: None).run(find_sources([folder]), 2)
        assert [path for path, _ in journal.left_out("skipped")] == [odd]


def test_files_that_the_engine_refuses_by_their_bytes_are_skipped(folder: Path) -> None:
    """A drawing of GIMP and a film are skipped; a raw in a TIFF container, an SVG after a long comment and a compressed
    SVG are sent."""
    for file in folder.iterdir():
        file.unlink()
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    (folder / "raw.tif").write_bytes(tiff(quarters_page(QUARTERS, tags={50706: (1, [1, 4, 0, 0])})))
    (folder / "drawing.png").write_bytes(b"gimp xcf v011\0" + bytes(60))
    (folder / "film.heic").write_bytes(b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42")
    (folder / "long.svg").write_bytes(b"<!--" + b"licence " * 1000 + b"-->" + svg)
    (folder / "small.svgz").write_bytes(gzip.compress(svg))
    (folder / "scan.tif").write_bytes(tiff(quarters_page(QUARTERS)))
    with UploadJournal.open(TARGET) as journal, Uploader(Bucket(), 2, images_only=True) as uploader:
        tally = BatchUpload(uploader, journal, TARGET.prefix, lambda _: None).run(find_sources([folder]), 2)
        skipped = {path.name for path, _ in journal.left_out("skipped")}
    assert (tally.uploaded, skipped) == (4, {"drawing.png", "film.heic"})


@pytest.mark.parametrize(
    ("include", "exclude", "taken"),
    [
        ((), (), {"a.jpg", "sub/a.jpg", "sub/b.png"}),
        (("a.*",), (), {"a.jpg", "sub/a.jpg"}),
        (("sub/*",), ("*.png",), {"sub/a.jpg"}),
        ((), ("sub/*",), {"a.jpg"}),
    ],
)
def test_globs_with_a_slash_match_the_path_and_other_globs_match_the_name(
    include: tuple[str, ...], exclude: tuple[str, ...], taken: set[str], tmp_path: Path
) -> None:
    for name in ("a.jpg", "sub/a.jpg", "sub/b.png"):
        (tmp_path / "x" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "x" / name).touch()
    choice = Choice(include, exclude)
    assert {source.relative for source in find_sources([tmp_path / "x"]) if choice.takes(source)} == taken


def test_a_throttle_limits_the_bytes_to_its_rate() -> None:
    now = 0.0
    slept: list[float] = []
    throttle = Throttle(100.0, clock=lambda: now, sleep=slept.append)
    for _ in range(3):
        throttle.take(50)
    assert slept == [0.0, 0.5, 1.0]
