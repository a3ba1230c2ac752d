"""`encoder = "jpegli"`: the same head, colours and rules as with libjpeg, by another encoder."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from pixelfleet.errors import Cause, PermanentError, RecipeError
from pixelfleet.images import jpegli
from pixelfleet.images.pipeline import Rendition
from pixelfleet.recipes import needed_extras, parse
from pixelfleet.samples.profile import wide_profile
from pixelfleet.samples.scene import scene
from tests.colour.quarters import differences, middles, picture

Save = Callable[..., Path]
Run = Callable[..., Rendition]

JPEGLI: dict[str, Any] = {"format": "jpeg", "encoder": "jpegli"}
QUARTERS = [(255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255), (200, 200, 200, 255)]


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return scene((320, 240), "forest", "jpegli")


def segments(path: Path) -> list[tuple[int, bytes]]:
    """The segments before the first scan."""
    content, at, listed = path.read_bytes(), 2, []
    while content[at + 1] != 0xDA:
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        listed.append((content[at + 1], content[at + 4 : at + 2 + length]))
        at += 2 + length
    return listed


def head(path: Path) -> list[tuple[int, bytes]]:
    return [segment for segment in segments(path) if 0xE0 <= segment[0] <= 0xEF or segment[0] == 0xFE]


def test_a_picture_is_smaller_than_by_libjpeg_at_one_setting_and_looks_alike(
    save: Save, rendered: Run, photo: Image.Image
) -> None:
    source = save(photo, "PNG")
    [ours], [other] = (rendered(source, fields).variants for fields in ({"format": "jpeg"}, JPEGLI))
    assert other.bytes < ours.bytes
    with Image.open(other.path) as shown:
        assert (shown.size, shown.mode, shown.info["progressive"]) == (photo.size, "RGB", 1)
        difference = ImageChops.difference(shown.convert("L"), photo.convert("L"))
        assert max(difference.resize((8, 6), Image.Resampling.BOX).tobytes()) <= 4


@pytest.mark.parametrize("kept", [{}, {"icc": "keep"}, {"metadata": "keep"}, {"metadata": "copyright", "icc": "keep"}])
def test_density_profile_and_metadata_are_those_of_libjpegs_file(
    save: Save, rendered: Run, photo: Image.Image, kept: dict[str, Any]
) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x8298] = 6, "Maker", "(c) Ana"
    exif.get_ifd(0x8825)[1] = "N"
    source = save(photo, "JPEG", exif=exif, icc_profile=wide_profile(), dpi=(300, 300), xmp=b"<x:xmpmeta/>")
    [ours], [other] = (rendered(source, fields | kept).variants for fields in ({"format": "jpeg"}, JPEGLI))
    assert head(other.path) == head(ours.path)
    with Image.open(other.path) as shown:
        assert shown.size == (240, 320)


@pytest.mark.parametrize("quality", [80, 95])
@pytest.mark.parametrize("progressive", [True, False])
def test_colours_are_right_and_the_colours_resolution_is_that_of_libjpeg(
    save: Save, rendered: Run, quality: int, *, progressive: bool
) -> None:
    fields = {"quality": quality, "progressive": progressive}
    source = save(picture(tuple(colour[:3] for colour in QUARTERS)), "PNG")
    [ours], [other] = (rendered(source, one | fields).variants for one in ({"format": "jpeg"}, JPEGLI))
    frames = [next(data for kind, data in segments(one.path) if kind in (0xC0, 0xC2)) for one in (ours, other)]
    # Number, sampling factors and size of the components; the tables that they use may differ.
    assert [frames[0][:6], frames[0][7], frames[0][10]] == [frames[1][:6], frames[1][7], frames[1][10]]
    assert [kind for kind, _ in segments(other.path) if kind in (0xC0, 0xC2)] == [0xC2 if progressive else 0xC0]
    with Image.open(other.path) as shown:
        assert not differences(middles(shown), QUARTERS, 6)


def test_grey_stays_grey(save: Save, rendered: Run, photo: Image.Image) -> None:
    [variant] = rendered(save(photo.convert("L"), "PNG"), JPEGLI).variants
    with Image.open(variant.path) as shown:
        assert shown.mode == "L"


@pytest.mark.parametrize("icc", ["strip", "keep"])
def test_ink_and_transparent_parts_become_rgb(save: Save, rendered: Run, photo: Image.Image, icc: str) -> None:
    clear = photo.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    for source in (save(photo.convert("CMYK"), "JPEG"), save(clear, "PNG")):
        [variant] = rendered(source, JPEGLI | {"icc": icc}).variants
        with Image.open(variant.path) as shown:
            assert shown.mode == "RGB"


def test_a_picture_that_is_never_in_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch, save: Save, rendered: Run, photo: Image.Image
) -> None:
    monkeypatch.setattr(jpegli, "MEMORY_PIXELS", 1_000)
    with pytest.raises(PermanentError, match="give the variant a box"):
        rendered(save(photo, "PNG"), JPEGLI)


def test_a_target_and_never_larger_work_with_it(save: Save, rendered: Run, photo: Image.Image) -> None:
    source = save(photo, "PNG")
    aim = {"quality": {"target": 0.95, "min": 1, "max": 100}}
    [aimed] = rendered(source, JPEGLI | aim).variants
    assert aimed.ssim is not None
    assert aimed.ssim >= 0.95
    [fixed] = rendered(source, JPEGLI | {"quality": aimed.quality}).variants
    assert aimed.path.read_bytes() == fixed.path.read_bytes()
    small = save(photo, "JPEG", quality=30)
    [kept] = rendered(small, JPEGLI | {"quality": 95, "never_larger": True}).variants
    with Image.open(kept.path) as shown, Image.open(small) as original:
        assert shown.tobytes() == original.tobytes()


def test_without_the_extra_the_image_fails_and_the_message_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, save: Save, rendered: Run, photo: Image.Image
) -> None:
    jpegli._libraries.cache_clear()
    monkeypatch.setitem(sys.modules, "ajpegli", None)
    with pytest.raises(PermanentError, match=r"pip install 'pixelfleet\[jpegli\]'") as error:
        rendered(save(photo, "PNG"), JPEGLI)
    assert error.value.cause is Cause.RECIPE_UNFIT
    jpegli._libraries.cache_clear()


def test_the_encoder_is_part_of_the_recipe_and_its_default_is_not() -> None:
    head = 'name = "small"\n[[variants]]\nname = "a"\nformat = "jpeg"\n'
    recipe = parse(head + 'encoder = "jpegli"\n', "x")
    assert needed_extras(recipe) == {"jpegli": "encodes by jpegli"}
    again = parse(recipe.to_text(), "again")
    assert (again, again.digest) == (recipe, recipe.digest)
    assert parse(head + 'encoder = "libjpeg"\n', "y").digest == parse(head, "z").digest != recipe.digest
    assert needed_extras(parse(head, "z")) == {}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ('format = "png"', "encoder = 'jpegli' needs format auto or jpeg"),
        ('format = "jpeg"\ntiles = {}', "tiles are written by libjpeg: remove encoder"),
        ('format = "jpeg"\nhdr = "keep"', "a gain map is written with libjpeg: remove encoder or hdr"),
    ],
)
def test_jpegli_is_refused_where_it_writes_nothing(fields: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse(f'name = "small"\n[[variants]]\nname = "a"\nencoder = "jpegli"\n{fields}\n', "x")
