"""The output of the engine, opened by another library than the library that wrote the files."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from PIL.ExifTags import Base

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.pipeline import RenderedVariant, Rendition
from pixelfleet.samples import broken
from pixelfleet.samples.profile import wide_profile

Save = Callable[..., Path]
Run = Callable[..., Rendition]


def opened(variant: RenderedVariant) -> Image.Image:
    picture = Image.open(variant.path)
    picture.load()
    return picture


def close(left: tuple[int, ...], right: tuple[int, ...], tolerance: int = 12) -> bool:
    return all(abs(one - other) <= tolerance for one, other in zip(left, right, strict=True))


def at(picture: Image.Image, x: float, y: float) -> tuple[int, ...]:
    pixel = picture.convert("RGB").getpixel((int(x * picture.width), int(y * picture.height)))
    assert isinstance(pixel, tuple)
    return tuple(int(value) for value in pixel)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_of_every_orientation_is_displayed_upright(
    save: Save, rendered: Run, quarters: Image.Image, orientation: int
) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    source = save(quarters, "JPEG", exif=exif, quality=95, subsampling=0)
    upright = ImageOps.exif_transpose(Image.open(source))
    [variant] = rendered(source, {"format": "png", "box": 40}).variants
    result = opened(variant)
    assert result.size == (variant.width, variant.height)
    for x, y in ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)):
        assert close(at(result, x, y), at(upright, x, y))
    assert Base.Orientation not in result.getexif()


def test_a_copy_has_the_unchanged_bytes(save: Save, rendered: Run, quarters: Image.Image) -> None:
    source = save(quarters, "PNG")
    [variant] = rendered(source, {"copy": True}).variants
    assert variant.path.read_bytes() == source.read_bytes()
    assert (variant.path.suffix, variant.content_type) == (".png", "image/png")


def test_auto_is_jpeg_for_an_opaque_image_and_webp_for_a_transparent_image(save: Save, rendered: Run) -> None:
    opaque = rendered(save(Image.new("RGBA", (20, 20), (9, 9, 9, 255)), "PNG"), {}).variants[0]
    clear = rendered(save(Image.new("RGBA", (20, 20), (9, 9, 9, 100)), "PNG"), {}).variants[0]
    assert (opaque.format, clear.format) == ("jpeg", "webp")
    assert opened(clear).mode == "RGBA"


def test_the_jpeg_of_a_transparent_image_has_a_white_or_a_chosen_background(save: Save, rendered: Run) -> None:
    source = save(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG")
    white, red = rendered(source, {"format": "jpeg"}, {"format": "jpeg", "background": "#ff0000"}).variants
    assert close(at(opened(white), 0.5, 0.5), (255, 255, 255))
    assert close(at(opened(red), 0.5, 0.5), (255, 0, 0))


def test_an_animation_stays_animated_in_webp_and_becomes_its_first_frame_in_jpeg(save: Save, rendered: Run) -> None:
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "lime", "blue")]
    source = save(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=[100, 200, 300], loop=0)
    moving, still = rendered(source, {"box": 15}, {"format": "jpeg"}).variants
    result = Image.open(moving.path)
    assert (moving.format, moving.frames, getattr(result, "n_frames", 1), result.size) == ("webp", 3, 3, (15, 10))
    result.seek(2)
    result.load()
    assert result.info["duration"] == 300
    assert close(at(result, 0.5, 0.5), (0, 0, 255), 30)
    assert close(at(opened(still), 0.5, 0.5), (255, 0, 0), 30)


def test_metadata_is_stripped_by_default_and_keep_strips_only_the_place(tmp_path: Path, rendered: Run) -> None:
    source = tmp_path / "camera.jpg"
    exif = Image.Exif()
    exif[Base.Model] = "Sample 1"
    exif.get_ifd(Base.GPSInfo).update({1: "N", 2: (53.0, 32.0, 30.0), 3: "E", 4: (9.0, 58.0, 0.0)})
    Image.new("RGB", (40, 30)).save(source, "JPEG", exif=exif)
    bare, kept = rendered(source, {"format": "jpeg"}, {"format": "jpeg", "metadata": "keep"}).variants
    assert not opened(bare).getexif()
    assert opened(kept).getexif()[Base.Model] == "Sample 1"
    assert not opened(kept).getexif().get_ifd(Base.GPSInfo)
    [whole] = rendered(source, {"format": "jpeg", "metadata": "keep"}, keep_gps=True).variants
    assert opened(whole).getexif().get_ifd(Base.GPSInfo)[1] == "N"


def test_cmyk_becomes_srgb(save: Save, rendered: Run) -> None:
    source = save(Image.new("CMYK", (20, 20), (0, 255, 255, 0)), "JPEG", quality=95)
    [variant] = rendered(source, {}).variants
    red, green, blue = at(opened(variant), 0.5, 0.5)
    assert opened(variant).mode == "RGB"
    assert red > 180
    assert green < 90
    assert blue < 90


def test_a_wide_profile_is_applied_and_dropped(save: Save, rendered: Run) -> None:
    picture = Image.new("RGB", (20, 20), (200, 60, 60))
    [plain] = rendered(save(picture, "PNG"), {"format": "png"}).variants
    [wide] = rendered(save(picture, "PNG", icc_profile=wide_profile()), {"format": "png"}).variants
    assert at(opened(plain), 0.5, 0.5) == (200, 60, 60)
    assert at(opened(wide), 0.5, 0.5)[0] > 215
    assert "icc_profile" not in opened(wide).info


def test_sixteen_bits_become_eight(save: Save, rendered: Run) -> None:
    [variant] = rendered(save(Image.new("I;16", (20, 20), 32_896), "PNG"), {"format": "png"}).variants
    assert at(opened(variant), 0.5, 0.5) == (128, 128, 128)


def test_a_variant_shows_a_page_of_a_document_and_a_missing_page_is_refused(save: Save, rendered: Run) -> None:
    pages = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime")]
    source = save(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    first, second = rendered(source, {"format": "png"}, {"format": "png", "page": 2}).variants
    assert (at(opened(first), 0.5, 0.5), at(opened(second), 0.5, 0.5)) == ((255, 0, 0), (0, 255, 0))
    with pytest.raises(PermanentError, match="shows page 3, but the image has 2") as caught:
        rendered(source, {"page": 3})
    assert caught.value.cause is Cause.PAGE_MISSING


def test_each_page_has_its_own_size(save: Save, rendered: Run) -> None:
    pages = [Image.new("RGB", (20, 20), "red"), Image.new("RGB", (300, 100), "lime")]
    source = save(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    first, second = rendered(source, {"format": "png"}, {"format": "png", "page": 2, "box": 150}).variants
    assert (opened(first).size, opened(second).size) == ((20, 20), (150, 50))


def test_a_huge_page_after_a_small_page_is_refused(tmp_path: Path, rendered: Run) -> None:
    small, huge = tmp_path / "a.tif", tmp_path / "b.tif"
    pages = [Image.new("1", (20, 20)), Image.new("1", (21, 20))]
    pages[0].save(small, "TIFF", save_all=True, append_images=pages[1:])
    # Width and height of the second page are overwritten in its directory: tags 256 and 257.
    content = bytearray(small.read_bytes())
    at = content.rindex(struct.pack("<HHII", 256, 4, 1, 21))
    for tag in (256, 257):
        struct.pack_into("<HHII", content, at + 12 * (tag - 256), tag, 4, 1, 60_000)
    huge.write_bytes(bytes(content))
    with pytest.raises(PermanentError) as caught:
        rendered(huge, {"page": 2})
    assert caught.value.cause is Cause.TOO_MANY_PIXELS


def test_a_truncated_jpeg_is_refused_as_truncated_unless_the_recipe_accepts_it(tmp_path: Path, rendered: Run) -> None:
    source = tmp_path / "t.jpg"
    source.write_bytes(broken.truncated_jpeg())
    with pytest.raises(PermanentError) as caught:
        rendered(source, {})
    assert caught.value.cause is Cause.TRUNCATED
    assert rendered(source, {}, accept_truncated=True).variants[0].width == 900


def test_a_truncated_png_is_refused_as_truncated(tmp_path: Path, rendered: Run) -> None:
    source = tmp_path / "t.png"
    source.write_bytes(broken.truncated_png())
    with pytest.raises(PermanentError) as caught:
        rendered(source, {})
    assert caught.value.cause is Cause.TRUNCATED


def test_the_same_source_and_recipe_give_the_same_bytes(save: Save, rendered: Run, quarters: Image.Image) -> None:
    source = save(quarters, "PNG")
    asked = [{"format": name, "box": 31, "sharpen": 1.0, "levels": True} for name in ("jpeg", "webp", "png", "tiff")]
    once, twice = rendered(source, *asked), rendered(source, *asked)
    assert [v.path.read_bytes() for v in once.variants] == [v.path.read_bytes() for v in twice.variants]
    assert once.placeholder == twice.placeholder


def test_an_image_of_one_pixel_is_rendered(save: Save, rendered: Run) -> None:
    rendition = rendered(save(Image.new("RGB", (1, 1), "red"), "PNG"), {"levels": True, "sharpen": 1.0, "box": 10})
    assert (rendition.variants[0].width, rendition.dominant_colour) == (1, "#ff0000")
