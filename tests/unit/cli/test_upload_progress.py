"""The text in the display of a running upload."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pixelfleet.cli.console import MESSAGES
from pixelfleet.cli.upload_progress import UploadProgress
from pixelfleet.files.sources import Source
from pixelfleet.uploads.batch import Tally


def two_files() -> Iterator[Source]:
    yield Source(Path("a"), "a", 6_000_000)
    yield Source(Path("b"), "b", 4_000_000)


def test_a_partly_uploaded_file_counts_with_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MESSAGES, "_force_terminal", True)
    progress = UploadProgress(two_files)
    with progress:
        progress.counted(10)
        words = progress.words(Tally(sent=2_000_000, spared=1_000_000), seconds=2.0)
    assert words == "0 files, 2.0 MB, 0/s, 1.0 MB/s, 7 s left"


def test_the_time_left_excludes_files_that_need_not_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MESSAGES, "_force_terminal", True)
    progress = UploadProgress(two_files)
    with progress:
        progress.counted(10)
        words = progress.words(Tally(uploaded=1, there=1, sent=4_000_000, passed=6_000_000), seconds=4.0)
    assert words == "1 file, 4.0 MB, 0/s, 1.0 MB/s, 0 s left, 1 there before"
