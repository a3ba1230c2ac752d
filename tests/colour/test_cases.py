"""Each case by the engine against its right value."""

from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.colour_space import PRIMARIES
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import render
from pixelfleet.images.probe import probe
from pixelfleet.recipes import Recipe, Variant
from tests.colour.cases import CASES, Case, profile
from tests.colour.png_files import png
from tests.colour.quarters import differences, middles

LIMITS = Limits(max_bytes=1_000_000, max_pixels=1_000_000, max_frames=10)


def shown(case: Case, folder: Path, **fields: object) -> Image.Image:
    source = folder / "source"
    source.write_bytes(case.make())
    recipe = Recipe(name="quarters", variants=(Variant.model_validate({"name": "full", "format": "png", **fields}),))
    out = folder / "out"
    out.mkdir()
    [variant] = render(source, probe(source, LIMITS), recipe, out).variants
    with Image.open(variant.path) as opened:
        opened.load()
        return opened


def _id(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_the_quarters_have_the_right_colours(case: Case, tmp_path: Path) -> None:
    seen = shown(case, tmp_path)
    assert seen.size == case.size
    assert not differences(middles(seen), case.expected, case.tolerance), case.source


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_an_opaque_picture_has_no_alpha(case: Case, tmp_path: Path) -> None:
    """Then `auto` makes a JPEG of it."""
    seen = shown(case, tmp_path)
    opaque = all(pixel[3] == 255 for pixel in case.expected)
    assert seen.has_transparency_data is not opaque


@pytest.mark.parametrize("case", [case for case in CASES if "bit" in case.name or "float" in case.name], ids=_id)
def test_sixteen_bits_show_the_same(case: Case, tmp_path: Path) -> None:
    seen = shown(case, tmp_path, depth=16)
    eight = seen.point(lambda value: value / 257).convert("L") if seen.mode.startswith("I") else seen
    assert not differences(middles(eight), case.expected, case.tolerance), case.source


def test_a_damaged_picture_with_a_profile_is_damaged(tmp_path: Path) -> None:
    """The error of the decoder must not pass for one of the profile."""
    content = bytearray(png(icc_profile=profile(PRIMARIES[12], None)))
    at = content.index(b"IDAT") + 8
    content[at : at + 20] = bytes(20)
    source = tmp_path / "source"
    source.write_bytes(content)
    recipe = Recipe(name="quarters", variants=(Variant.model_validate({"name": "full", "format": "png"}),))
    with pytest.raises(PermanentError) as caught:
        render(source, probe(source, LIMITS), recipe, tmp_path)
    assert caught.value.cause is Cause.UNREADABLE
