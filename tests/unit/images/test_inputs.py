"""Every format that the engine reads, in unusual forms, written by Pillow, by libvips or by hand."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyvips
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.pipeline import Rendition

Save = Callable[..., Path]
Run = Callable[..., Rendition]
FIXTURES = Path(__file__).parents[2] / "fixtures" / "images"
QUARTERS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]


def colours(rendition: Rendition) -> list[tuple[int, int, int]]:
    """The colours in the middle of the four quarters of the first variant."""
    with Image.open(rendition.variants[0].path) as opened:
        picture = opened.convert("RGB")
    actual = []
    for y in (0.25, 0.75):
        for x in (0.25, 0.75):
            pixel = picture.getpixel((int(x * picture.width), int(y * picture.height)))
            assert isinstance(pixel, tuple)
            actual.append((int(pixel[0]), int(pixel[1]), int(pixel[2])))
    return actual


def assert_quarters(rendition: Rendition, tolerance: int = 10) -> None:
    for actual, expected in zip(colours(rendition), QUARTERS, strict=True):
        assert all(abs(one - other) <= tolerance for one, other in zip(actual, expected, strict=True)), (
            actual,
            expected,
        )


def vips(quarters: Image.Image) -> Any:
    raw = pyvips.Image.new_from_memory(quarters.tobytes(), quarters.width, quarters.height, 3, "uchar")
    return raw.copy(interpretation="srgb")


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}),
        ("JPEG", {"quality": 95, "subsampling": 0, "progressive": True}),
        ("PNG", {}),
        ("GIF", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"quality": 95}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"big_tiff": True}),
        ("AVIF", {"quality": 95}),
        ("JPEG2000", {}),
        ("BMP", {}),
        ("TGA", {}),
        ("TGA", {"compression": "tga_rle"}),
        ("PPM", {}),
        ("SGI", {}),
        ("DDS", {}),
        ("PCX", {}),
        ("QOI", {}),
        ("ICNS", {}),
    ],
)
def test_a_picture_in_any_format_has_the_right_colours(
    save: Save, rendered: Run, quarters: Image.Image, code: str, options: dict[str, Any]
) -> None:
    picture = quarters.resize((128, 128), Image.Resampling.NEAREST) if code == "ICNS" else quarters
    assert_quarters(rendered(save(picture, code, **options), {"format": "png"}))


@pytest.mark.parametrize(
    "options",
    [{"tile": True, "tile_width": 16, "tile_height": 16}, {"bigtiff": True}, {"compression": "jpeg", "Q": 95}],
)
def test_tiff_may_be_tiled_or_big_or_hold_jpeg(
    tmp_path: Path, rendered: Run, quarters: Image.Image, options: dict[str, Any]
) -> None:
    vips(quarters).tiffsave(str(tmp_path / "a.tif"), **options)
    assert_quarters(rendered(tmp_path / "a.tif", {"format": "png"}), 40)


@pytest.mark.parametrize("space", ["lab", "cmyk", "rgb16", "scrgb"])
def test_tiff_may_hold_other_colour_spaces(tmp_path: Path, rendered: Run, quarters: Image.Image, space: str) -> None:
    # A colour that ink can show; the colours of the quarters are outside the gamut of CMYK.
    grey = vips(Image.new("RGB", (40, 40), (128, 120, 110)))
    grey.colourspace(space).tiffsave(str(tmp_path / "a.tif"))
    for actual in colours(rendered(tmp_path / "a.tif", {"format": "png"})):
        assert all(abs(one - other) <= 12 for one, other in zip(actual, (128, 120, 110), strict=True)), actual


def test_the_samples_of_a_float_tiff_range_from_0_to_1(save: Save, rendered: Run) -> None:
    picture = Image.new("F", (20, 20), 0.5)
    for actual in colours(rendered(save(picture, "TIFF"), {"format": "png"})):
        assert abs(actual[0] - 128) <= 2


def test_a_tiff_of_many_bands_shows_its_first_three_bands(tmp_path: Path, rendered: Run) -> None:
    bands = pyvips.Image.black(30, 30, bands=7).linear(1, [200, 100, 50, 1, 2, 3, 4], uchar=True)
    bands.copy(interpretation="multiband").tiffsave(str(tmp_path / "a.tif"))
    assert colours(rendered(tmp_path / "a.tif", {"format": "png"})) == [(200, 100, 50)] * 4


@pytest.mark.parametrize(("mode", "bits"), [("1", 1), ("P", 1), ("P", 2), ("P", 4), ("L", 8), ("LA", 8), ("I;16", 16)])
def test_png_of_every_depth_is_read(save: Save, rendered: Run, mode: str, bits: int) -> None:
    picture = Image.new("L", (16, 16), 255).convert(mode) if mode != "I;16" else Image.new("I;16", (16, 16), 65_535)
    picture = Image.new("RGB", (16, 16), "white").quantize(2) if mode == "P" else picture
    options = {"bits": bits} if mode == "P" else {}
    assert colours(rendered(save(picture, "PNG", **options), {"format": "png"})) == [(255, 255, 255)] * 4


def test_an_interlaced_png_is_read(tmp_path: Path, rendered: Run, quarters: Image.Image) -> None:
    vips(quarters).pngsave(str(tmp_path / "a.png"), interlace=True)
    assert_quarters(rendered(tmp_path / "a.png", {"format": "png"}))


def test_an_animated_png_shows_its_first_frame(save: Save, rendered: Run, quarters: Image.Image) -> None:
    source = save(quarters, "PNG", save_all=True, append_images=[Image.new("RGB", quarters.size)])
    assert_quarters(rendered(source, {"format": "png"}))


def test_an_icon_shows_its_largest_picture(save: Save, rendered: Run) -> None:
    source = save(Image.new("RGBA", (64, 64), (0, 90, 200, 255)), "ICO", sizes=[(16, 16), (64, 64)])
    rendition = rendered(source, {"format": "png"})
    assert rendition.variants[0].width == 64
    assert colours(rendition) == [(0, 90, 200)] * 4


def test_the_bitmaps_of_x11_are_read(tmp_path: Path, save: Save, rendered: Run) -> None:
    # Pillow sets a bit for white; in X11 a bit that is set is black.
    assert colours(rendered(save(Image.new("1", (16, 16), 1), "XBM"), {"format": "png"})) == [(0, 0, 0)] * 4
    rows = ",\n".join(['"aabb"'] * 4)
    (tmp_path / "a.xpm").write_text(
        f'/* XPM */\nstatic char *a[] = {{\n"4 4 2 1",\n"a c #ff0000",\n"b c #0000ff",\n{rows}}};\n'
    )
    assert colours(rendered(tmp_path / "a.xpm", {"format": "png"})) == [(255, 0, 0), (0, 0, 255)] * 2


def test_heic_is_read(rendered: Run) -> None:
    assert_quarters(rendered(FIXTURES / "quarters.heic", {"format": "png"}), 20)


def test_a_psd_shows_its_flattened_picture(tmp_path: Path, rendered: Run, quarters: Image.Image) -> None:
    """Header, three empty sections, planes (Adobe Photoshop File Formats Specification)."""
    planes = b"".join(band.tobytes() for band in quarters.split())
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, quarters.height, quarters.width, 8, 3)
    (tmp_path / "a.psd").write_bytes(head + bytes(12) + b"\x00\x00" + planes)
    assert_quarters(rendered(tmp_path / "a.psd", {"format": "png"}))


def test_inverted_cmyk_of_photoshop_is_not_a_negative(save: Save, rendered: Run) -> None:
    """Pillow writes CMYK JPEGs inverted and with Adobe's marker, like Photoshop."""
    source = save(Image.new("CMYK", (20, 20), (0, 0, 0, 0)), "JPEG")
    assert min(colours(rendered(source, {"format": "png"}))[0]) > 240


def test_a_twelve_bit_jpeg_is_refused_as_unsupported(save: Save, rendered: Run, quarters: Image.Image) -> None:
    source = save(quarters, "JPEG")
    content = bytearray(source.read_bytes())
    frame = content.index(b"\xff\xc0")
    content[frame + 4] = 12
    source.write_bytes(bytes(content))
    with pytest.raises(PermanentError) as caught:
        rendered(source, {})
    assert caught.value.cause is Cause.UNSUPPORTED_FORMAT


def test_svg_is_refused_unless_the_recipe_allows_it_and_loads_nothing_from_outside(
    tmp_path: Path, rendered: Run
) -> None:
    Image.new("RGB", (10, 10), "red").save(tmp_path / "secret.png")
    source = tmp_path / "a.svg"
    source.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="40">'
        '<rect width="40" height="40" fill="#00ff00"/>'
        f'<image width="40" height="40" xlink:href="{(tmp_path / "secret.png").as_uri()}"/>'
        '<image width="40" height="40" xlink:href="secret.png"/></svg>'
    )
    with pytest.raises(PermanentError, match="allow_svg") as caught:
        rendered(source, {})
    assert caught.value.cause is Cause.UNSUPPORTED_FORMAT
    assert colours(rendered(source, {"format": "png"}, allow_svg=True)) == [(0, 255, 0)] * 4


def test_a_text_chunk_bomb_in_a_png_is_harmless(rendered: Run, tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(file, "PNG")
    content = b"zTXt" + b"key\x00\x00" + zlib.compress(bytes(50_000_000), 9)
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    whole = file.getvalue()
    (tmp_path / "a.png").write_bytes(whole[:33] + chunk + whole[33:])
    assert colours(rendered(tmp_path / "a.png", {"format": "png"})) == [(255, 255, 255)] * 4


def test_a_message_of_a_codec_may_quote_any_bytes(tmp_path: Path, rendered: Run) -> None:
    """libheif quotes the type of an unknown property. That message does not affect the next error."""
    content = (FIXTURES / "alpha-not-cropped.avif").read_bytes()
    (tmp_path / "quoted").write_bytes(content.replace(b"clap", b"\xfflap"))
    (tmp_path / "short").write_bytes(content[:300])
    causes = []
    for name in ("quoted", "short"):
        with pytest.raises(PermanentError) as caught:
            rendered(tmp_path / name, {})
        causes.append(caught.value.cause)
    assert causes == [Cause.UNSUPPORTED_FORMAT, Cause.TRUNCATED]
