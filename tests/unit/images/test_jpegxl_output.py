"""`format = "jxl"`: colours, alpha, metadata and the rules of its recipe; libjxl's own decoder reads the files back."""

import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyjpegxl
import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError, RecipeError
from pixelfleet.images import jpegxl_output
from pixelfleet.images.jpegxl_output import distance_of
from pixelfleet.images.pipeline import Rendition
from pixelfleet.recipes import needed_extras, parse
from pixelfleet.samples.profile import wide_profile
from pixelfleet.samples.scene import scene
from tests.colour.quarters import QUARTERS, differences, middles, picture

Save = Callable[..., Path]
Run = Callable[..., Rendition]

JXL: dict[str, Any] = {"format": "jxl"}
EXPECTED = [(*colour, 255) for colour in QUARTERS]


def boxes(content: bytes) -> dict[bytes, bytes]:
    """The boxes of a container (ISO/IEC 18181-2); of a codestream alone, the codestream."""
    if content.startswith(b"\xff\x0a"):
        return {b"jxlc": content}
    found, at = {}, 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        found[content[at + 4 : at + 8]] = content[at + 8 : at + size]
        at += size
    return found


def shown(path: Path) -> Image.Image:
    """The picture by djxl where it is installed (Debian's libjxl-tools), else by the package that wrote the file."""
    if shutil.which("djxl"):
        out = path.with_suffix(".djxl.png")
        subprocess.run(["djxl", str(path), str(out)], check=True, capture_output=True, timeout=60)
        with Image.open(io.BytesIO(out.read_bytes())) as opened:
            opened.load()
            return opened
    meta, pixels = pyjpegxl.decode_to_numpy(path.read_bytes())
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[meta.num_color_channels + meta.has_alpha]
    return Image.frombytes(mode, (meta.width, meta.height), pixels.tobytes())


@pytest.mark.parametrize("fields", [{}, {"quality": 95}, {"lossless": True}, {"effort": 0}, {"effort": 6}])
def test_colours_are_right(save: Save, rendered: Run, fields: dict[str, Any]) -> None:
    [variant] = rendered(save(picture(), "PNG"), JXL | fields).variants
    assert (variant.path.suffix, variant.content_type, variant.format) == (".jxl", "image/jxl", "jxl")
    assert not differences(middles(shown(variant.path)), EXPECTED, 0 if "lossless" in fields else 4)


def test_another_profile_is_converted_to_srgb(save: Save, rendered: Run, photo: Image.Image) -> None:
    source = save(photo, "JPEG", icc_profile=wide_profile(), quality=95)
    [png], [variant] = (rendered(source, fields).variants for fields in ({"format": "png"}, JXL | {"lossless": True}))
    with Image.open(png.path) as expected:
        assert shown(variant.path).convert("RGB").tobytes() == expected.tobytes()


def test_grey_and_transparent_parts_stay(save: Save, rendered: Run, photo: Image.Image) -> None:
    clear = photo.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    exact = JXL | {"lossless": True}
    [grey] = rendered(save(photo.convert("L"), "PNG"), exact).variants
    assert shown(grey.path).convert("L").tobytes() == photo.convert("L").tobytes()
    [made] = rendered(save(clear, "PNG"), exact).variants
    assert shown(made.path).getchannel("A").tobytes() == clear.getchannel("A").tobytes()


@pytest.fixture
def photo() -> Image.Image:
    return scene((160, 120), "forest", "xl")


def test_metadata_follows_the_recipe_and_nothing_else_is_in_the_file(
    save: Save, rendered: Run, photo: Image.Image
) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x8298] = 6, "Maker", "(c) Ana"
    exif.get_ifd(0x8825)[1] = "N"
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:source>archive</dc:source>'
        b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    source = save(photo, "JPEG", exif=exif, xmp=xmp, dpi=(300, 300))
    made = {one: rendered(source, JXL | {"metadata": one}).variants[0].path for one in ("strip", "copyright", "keep")}
    stripped, rights, kept = (boxes(path.read_bytes()) for path in made.values())
    assert stripped.keys() == {b"jxlc"}
    assert rights.keys() == {b"JXL ", b"ftyp", b"Exif", b"jxlc"}
    assert b"Maker" not in rights[b"Exif"]
    assert kept.keys() == {b"JXL ", b"ftyp", b"Exif", b"xml ", b"jxlc"}
    assert b"archive" in kept[b"xml "]
    # ISO/IEC 18181-2, 9.4: the offset of the TIFF header, and then the TIFF structure.
    assert kept[b"Exif"][:8] in (b"\0\0\0\0II*\0", b"\0\0\0\0MM\0*")
    read = Image.Exif()
    read.load(kept[b"Exif"][4:])
    assert (read[0x010F], read[0x8298], read[0x0112], read[0x011A]) == ("Maker", "(c) Ana", 1, 300)
    assert not read.get_ifd(0x8825)
    assert shown(made["keep"]).size == (120, 160)


def test_metadata_stays_where_a_side_is_longer_than_those_of_jpeg(save: Save, rendered: Run) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x8298] = "Maker", "(c) Ana"
    source = save(Image.new("RGB", (65_600, 2), "red"), "PNG", exif=exif)
    [kept] = rendered(source, JXL | {"metadata": "keep"}).variants
    read = Image.Exif()
    read.load(boxes(kept.path.read_bytes())[b"Exif"][4:])
    assert (read[0x010F], read[0x8298]) == ("Maker", "(c) Ana")
    # EXIF 2.32, 4.6.5: PixelXDimension and PixelYDimension.
    details = read.get_ifd(0x8769)
    assert (details[0xA002], details[0xA003]) == (kept.width, kept.height) == (65_600, 2)


def test_the_same_source_gives_the_same_bytes_and_a_list_gives_each_format(
    save: Save, rendered: Run, photo: Image.Image
) -> None:
    source = save(photo, "PNG")
    [one] = rendered(source, JXL).variants
    listed = rendered(source, {"format": ["jxl", "webp", "jpeg"]}).variants
    assert [variant.format for variant in listed] == ["jxl", "webp", "jpeg"]
    assert one.path.read_bytes() == listed[0].path.read_bytes()


def test_a_lower_quality_has_fewer_bytes_and_its_distance_is_that_of_libjxl(
    save: Save, rendered: Run, photo: Image.Image
) -> None:
    source = save(photo, "PNG")
    sizes = [rendered(source, JXL | {"quality": quality}).variants[0].bytes for quality in (1, 20, 60, 90, 100)]
    assert sizes == sorted(sizes)
    assert [distance_of(quality) for quality in (100, 90, 30, 1)] == pytest.approx([0, 1, 6.4, 15])


def test_a_picture_that_is_never_in_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch, save: Save, rendered: Run, photo: Image.Image
) -> None:
    monkeypatch.setattr(jpegxl_output, "MEMORY_PIXELS", 1_000)
    with pytest.raises(PermanentError, match="a box or another format"):
        rendered(save(photo, "PNG"), JXL)


def test_without_the_extra_the_image_fails_and_the_message_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, save: Save, rendered: Run, photo: Image.Image
) -> None:
    jpegxl_output._libraries.cache_clear()
    monkeypatch.setitem(sys.modules, "pyjpegxl", None)
    with pytest.raises(PermanentError, match=r"pip install 'pixelfleet\[jxl\]'") as error:
        rendered(save(photo, "PNG"), JXL)
    assert error.value.cause is Cause.RECIPE_UNFIT
    jpegxl_output._libraries.cache_clear()


def test_the_recipe_names_its_extra_and_refuses_what_the_library_cannot_write() -> None:
    head = 'name = "small"\n[[variants]]\nname = "a"\nformat = ["jxl", "jpeg"]\n'
    recipe = parse(head, "x")
    assert needed_extras(recipe) == {"jxl": "writes JPEG XL"}
    assert parse(recipe.to_text(), "again") == recipe
    for fields, message in (
        ('icc = "keep"', "JPEG XL is written in sRGB alone"),
        ("quality = { target = 0.9 }\nlossless = true", "has no meaning with lossless"),
        ("depth = 16", "depth = 16 needs format png, tiff or avif"),
    ):
        with pytest.raises(RecipeError, match=message):
            parse(f"{head}{fields}\n", "y")
