"""The output of each built-in recipe for a picture of the kind that the recipe is meant for."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import RenderedVariant, render
from pixelfleet.images.probe import probe
from pixelfleet.images.vips import pyvips
from pixelfleet.recipes import BUILTIN, builtin
from pixelfleet.samples.scene import scene

LIMITS = Limits(max_bytes=100_000_000, max_pixels=50_000_000, max_frames=50)
Make = Callable[[Path, str], dict[str, RenderedVariant]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def run(source: Path, recipe: str) -> dict[str, RenderedVariant]:
        folder = tmp_path / recipe
        folder.mkdir()
        made = render(source, probe(source, LIMITS), builtin(recipe), folder)
        return {variant.name: variant for variant in made.variants}

    return run


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    scene((1600, 1000), "noon", "recipes").save(path, quality=90)
    return path


@pytest.mark.parametrize("recipe", BUILTIN)
def test_every_variant_has_the_size_and_the_kind_of_its_record(make: Make, photo: Path, recipe: str) -> None:
    for variant in make(photo, recipe).values():
        if variant.tiles is not None:
            assert variant.path.read_bytes().startswith(b"<?xml")
            continue
        image = pyvips.Image.new_from_file(str(variant.path))
        assert (image.width, image.height) == (variant.width, variant.height)
        assert variant.path.stat().st_size == variant.bytes


def test_archive_keeps_tones_profile_and_size_in_its_master_and_has_a_copy_for_access(
    make: Make, tmp_path: Path
) -> None:
    source = tmp_path / "scan.tif"
    lines = pyvips.Image.identity(ushort=True, size=3600).replicate(1, 8) * 18
    deep = lines.cast("ushort").bandjoin([lines.cast("ushort")] * 2).copy(interpretation="rgb16")
    deep.tiffsave(str(source), profile="p3", tile=True, compression="lzw")
    made = make(source, "archive")
    master = pyvips.Image.new_from_file(str(made["master"].path))
    assert (master.width, master.height, master.get("heif-bitdepth")) == (3600, 8, 12)
    assert master.get_typeof("icc-profile-data")
    access = pyvips.Image.new_from_file(str(made["access"].path))
    assert (access.width, access.format, made["access"].format) == (3000, "uchar", "jpeg")
    assert not access.get_typeof("icc-profile-data")


def test_catalog_pads_to_a_white_square_and_cuts_nothing_off(make: Make, tmp_path: Path) -> None:
    source = tmp_path / "shoe.png"
    shoe = Image.new("RGBA", (1500, 500), (0, 0, 0, 0))
    shoe.paste((200, 30, 30, 255), (10, 10, 1490, 490))
    shoe.save(source)
    made = make(source, "catalog")
    for name, side in (("tile", 400), ("product", 1200)):
        with Image.open(made[name].path) as opened:
            picture = opened.convert("RGB")
        assert picture.size == (side, side)
        assert picture.getpixel((side // 2, 3)) == (255, 255, 255)
        red, green, _ = picture.getpixel((side // 2, side // 2))  # type: ignore[misc]
        assert red > 180
        assert green < 60
    with Image.open(made["large"].path) as large:
        assert large.size == (1500, 500)


def test_responsive_has_each_width_in_two_formats_and_enlarges_nothing(make: Make, photo: Path) -> None:
    made = make(photo, "responsive")
    assert {variant.format for variant in made.values()} == {"webp", "jpeg"}
    assert max(variant.width for variant in made.values()) == 1600
    assert min(variant.width for variant in made.values()) == 320
