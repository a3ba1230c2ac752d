"""The pace in the display of a run."""

import pytest

from pixelfleet.cli import progress
from pixelfleet.report import ReportImage


def test_the_pace_counts_from_the_first_image_and_not_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("pixelfleet.cli.progress.time.monotonic", lambda: now)
    shown = progress.RunProgress(total=101, doing="working")
    now = 110.0
    shown.add(ReportImage("a.jpg", None, None, "ready"))
    first = shown.pace()
    for number in range(10):
        now += 0.5
        shown.add(ReportImage(f"{number}.jpg", None, None, "ready"))

    assert first == ""
    assert shown.pace() == "2.0/s, 45 s left"
