"""An image that is too large for memory streams from the file, once for each variant, with the same result."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat
from PIL.ExifTags import Base

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images import plan
from pixelfleet.images.pipeline import Rendition
from pixelfleet.samples.scene import scene

Save = Callable[..., Path]
Run = Callable[..., Rendition]


def picture_of(rendition: Rendition) -> Image.Image:
    with Image.open(rendition.variants[0].path) as opened:
        return opened.convert("RGB")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"box": 300},
        {"levels": True, "sharpen": 1.0},
        {"white_balance": True, "saturation": 1.2},
        {"box": [250, 120], "fit": "cover", "gravity": "attention"},
        {"watermark": {"text": "x"}, "blur": 1.0, "denoise": 1},
        {"box": 500, "pad": True, "background": "#ff0000"},
    ],
)
@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("code", ["JPEG", "PNG", "TIFF"])
def test_a_streamed_variant_is_the_same_as_a_variant_from_memory(
    save: Save, rendered: Run, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], orientation: int, code: str
) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    source = save(scene((400, 300), "sea", "large"), code, exif=exif)
    held = rendered(source, {"format": "png", **asked})
    monkeypatch.setattr(plan, "MEMORY_PIXELS", 10_000)
    streamed = rendered(source, {"format": "png", **asked})
    assert streamed.variants[0].width == held.variants[0].width
    difference = ImageChops.difference(picture_of(held), picture_of(streamed))
    assert max(ImageStat.Stat(difference).mean) < 1.5
    assert streamed.perceptual_hash
    assert held.perceptual_hash
    assert (int(streamed.perceptual_hash, 16) ^ int(held.perceptual_hash, 16)).bit_count() <= 6


def test_a_size_above_the_limit_of_a_format_is_the_recipes_fault(save: Save, rendered: Run) -> None:
    source = save(Image.new("L", (16_500, 2)), "PNG")
    with pytest.raises(PermanentError, match=r"webp has at most 16,383 pixels a side: give it a box") as caught:
        rendered(source, {"format": "webp"})
    assert caught.value.cause is Cause.RECIPE_UNFIT
    assert rendered(source, {"format": "jpeg"}).variants[0].width == 16_500
