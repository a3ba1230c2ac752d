"""Variants whose quality is a target: the setting, the score of the record, and the score of the file itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyjpegxl
import pytest
from PIL import Image

from pixelfleet.images.pipeline import RenderedVariant, Rendition
from pixelfleet.images.quality.sample import sample_of
from pixelfleet.images.quality.ssim import luma, ssim
from pixelfleet.images.vips import Image as VipsImage
from pixelfleet.images.vips import pyvips, ready
from pixelfleet.samples.scene import scene

Save = Callable[..., Path]
Run = Callable[..., Rendition]

LOSSY = ("jpeg", "webp", "avif", "jxl")


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return scene((480, 320), "forest", "aim")


def target(score: float, **more: Any) -> dict[str, Any]:
    return {"quality": {"target": score, "min": 1, "max": 100} | more}


def score_of(variant: RenderedVariant, picture: Image.Image) -> float:
    ready()
    raw = pyvips.Image.new_from_memory(picture.tobytes(), *picture.size, 3, "uchar").copy(interpretation="srgb")
    if variant.format == "jxl":
        shown = pyvips.Image.new_from_array(pyjpegxl.decode_to_numpy(variant.path.read_bytes())[1])
    else:
        shown = pyvips.Image.new_from_file(str(variant.path))
    return ssim(raw, shown)


@pytest.mark.parametrize("name", LOSSY)
def test_the_file_has_about_the_score_that_was_asked_for_and_the_record_says_both(
    save: Save, rendered: Run, photo: Image.Image, name: str
) -> None:
    low, high = rendered(save(photo, "PNG"), {"format": name, **target(0.9)}, {"format": name, **target(0.97)}).variants
    for variant, target_score in ((low, 0.9), (high, 0.97)):
        assert variant.ssim is not None
        assert variant.ssim >= target_score
        assert score_of(variant, photo) == pytest.approx(variant.ssim, abs=0.02)
    assert low.quality is not None
    assert high.quality is not None
    assert low.quality < high.quality
    assert low.bytes < high.bytes


def test_the_file_is_that_of_the_chosen_setting(save: Save, rendered: Run, photo: Image.Image) -> None:
    source = save(photo, "PNG")
    [aimed] = rendered(source, {"format": "jpeg", **target(0.93)}).variants
    [fixed] = rendered(source, {"format": "jpeg", "quality": aimed.quality}).variants
    assert aimed.path.read_bytes() == fixed.path.read_bytes()
    assert (fixed.quality, fixed.ssim) == (None, None)


def test_the_same_source_gives_the_same_bytes(save: Save, rendered: Run, photo: Image.Image) -> None:
    source = save(photo, "PNG")
    [one] = rendered(source, {"format": "webp", **target(0.95)}).variants
    [two] = rendered(source, {"format": "webp", **target(0.95)}).variants
    assert one.path.read_bytes() == two.path.read_bytes()


def test_where_the_target_is_out_of_reach_the_highest_setting_is_used_with_its_score(
    save: Save, rendered: Run, photo: Image.Image
) -> None:
    [variant] = rendered(save(photo, "PNG"), {"format": "jpeg", **target(0.999, min=20, max=60)}).variants
    assert variant.quality == 60
    assert variant.ssim is not None
    assert variant.ssim < 0.999


def test_every_format_of_a_variant_has_a_setting_of_its_own(save: Save, rendered: Run, photo: Image.Image) -> None:
    made = rendered(save(photo, "PNG"), {"format": list(LOSSY), **target(0.95)}).variants
    assert [variant.format for variant in made] == list(LOSSY)
    assert all(variant.ssim is not None and variant.ssim >= 0.95 for variant in made)


def test_alpha_an_animation_and_a_picture_of_a_few_pixels_have_a_setting_too(
    save: Save, rendered: Run, photo: Image.Image
) -> None:
    clear = photo.resize((120, 80)).convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    moving = save(photo, "GIF", save_all=True, append_images=[photo.rotate(180)], duration=100)
    for source, name in ((save(clear, "PNG"), "webp"), (save(clear, "PNG"), "jxl"), (moving, "webp")):
        [variant] = rendered(source, {"format": name, **target(0.9)}).variants
        assert variant.ssim is not None
        assert variant.ssim >= 0.9
    [tiny] = rendered(save(photo, "PNG"), {"box": 9, "format": "jpeg", **target(0.9, max=77)}).variants
    assert (tiny.quality, tiny.ssim) == (77, None)


def test_a_picture_that_is_never_in_memory_is_judged_by_a_small_decode(
    monkeypatch: pytest.MonkeyPatch, save: Save, rendered: Run, photo: Image.Image
) -> None:
    monkeypatch.setattr("pixelfleet.images.plan.MEMORY_PIXELS", 1_000)
    [variant] = rendered(save(photo, "PNG"), {"format": "jpeg", "sharpen": 1, **target(0.9)}).variants
    assert variant.ssim is not None
    assert variant.ssim >= 0.9


@pytest.mark.parametrize("size", [(2000, 1500), (3000, 60), (60, 3000), (200, 150), (5000, 20), (11, 11)])
def test_a_sample_has_no_more_than_its_part_of_the_pixels_and_is_parted_into_pieces(
    size: tuple[int, int],
) -> None:
    ready()
    image: VipsImage = pyvips.Image.black(*size, bands=3).copy(interpretation="srgb")
    sample = sample_of(image)
    assert sample is not None
    pixels = sample.pixels.width * sample.pixels.height
    width, height = sample.piece
    assert (width * sample.across, height * sample.down) == (sample.pixels.width, sample.pixels.height)
    assert pixels <= max(140_000, size[0] * size[1] // 5)
    assert sample.pieces(sample.pixels).shape == (sample.across * sample.down, height, width)


def test_a_piece_has_the_pixels_of_its_place_in_the_sample() -> None:
    ready()
    wide = pyvips.Image.xyz(2000, 1500)
    sample = sample_of(
        (wide[0] / 8).cast("uchar").bandjoin([(wide[1] / 8).cast("uchar")] * 2).copy(interpretation="srgb")
    )
    assert sample is not None
    pieces = sample.pieces(sample.pixels)
    for number in (0, 1, sample.across, len(pieces) - 1):
        down, across = divmod(number, sample.across)
        cell = sample.pixels.crop(across * 48, down * 48, 48, 48)
        assert pieces[number] == pytest.approx(luma(cell))
