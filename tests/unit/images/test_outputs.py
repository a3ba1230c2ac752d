"""Every format that the engine writes, opened by Pillow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixelfleet.images.pipeline import RenderedVariant, Rendition
from pixelfleet.samples.profile import wide_profile
from pixelfleet.samples.scene import scene

Save = Callable[..., Path]
Run = Callable[..., Rendition]


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return scene((120, 80), "noon", "out")


def opened(variant: RenderedVariant) -> Image.Image:
    with Image.open(variant.path) as picture:
        picture.load()
        return picture


@pytest.mark.parametrize(
    ("name", "suffix"), [("jpeg", ".jpg"), ("png", ".png"), ("webp", ".webp"), ("avif", ".avif"), ("tiff", ".tif")]
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_a_variant_has_the_format_and_the_size_of_its_record(
    save: Save, rendered: Run, photo: Image.Image, mode: str, name: str, suffix: str
) -> None:
    source = photo.convert(mode)
    if mode == "RGBA":
        source.putalpha(100)
    [variant] = rendered(save(source, "PNG"), {"format": name, "box": 60}).variants
    picture = opened(variant)
    assert (picture.format, picture.size) == (name.upper(), (variant.width, variant.height)) == (name.upper(), (60, 40))
    assert (variant.path.suffix, variant.content_type) == (suffix, f"image/{name}")
    assert variant.bytes == variant.path.stat().st_size
    assert picture.has_transparency_data == (mode == "RGBA" and name != "jpeg")


@pytest.mark.parametrize("name", ["jpeg", "webp", "avif"])
def test_higher_quality_needs_more_bytes(save: Save, rendered: Run, photo: Image.Image, name: str) -> None:
    low, high = rendered(save(photo, "PNG"), {"format": name, "quality": 30}, {"format": name, "quality": 95}).variants
    assert low.bytes * 1.5 < high.bytes


@pytest.mark.parametrize("name", ["webp", "png", "tiff"])
def test_lossless_is_lossless(save: Save, rendered: Run, photo: Image.Image, name: str) -> None:
    asked: dict[str, Any] = {"format": name} | ({"lossless": True} if name == "webp" else {})
    [variant] = rendered(save(photo, "PNG"), asked).variants
    assert opened(variant).convert("RGB").tobytes() == photo.tobytes()


def test_jpeg_is_progressive_unless_progressive_is_false(save: Save, rendered: Run, photo: Image.Image) -> None:
    yes, no = rendered(save(photo, "PNG"), {"format": "jpeg"}, {"format": "jpeg", "progressive": False}).variants
    assert opened(yes).info.get("progressive")
    assert not opened(no).info.get("progressive")


@pytest.mark.parametrize("effort", [0, 9])
@pytest.mark.parametrize("name", ["webp", "avif", "png", "jpeg", "tiff"])
def test_every_format_takes_every_effort(save: Save, rendered: Run, photo: Image.Image, name: str, effort: int) -> None:
    assert rendered(save(photo, "PNG"), {"format": name, "effort": effort, "box": 30}).variants[0].bytes > 0


def test_a_kept_profile_stays_with_its_colours(save: Save, rendered: Run) -> None:
    source = save(Image.new("RGB", (20, 20), (200, 60, 60)), "PNG", icc_profile=wide_profile())
    kept, converted = rendered(source, {"format": "png", "icc": "keep"}, {"format": "png"}).variants
    assert opened(kept).info["icc_profile"] == wide_profile()
    assert opened(kept).getpixel((5, 5)) == (200, 60, 60)
    assert "icc_profile" not in opened(converted).info
    assert opened(converted).getpixel((5, 5)) != (200, 60, 60)


def test_an_enlarged_variant_is_as_large_as_its_box(save: Save, rendered: Run, photo: Image.Image) -> None:
    [variant] = rendered(save(photo, "PNG"), {"box": 240, "enlarge": True, "format": "png"}).variants
    assert opened(variant).size == (240, 160)


def test_exact_stretches_to_the_box(save: Save, rendered: Run, photo: Image.Image) -> None:
    [variant] = rendered(save(photo, "PNG"), {"box": [50, 70], "fit": "exact", "format": "png"}).variants
    assert opened(variant).size == (50, 70)


def test_a_small_variant_of_a_series_nearly_equals_a_single_variant(save: Save, rendered: Run) -> None:
    source = save(scene((800, 600), "forest", "series"), "PNG")
    series = rendered(source, *({"box": side, "format": "png"} for side in (640, 320, 160)))
    [alone] = rendered(source, {"box": 160, "format": "png"}).variants
    left, right = opened(series.variants[2]).tobytes(), opened(alone).tobytes()
    assert sum(abs(one - other) for one, other in zip(left, right, strict=True)) / len(left) < 1.5
