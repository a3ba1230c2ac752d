"""A variant has 16 bits if the recipe asks for 16 bits and the source has 16 bits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixelfleet.errors import RecipeError
from pixelfleet.images.pipeline import Rendition
from pixelfleet.images.vips import pyvips
from pixelfleet.recipes import parse
from pixelfleet.samples.scene import scene

Save = Callable[..., Path]
Run = Callable[..., Rendition]


@pytest.fixture
def ramp(tmp_path: Path) -> Path:
    """A 16-bit RGB TIFF whose value rises by 100 of 65,535 per column; 2.5 columns share one 8-bit value."""
    row = pyvips.Image.identity(ushort=True, size=640) * 100
    wide = row.cast("ushort").replicate(1, 40).copy(interpretation="grey16")
    path = tmp_path / "ramp"
    wide.bandjoin([wide, wide]).copy(interpretation="rgb16").tiffsave(str(path))
    return path


def read(path: Path) -> Any:
    return pyvips.Image.new_from_file(str(path))


def tones(path: Path) -> int:
    """The number of different tones in the middle row."""
    image = read(path)
    return len({tuple(image.getpoint(x, image.height // 2)) for x in range(image.width)})


@pytest.mark.parametrize(("name", "at_least"), [("png", 640), ("tiff", 640), ("avif", 600)])
def test_a_deep_variant_keeps_the_tones_that_eight_bits_would_merge(
    ramp: Path, rendered: Run, name: str, at_least: int
) -> None:
    fields = {"format": name, "lossless": True} if name == "avif" else {"format": name}
    deep, flat = rendered(ramp, {**fields, "depth": 16}, fields).variants
    assert tones(deep.path) >= at_least
    assert tones(flat.path) <= 256


def test_avif_has_twelve_bits(ramp: Path, rendered: Run) -> None:
    [master] = rendered(ramp, {"format": "avif", "depth": 16, "quality": 90}).variants
    assert read(master.path).get("heif-bitdepth") == 12
    source, kept = read(ramp), read(master.path)
    assert (source.cast("int") - kept.cast("int")).abs().avg() < 200


def test_a_source_of_eight_bits_stays_at_eight(save: Save, rendered: Run, quarters: Image.Image) -> None:
    [png] = rendered(save(quarters, "TIFF"), {"format": "png", "depth": 16}).variants
    assert read(png.path).format == "uchar"


def test_signed_samples_do_not_wrap(tmp_path: Path, rendered: Run) -> None:
    path = tmp_path / "signed"
    flat = pyvips.Image.black(20, 20, bands=3).linear(1, [-90, 20, 250])
    flat.cast("short").tiffsave(str(path))
    [png] = rendered(path, {"format": "png", "depth": 16}).variants
    assert read(png.path).getpoint(5, 5) == [0, 20, 250]


def test_a_deep_variant_is_scaled_like_any_other_variant(ramp: Path, rendered: Run) -> None:
    [deep] = rendered(ramp, {"format": "png", "depth": 16, "box": 320}).variants
    assert (deep.width, read(deep.path).format) == (320, "ushort")


def test_sixteen_bits_hardly_change_the_fingerprint(tmp_path: Path, save: Save, rendered: Run) -> None:
    flat = save(scene((300, 200), "noon", "deep"), "PNG")
    wide = tmp_path / "wide"
    (read(flat).cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16").pngsave(str(wide))
    first, second = (rendered(path, {"format": "png", "depth": 16}) for path in (flat, wide))
    assert first.perceptual_hash
    assert second.perceptual_hash
    assert (int(first.perceptual_hash, 16) ^ int(second.perceptual_hash, 16)).bit_count() <= 2


def test_a_deep_variant_keeps_transparency_and_drops_an_opaque_alpha(ramp: Path, tmp_path: Path, rendered: Run) -> None:
    colours = read(ramp)
    for alpha, bands in ((30_000, 4), (65_535, 3)):
        path = tmp_path / f"alpha-{alpha}"
        colours.bandjoin(alpha).copy(interpretation="rgb16").pngsave(str(path))
        [png] = rendered(path, {"format": "png", "depth": 16}).variants
        actual = read(png.path)
        assert (actual.bands, actual.format) == (bands, "ushort")


def test_a_deep_grey_stays_grey(tmp_path: Path, rendered: Run) -> None:
    path = tmp_path / "grey"
    grey = pyvips.Image.identity(ushort=True, size=300) * 200
    grey.cast("ushort").replicate(1, 8).copy(interpretation="grey16").pngsave(str(path))
    [tiff] = rendered(path, {"format": "tiff", "depth": 16}).variants
    assert (read(tiff.path).bands, tones(tiff.path)) == (1, 300)


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ('format = "jpeg"', "png, tiff or avif"),
        ('format = "png"\nsharpen = 1.0', "remove sharpen"),
        ('format = "png"\ntiles = {}', "without tiles"),
    ],
)
def test_an_impossible_depth_is_refused_with_a_remedy(line: str, reported: str) -> None:
    with pytest.raises(RecipeError, match=reported):
        parse(f'name = "r"\n[[variants]]\nname = "v"\ndepth = 16\n{line}\n', "r.toml")
