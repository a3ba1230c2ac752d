"""The row of one image in a report: ready with its files, or failed with the reason."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from pixelfleet.errors import Cause, TransientError
from pixelfleet.files.destination import DestinationError
from pixelfleet.operations.report_rows import ReportSource, failed_row, fetched_row
from pixelfleet.report import ReportVariant
from tests.fakes.records import image_of

READY, FAILED = image_of("me", "b", 1), image_of("me", "b", 20)
VARIANTS = tuple(ReportVariant.of(variant, f"folder/{variant.name}") for variant in READY.variants)


class Files:
    """Fetches nothing: returns the variants, or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def fetch(self, _image: Any, _folder: str) -> tuple[ReportVariant, ...]:
        if self._error is not None:
            raise self._error
        return VARIANTS


def row(error: Exception | None = None, image: Any = READY) -> Any:
    files: Any = Files(error)
    return fetched_row(files, ReportSource.in_bucket(image), image, "folder", Path("/dest"))


def test_an_image_that_is_ready_has_its_files() -> None:
    actual = row()
    assert (actual.status, actual.variants, actual.source) == ("ready", VARIANTS, f"s3://{READY.bucket}/{READY.key}")


def test_an_image_that_failed_has_its_own_cause() -> None:
    actual = row(image=FAILED)
    assert (actual.status, actual.cause, actual.variants) == ("failed", str(FAILED.cause), ())


def test_results_that_cannot_be_fetched_fail_the_row_and_not_the_run() -> None:
    actual = row(TransientError(Cause.THROTTLED, "S3 asks to slow down"))
    assert (actual.status, actual.cause, actual.message) == ("failed", "throttled", "S3 asks to slow down")


def test_a_name_that_the_disk_refuses_fails_the_row() -> None:
    actual = row(OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG)))
    assert (actual.status, actual.cause) == ("failed", "internal")
    assert actual.message == "the results cannot be saved: File name too long"


def test_a_full_disk_ends_the_run() -> None:
    with pytest.raises(DestinationError):
        row(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))


def test_a_source_without_a_record_still_has_a_row() -> None:
    actual = failed_row(ReportSource("a.jpg", "uploads/me/b/a.jpg", "id"), Cause.UNREADABLE, "cannot be read")
    assert (actual.status, actual.attempts, actual.seconds, actual.format) == ("failed", 0, 0.0, None)
