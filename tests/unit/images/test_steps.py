"""The effect of each step on pixels."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.pipeline import Rendition

Save = Callable[..., Path]
Run = Callable[..., Rendition]


def result(rendition: Rendition, number: int = 0) -> Image.Image:
    with Image.open(rendition.variants[number].path) as picture:
        picture.load()
        return picture


def pixel(picture: Image.Image, x: int, y: int) -> tuple[int, ...]:
    actual = picture.getpixel((x, y))
    assert isinstance(actual, tuple)
    return tuple(int(value) for value in actual)


@pytest.fixture
def ramp() -> Image.Image:
    """Greys from 60 to 200, 141 x 20 pixels, as RGB."""
    picture = Image.new("L", (141, 20))
    picture.putdata([60 + x for _ in range(20) for x in range(141)])
    return picture.convert("RGB")


@pytest.fixture
def edge() -> Image.Image:
    picture = Image.new("RGB", (40, 40), (80, 80, 80))
    picture.paste((160, 160, 160), (20, 0, 40, 40))
    return picture


def test_levels_stretch_the_tones_by_a_bounded_amount(save: Save, rendered: Run, ramp: Image.Image) -> None:
    low, high = result(rendered(save(ramp, "PNG"), {"format": "png", "levels": True})).convert("L").getextrema()
    assert low == pytest.approx(25, abs=6)
    assert high == 255


def test_levels_do_not_change_a_flat_picture(save: Save, rendered: Run) -> None:
    source = save(Image.new("RGB", (30, 30), (200, 30, 60)), "PNG")
    assert pixel(result(rendered(source, {"format": "png", "levels": True})), 5, 5) == (200, 30, 60)


def test_sharpen_makes_edges_steeper_and_keeps_flat_areas(save: Save, rendered: Run, edge: Image.Image) -> None:
    sharp = result(rendered(save(edge, "PNG"), {"format": "png", "sharpen": 2.0}))
    assert pixel(sharp, 19, 20)[0] < 75
    assert pixel(sharp, 20, 20)[0] > 165
    assert pixel(sharp, 5, 20) == (80, 80, 80)


def test_blur_makes_edges_softer(save: Save, rendered: Run, edge: Image.Image) -> None:
    soft = result(rendered(save(edge, "PNG"), {"format": "png", "blur": 3.0}))
    assert 85 < pixel(soft, 19, 20)[0] < 125


def test_denoise_removes_a_hot_pixel_and_keeps_edges(save: Save, rendered: Run, edge: Image.Image) -> None:
    edge.putpixel((8, 20), (255, 255, 255))
    calm = result(rendered(save(edge, "PNG"), {"format": "png", "denoise": 1}))
    assert pixel(calm, 8, 20) == (80, 80, 80)
    assert pixel(calm, 20, 20)[0] - pixel(calm, 19, 20)[0] == 80


def test_saturation_of_0_gives_grey_and_above_1_stronger_colours(save: Save, rendered: Run) -> None:
    source = save(Image.new("RGB", (10, 10), (150, 100, 90)), "PNG")
    rendition = rendered(source, {"format": "png", "saturation": 0}, {"format": "png", "saturation": 1.5})
    red, green, blue = pixel(result(rendition, 0).convert("RGB"), 5, 5)
    assert max(red, green, blue) - min(red, green, blue) <= 1
    assert pixel(result(rendition, 1), 5, 5)[0] > 150


def test_white_balance_removes_a_colour_cast(save: Save, rendered: Run, ramp: Image.Image) -> None:
    red, green, blue = ramp.split()
    cast = Image.merge("RGB", (red, green, blue.point(lambda value: value * 0.8)))
    means = ImageStat.Stat(result(rendered(save(cast, "PNG"), {"format": "png", "white_balance": True}))).mean
    assert max(means) - min(means) < 2


def test_pad_fills_the_box_with_the_background_or_with_transparency(
    save: Save, rendered: Run, quarters: Image.Image
) -> None:
    source = save(quarters, "PNG")
    rendition = rendered(
        source,
        {"box": 100, "pad": True, "format": "jpeg", "background": "#00ffff"},
        {"box": 100, "pad": True, "format": "png"},
    )
    assert result(rendition, 0).size == result(rendition, 1).size == (100, 100)
    assert pixel(result(rendition, 0), 50, 5)[0] < 20
    assert pixel(result(rendition, 1), 50, 5)[3] == 0
    assert pixel(result(rendition, 1), 30, 40)[:3] == (255, 0, 0)


@pytest.mark.parametrize(
    ("gravity", "colour"), [("west", (255, 0, 0)), ("east", (0, 255, 0)), ("north-east", (0, 255, 0))]
)
def test_cover_keeps_the_part_that_gravity_names(
    save: Save, rendered: Run, quarters: Image.Image, gravity: str, colour: tuple[int, int, int]
) -> None:
    asked = {"box": 40, "fit": "cover", "gravity": gravity, "format": "png"}
    picture = result(rendered(save(quarters, "PNG"), asked))
    assert picture.size == (40, 40)
    assert pixel(picture, 20, 5) == colour


@pytest.mark.parametrize("gravity", ["attention", "entropy"])
def test_a_smart_crop_keeps_the_part_with_detail(save: Save, rendered: Run, gravity: str) -> None:
    picture = Image.new("RGB", (300, 100), (128, 128, 128))
    for x in range(210, 290, 4):
        picture.paste((255, 40, 0), (x, 10, x + 2, 90))
    actual = result(rendered(save(picture, "PNG"), {"box": 100, "fit": "cover", "gravity": gravity, "format": "png"}))
    assert ImageStat.Stat(actual).mean[0] > 140


def test_a_smart_crop_is_the_same_in_every_frame_of_an_animation(save: Save, rendered: Run) -> None:
    frames = [Image.new("RGB", (300, 100), (128, 128, 128)) for _ in range(2)]
    frames[0].paste((255, 40, 0), (230, 20, 280, 80))
    frames[1].paste((255, 40, 0), (20, 20, 70, 80))
    # Another shade, because WebP merges two equal frames into one frame.
    frames[1].paste((255, 60, 0), (230, 20, 280, 80))
    source = save(frames[0], "GIF", save_all=True, append_images=frames[1:])
    asked = {"box": 100, "fit": "cover", "gravity": "attention", "format": "webp", "lossless": True}
    with Image.open(rendered(source, asked).variants[0].path) as moving:
        first = moving.convert("RGB")
        moving.seek(1)
        assert ImageStat.Stat(moving.convert("RGB")).mean == pytest.approx(ImageStat.Stat(first).mean, abs=8)


def test_text_and_picture_watermarks_lie_at_their_positions(save: Save, rendered: Run) -> None:
    file = io.BytesIO()
    Image.new("RGB", (10, 10), (255, 0, 0)).save(file, "PNG")
    uri = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    source = save(Image.new("RGB", (200, 200), (0, 0, 0)), "PNG")
    rendition = rendered(
        source,
        {"format": "png", "watermark": {"image": uri, "position": "north-west", "opacity": 0.5, "margin": 0}},
        {"format": "png", "watermark": {"text": "Pixelfleet", "position": "south", "opacity": 1, "width": 0.8}},
    )
    assert pixel(result(rendition, 0), 20, 20)[0] == pytest.approx(128, abs=2)
    assert pixel(result(rendition, 0), 60, 60) == (0, 0, 0)
    text = result(rendition, 1)
    assert ImageStat.Stat(text.crop((20, 150, 180, 200))).mean[0] > 20
    assert ImageStat.Stat(text.crop((0, 0, 200, 100))).mean[0] == 0


def test_a_damaged_watermark_is_the_recipes_fault(save: Save, rendered: Run) -> None:
    uri = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\nnonsense").decode()
    with pytest.raises(PermanentError) as caught:
        rendered(save(Image.new("RGB", (20, 20)), "PNG"), {"watermark": {"image": uri}})
    assert caught.value.cause is Cause.RECIPE_UNFIT


def test_steps_do_not_change_alpha(save: Save, rendered: Run) -> None:
    picture = Image.new("RGBA", (40, 40), (90, 120, 60, 77))
    every = {"levels": True, "sharpen": 1.0, "saturation": 1.4, "white_balance": True, "format": "png"}
    assert result(rendered(save(picture, "PNG"), every)).getchannel("A").getextrema() == (77, 77)


@pytest.mark.parametrize(
    "step",
    [
        {"levels": True},
        {"sharpen": 1.0},
        {"blur": 1.0},
        {"denoise": 1},
        {"saturation": 0.5},
        {"white_balance": True},
        {"pad": True, "box": 50, "background": "#ff0000"},
        {"watermark": {"text": "x"}},
        {"background": "#ff0000"},
    ],
)
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (1, 30), (30, 20)])
def test_every_step_accepts_every_kind_of_image(
    save: Save, rendered: Run, step: dict[str, object], mode: str, size: tuple[int, int]
) -> None:
    picture = Image.new("RGBA", size, (200, 120, 60, 128)).convert(mode)
    for name in ("jpeg", "webp"):
        variant = rendered(save(picture, "PNG"), {"format": name, **step}).variants[0]
        with Image.open(variant.path) as opened:
            assert opened.size == (variant.width, variant.height)


def test_tiles_are_a_deep_zoom_pyramid_with_a_manifest(save: Save, rendered: Run) -> None:
    source = save(Image.effect_noise((700, 500), 50), "PNG")
    asked = {"tiles": {"size": 256, "overlap": 0}, "format": "webp"}
    once, twice = rendered(source, asked).variants[0], rendered(source, asked).variants[0]
    assert once.tiles is not None
    tiles = [path for path in once.tiles.rglob("*") if path.is_file()]
    assert once.files == len(tiles) + 1
    assert once.bytes == sum(path.stat().st_size for path in [*tiles, once.path])
    assert (once.width, once.height, once.content_type) == (700, 500, "application/xml")
    assert once.manifest == twice.manifest
    assert '"700"' in once.path.read_text()
    with Image.open(once.tiles / "10" / "2_1.webp") as corner:
        assert corner.size == (700 - 512, 500 - 256)
