"""The right values of the cases, asked of independent programs: a slow test, skipped where a program is missing."""

from pathlib import Path
from typing import Final

import pytest
import pyvips
from PIL import Image, ImageCms

from benchmarks.oracles import ORACLES
from pixelfleet.images.formats import identify
from tests.colour.cases import CASES, LAB, LAB_BYTES, Case
from tests.colour.quarters import differences, middles, picture
from tests.colour.test_cases import shown

#: ImageMagick's colours of ink and Lab, and its tone curves, differ by rounding.
_TOLERANCE: Final = 6


def _asked(oracle: str, source: Path, folder: Path) -> Image.Image:
    if oracle == "libvips":
        pyvips.Image.new_from_file(str(source)).pngsave(str(folder / "oracle.png"))
    elif oracle == "pillow":
        # libavif 1 in Pillow; avifdec of Debian 12 is libavif 0.11, which leaves the range of one channel as it is.
        with Image.open(source) as opened:
            opened.save(folder / "oracle.png")
    else:
        ORACLES[oracle].decode(source, folder / "oracle.png", 60)
    with Image.open(folder / "oracle.png") as opened:
        opened.load()
        return opened


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case.oracle], ids=lambda case: str(case.name))
def test_an_independent_decoder_says_the_same(case: Case, tmp_path: Path) -> None:
    if case.oracle in ORACLES and not ORACLES[case.oracle].present:
        pytest.skip(f"{case.oracle} is not installed: Debian's {ORACLES[case.oracle].package} has it")
    content = case.make()
    # ImageMagick finds an icon by its name alone.
    source = tmp_path / f"asked{identify(lambda offset, count: content[offset : offset + count]).extension}"
    source.write_bytes(content)
    asked = _asked(case.oracle, source, tmp_path)
    assert asked.size == case.size or case.name.startswith("GIF")
    if not case.name.startswith("GIF"):
        # ImageMagick's first frame is not laid on its canvas.
        assert not differences(middles(_eight(asked)), case.expected, _TOLERANCE)
    assert not differences(middles(_eight(shown(case, tmp_path))), case.expected, case.tolerance)


def test_lcms_says_the_same_of_lab() -> None:
    """ImageMagick 6 takes Lab as relative to D65; lcms, as TIFF 6.0, to D50."""
    stored = picture(tuple((lab[0], lab[1] + 128, lab[2] + 128) for lab in LAB_BYTES)).tobytes()
    lab = Image.frombytes("LAB", (64, 48), bytes(value ^ 128 if at % 3 else value for at, value in enumerate(stored)))
    transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
    asked = ImageCms.applyTransform(lab, transform)
    assert asked is not None
    assert not differences(middles(asked), LAB, 5)


def _eight(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        return picture.point(lambda value: value / 257).convert("L")
    return picture
