"""AVIF of PQ and HLG with `hdr = "keep"`: 10 bits, the same code points, the same samples."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import pyvips
from PIL import Image
from PIL.ExifTags import Base

from pixelfleet.images.containers.avif_colours import with_code_points
from pixelfleet.images.containers.iso_boxes import heif
from pixelfleet.images.pipeline import RenderedVariant, Rendition
from pixelfleet.images.readers.file import reader_at
from tests.colour.hdr import COLOURS
from tests.colour.heif_files import avif, heic, with_nclx
from tests.colour.quarters import picture, saved

Run = Callable[..., Rendition]


def source_of(folder: Path, transfer: int) -> Path:
    path = folder / "source.avif"
    path.write_bytes(avif(9, transfer, picture(COLOURS)))
    return path


def code_points(variant: RenderedVariant) -> tuple[int, int, int] | None:
    with reader_at(variant.path) as read:
        nclx = heif(read).nclx
    return nclx.code_points if nclx else None


@pytest.mark.parametrize(("transfer", "name"), [(16, "pq"), (18, "hlg")])
def test_samples_and_code_points_stay(rendered: Run, tmp_path: Path, transfer: int, name: str) -> None:
    kept, shown = rendered(
        source_of(tmp_path, transfer),
        {"format": "avif", "hdr": "keep", "quality": 95},
        {"format": "avif", "quality": 95},
    ).variants
    assert (kept.hdr, code_points(kept)) == (name, (9, transfer, 6))
    assert (shown.hdr, code_points(shown)) == (None, None)
    opened = pyvips.Image.heifload(str(kept.path))
    assert opened.get("bits-per-sample") == 10
    for number, colour in enumerate(COLOURS):
        seen = opened((number % 2 * 2 + 1) * opened.width // 4, (number // 2 * 2 + 1) * opened.height // 4)
        assert [round(value / 257) for value in seen] == pytest.approx(colour, abs=4)


def test_heic_of_hlg_becomes_such_an_avif(rendered: Run, tmp_path: Path) -> None:
    path = tmp_path / "source.heic"
    path.write_bytes(heic(12, 18))
    [kept] = rendered(path, {"format": "avif", "hdr": "keep"}).variants
    assert (kept.hdr, code_points(kept)) == ("hlg", (12, 18, 6))


def test_alpha_and_metadata_stay_beside_the_code_points(rendered: Run, tmp_path: Path) -> None:
    path = tmp_path / "source.avif"
    half = picture(tuple((*colour, 128) for colour in COLOURS), "RGBA")
    exif = Image.Exif()
    exif[Base.Copyright] = "Ana"
    path.write_bytes(with_nclx(saved(half, "AVIF", quality=100, speed=8, exif=exif.tobytes()), 9, 16))
    [kept] = rendered(path, {"format": "avif", "hdr": "keep", "metadata": "keep"}).variants
    assert code_points(kept) == (9, 16, 6)
    with Image.open(kept.path) as opened:
        assert opened.getexif()[Base.Copyright] == "Ana"
        assert opened.convert("RGBA").getpixel((5, 5))[3] == pytest.approx(128, abs=2)  # type: ignore[index]


def test_a_jpeg_beside_it_is_tone_mapped(rendered: Run, tmp_path: Path) -> None:
    source = source_of(tmp_path, 16)
    kept, jpeg = rendered(source, {"format": ["avif", "jpeg"], "hdr": "keep", "quality": 95}).variants
    [expected] = rendered(source, {"format": "jpeg", "quality": 95}).variants
    assert (kept.hdr, jpeg.hdr) == ("pq", None)
    assert jpeg.path.read_bytes() == expected.path.read_bytes()


def test_the_fingerprint_is_that_of_the_picture_as_shown(rendered: Run, tmp_path: Path) -> None:
    source = source_of(tmp_path, 16)
    kept, shown = (rendered(source, {"format": "avif", "hdr": value}) for value in ("keep", "strip"))
    assert kept.dominant_colour == shown.dominant_colour


def test_an_ordinary_avif_is_made_as_without_the_option(rendered: Run, tmp_path: Path) -> None:
    path = tmp_path / "source.avif"
    path.write_bytes(avif(1, 13))
    kept, shown = rendered(path, {"format": "avif", "hdr": "keep"}, {"format": "avif"}).variants
    assert (kept.hdr, kept.path.read_bytes()) == (None, shown.path.read_bytes())


def test_libavif_reads_the_declared_colours(rendered: Run, tmp_path: Path) -> None:
    if not shutil.which("avifdec"):
        pytest.skip("avifdec is not installed: Debian's libavif-bin has it")
    [kept] = rendered(source_of(tmp_path, 16), {"format": "avif", "hdr": "keep", "quality": 95}).variants
    command = ["avifdec", "--info", str(kept.path)]
    reported = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    for line in ("Bit Depth", "Color Primaries", "Transfer Char", "Matrix Coeffs"):
        assert line in reported
    values = {
        line.split(":")[0].strip(" *"): line.split(":")[1].strip() for line in reported.splitlines() if ":" in line
    }
    assert (values["Bit Depth"], values["Range"]) == ("10", "Full")
    assert (values["Color Primaries"], values["Transfer Char."], values["Matrix Coeffs."]) == ("9", "16", "6")
    target = tmp_path / "decoded.png"
    subprocess.run(
        ["avifdec", "--depth", "8", str(kept.path), str(target)], capture_output=True, check=True, timeout=30
    )
    with Image.open(target) as opened:
        for number, colour in enumerate(COLOURS):
            at = (number % 2 * 2 + 1) * opened.width // 4, (number // 2 * 2 + 1) * opened.height // 4
            assert opened.convert("RGB").getpixel(at) == pytest.approx(colour, abs=4)


@pytest.mark.parametrize("content", [b"", b"\0\0\0\x08meta", b"\0\0\0\x0cmeta\0\0\0\0", b"\0\0\0\x04meta" + bytes(20)])
def test_a_file_of_another_form_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="AVIF"):
        with_code_points(content, 9, 16)
