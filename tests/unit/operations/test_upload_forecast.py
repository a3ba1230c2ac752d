"""The forecast of an upload reads every header and counts every file that the fleet would refuse."""

import hashlib
import os
from pathlib import Path

from PIL import Image

from pixelfleet import recipes
from pixelfleet.files.sources import Source, find_sources
from pixelfleet.operations.upload_forecast import forecast_upload
from pixelfleet.settings import Settings
from pixelfleet.uploads.known import KnownImage


def test_each_file_counts_as_an_image_or_by_the_cause_of_its_refusal(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "a.jpg")
    (tmp_path / "b.txt").write_text("no image")
    gone = Source(tmp_path / "c.jpg", "c.jpg", 9)
    seen: list[int] = []
    forecast = forecast_upload([*find_sources([tmp_path]), gone], recipes.load("web"), Settings(), seen.append)
    assert (forecast.files, forecast.formats) == (1, {"jpeg": 1})
    assert forecast.rejects == {"not_an_image": 1, "unreadable": 1}
    assert os.strerror(2) in forecast.examples["unreadable"]
    assert seen == [1, 2, 3]


def test_known_files_count_apart_from_the_rest_of_the_forecast(tmp_path: Path) -> None:
    for name, width in (("a.jpg", 40), ("b.jpg", 50)):
        Image.new("RGB", (width, 30)).save(tmp_path / name)
    (tmp_path / "empty.jpg").touch()
    known = hashlib.sha256((tmp_path / "b.jpg").read_bytes()).hexdigest()

    def lookup(sha256: str, _: str) -> KnownImage | None:
        return KnownImage("uploads/ana/b1/b.jpg", "e1") if sha256 == known else None

    forecast = forecast_upload(find_sources([tmp_path]), recipes.load("web"), Settings(), lookup=lookup)
    assert (forecast.files, forecast.known) == (1, 1)
    assert forecast.known_bytes == (tmp_path / "b.jpg").stat().st_size
    assert forecast.rejects == {"empty": 1}
