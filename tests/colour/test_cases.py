"""Each case by the engine against its right value."""

from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import render
from pixelfleet.images.probe import probe
from pixelfleet.recipes import Recipe, Variant
from tests.colour.cases import CASES, Case
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
