"""Results on a disk that fills up, or from a cloud that stops answering: an image has all its results or none."""

import errno
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from pixelfleet.aws.object_bytes import ObjectStream
from pixelfleet.aws.objects import Objects
from pixelfleet.domain.records import Image
from pixelfleet.files.result_folders import ResultFolders
from pixelfleet.operations.downloads import BatchDownload
from pixelfleet.operations.result_files import ResultFiles
from pixelfleet.report import ReportImage
from tests.fakes.records import image_of

CONTENT = b"x" * 500
PUT = datetime(2026, 11, 1, tzinfo=UTC)
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
GONE = EndpointConnectionError(endpoint_url="http://127.0.0.1:9")


class Bytes:
    """Serves `last` variants under any key, then raises `error` in the middle of a body."""

    def __init__(self, error: Exception, last: int) -> None:
        self.error, self.left = error, last

    def get(self, _bucket: str, _key: str) -> ObjectStream:
        return ObjectStream(None, "e", len(CONTENT), "image/webp", self._chunks(), PUT)

    def _chunks(self) -> Iterator[bytes]:
        yield CONTENT[:100]
        self.left -= 1
        if self.left < 0:
            raise self.error
        yield CONTENT[100:]


def _images(count: int) -> list[Image]:
    digest = sha256(CONTENT).hexdigest()
    images = [image_of("me", "b", number) for number in range(1, count + 1)]
    return [
        image.model_copy(update={"variants": tuple(v.model_copy(update={"sha256": digest}) for v in image.variants)})
        for image in images
    ]


def _download(dest: Path, error: Exception, last: int) -> tuple[list[ReportImage], BatchDownload]:
    nothing: Any = None
    served: Any = Bytes(error, last)
    files = ResultFiles(Objects(nothing, served, "results"), nothing, dest)
    work = BatchDownload(files, dest, ResultFolders(dest, folds_case=False), threads=1)
    # Rows come in no order; the one thread fetches the images in their order.
    return sorted(work.run(_images(3)), key=lambda row: row.source), work


def _files(dest: Path) -> list[Path]:
    return [path for path in dest.rglob("*") if path.is_file()]


@pytest.mark.parametrize("last", [3, 4, 5])
def test_a_full_disk_ends_the_download_and_the_row_of_every_other_image_names_the_reason(
    tmp_path: Path, last: int
) -> None:
    rows, work = _download(tmp_path, FULL, last)
    assert [row.status for row in rows] == ["ready", "failed", "failed"]
    why = f"{tmp_path} cannot take the results: No space left on device"
    assert {row.message for row in rows[1:]} == {why} == {str(work.refused)}
    assert {row.cause for row in rows[1:]} == {"unavailable"}


@pytest.mark.parametrize("last", [3, 4, 5])
@pytest.mark.parametrize("error", [FULL, GONE])
def test_no_file_is_left_of_an_image_that_was_not_fetched_completely(
    tmp_path: Path, error: Exception, last: int
) -> None:
    rows, _ = _download(tmp_path, error, last)
    variants = {tmp_path / variant.file for row in rows for variant in row.variants}
    assert len(variants) == 3
    assert set(_files(tmp_path)) == variants


def test_a_cloud_that_does_not_answer_does_not_count_as_a_full_disk(tmp_path: Path) -> None:
    rows, work = _download(tmp_path, GONE, 4)
    assert work.refused is None
    assert [row.status for row in rows] == ["ready", "failed", "failed"]


def test_existing_results_stay(tmp_path: Path) -> None:
    rows, _ = _download(tmp_path, FULL, 9)
    again, work = _download(tmp_path, FULL, 0)
    assert [row.status for row in again] == [row.status for row in rows] == ["ready"] * 3
    assert work.refused is None
