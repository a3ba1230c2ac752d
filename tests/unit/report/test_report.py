"""The report counts correctly, and a file name cannot inject code into the contact sheet."""

import json
import re
from pathlib import Path

import pytest

from pixelfleet.domain.scores import Score
from pixelfleet.recipes import Metric
from pixelfleet.report import Report, ReportImage, ReportVariant, write_contact_sheet, write_report
from pixelfleet.report.text import MINUS, change, link, size
from tests.fakes.records import image_of

VARIANT = ReportVariant("thumb", "a/thumb.webp", "webp", 320, 213, 4_000)
READY = ReportImage("/in/a.jpg", "a.jpg", "id1", "ready", format="jpeg", width=900, height=600, variants=(VARIANT,))
FAILED = ReportImage("/in/b.jpg", None, None, "failed", "empty", "the file has no content")


def test_the_json_has_the_documented_fields(tmp_path: Path) -> None:
    write_report(Report((READY, FAILED), 2.0), tmp_path / "report.json")
    raw = json.loads((tmp_path / "report.json").read_text())
    assert set(raw) == {"images", "ready", "failed", "seconds", "images_per_second"}
    assert (raw["ready"], raw["failed"], raw["images_per_second"]) == (1, 1, 1.0)
    assert set(raw["images"][0]) == {
        "source", "key", "image_id", "status", "cause", "message", "format", "width", "height", "attempts", "seconds",
        "variants", "bytes",
    }  # fmt: skip
    assert raw["images"][0]["variants"] == [
        {
            "name": "thumb",
            "file": "a/thumb.webp",
            "format": "webp",
            "width": 320,
            "height": 213,
            "bytes": 4000,
            "quality": None,
            "ssim": None,
            "ssimulacra2": None,
        }
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_variant_has_the_setting_that_a_target_chose_and_its_score() -> None:
    [stored] = image_of("me", "b", 1).variants[:1]
    chosen = stored.model_copy(update={"quality": 73})
    variant = ReportVariant.of(chosen, "a/thumb.webp", Score(Metric.SSIMULACRA2, 75.4))
    assert (variant.quality, variant.ssim, variant.ssimulacra2) == (73, None, 75.4)


def test_an_empty_report_does_not_divide_by_zero() -> None:
    assert Report().images_per_second == 0.0


def test_the_contact_sheet_begins_with_the_ready_images(tmp_path: Path) -> None:
    page = write_contact_sheet(Report((FAILED, READY), 2.0), tmp_path).read_text()
    assert re.findall(r'data-status="(\w+)"', page) == ["ready", "failed"]


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>.jpg",
        '"onerror="alert(1).jpg',
        "javascript:alert(1)/x.jpg",
        "a\u202egpj.exe",
        "bad\udcff\n.jpg",
        "$script ${style}.jpg",
        "100% #1?.jpg",
    ],
)
def test_a_hostile_file_name_stays_text(tmp_path: Path, name: str) -> None:
    variant = ReportVariant("thumb", f"{name}/thumb.webp", "webp", 1, 1, 1)
    image = ReportImage(name, name, "id", "ready", format="jpeg", width=1, height=1, variants=(variant,))
    failed = ReportImage(name, None, None, "failed", "unreadable", f"{name} <b>&")
    page = write_contact_sheet(Report((image, failed), 1.0), tmp_path).read_text(encoding="utf-8")
    assert page.count("<script") == 1
    assert "<b>&" not in page
    assert not re.search(r"<[^>]*\son\w+=", page)
    assert "\u202e" not in page
    assert all(address.startswith("./") for address in re.findall(r'(?:href|src)="([^"]*)"', page))


def test_the_page_loads_nothing_from_other_hosts_and_allows_only_its_own_script(tmp_path: Path) -> None:
    page = write_contact_sheet(Report((READY, FAILED), 1.0), tmp_path).read_text(encoding="utf-8")
    assert "http://" not in page
    assert "https://" not in page
    assert "default-src 'none'" in page
    assert 'data-filter="cause:empty"' in page


def test_links_lead_from_the_page_to_the_file(tmp_path: Path) -> None:
    assert link(tmp_path / "in" / "a b#.jpg", tmp_path / "out") == "./../in/a%20b%23.jpg"


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (9_940, "9.9 kB"),
        (12_345, "12 kB"),
        (999_600, "1.0 MB"),
        (5 * 10**9, "5.0 GB"),
    ],
)
def test_sizes_are_shown_with_units(count: int, shown: str) -> None:
    assert size(count) == shown


def test_changes_of_size_have_a_sign() -> None:
    assert [change(100, after) for after in (13, 100, 150)] == [f"{MINUS}87 %", "±0 %", "+50 %"]
    assert change(None, 5) == ""
