"""Formats without a simple signature: SVG after other content, camera raws in TIFF, bitmaps without a signature."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.formats import Format, identify
from pixelfleet.images.pipeline import Rendition
from tests.colour.quarters import QUARTERS, picture
from tests.colour.tiff_files import Page, quarters_page, small, tiff

Run = Callable[..., Rendition]
BODY = 'xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="#00ff00"/>'
PLAIN = f"<svg {BODY}</svg>"
ADOBE = (
    '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd" [\n'
    + "".join(f'<!ENTITY ns_{number} "http://ns.adobe.com/{number}/">\n' for number in range(40))
    + "]>\n"
)
PREFIXED = (
    '<svg:svg xmlns:svg="http://www.w3.org/2000/svg" width="40" height="40">'
    '<svg:rect width="40" height="40" fill="#00ff00"/></svg:svg>'
)


def actual(content: bytes) -> Format:
    return identify(lambda offset, count: content[offset : offset + count])


SVGS = {
    "plain": PLAIN.encode(),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "a comment of 20 kB": f"<!--{'licence ' * 2500}-->{PLAIN}".encode(),
    "UTF-16": f'<?xml version="1.0" encoding="UTF-16"?>{PLAIN}'.encode("utf-16"),
    "UTF-16, big-endian": b"\xfe\xff" + f'<?xml version="1.0" encoding="UTF-16"?>{PLAIN}'.encode("utf-16-be"),
    "a prefix": PREFIXED.encode(),
    "compressed": gzip.compress(PLAIN.encode(), mtime=0),
    "doctype in lower case": f"<!doctype svg>{PLAIN}".encode(),
    "doctype in lower case behind comments": f"\ufeff<!-- a --> <?b?>\n<!----><!doctype svg>{PLAIN}".encode(),
    # A single pattern with a repetition divided these comments in 2^3000 ways before the file was rendered.
    "many comments and no doctype": b"<!---->" * 3_000 + PLAIN.encode(),
    "entities of Illustrator": (ADOBE + PLAIN).encode(),
    "a processing instruction": f'<?xml-stylesheet href="a.css"?>\n{PLAIN}'.encode(),
}


@pytest.mark.parametrize("name", SVGS)
def test_an_svg_is_recognised_and_rendered(tmp_path: Path, rendered: Run, name: str) -> None:
    assert actual(SVGS[name]).name == "svg"
    path = tmp_path / "source"
    path.write_bytes(SVGS[name])
    [variant] = rendered(path, {"format": "png"}, allow_svg=True).variants
    with Image.open(variant.path) as opened:
        assert opened.convert("RGB").getpixel((20, 20)) == (0, 255, 0)


@pytest.mark.parametrize(
    "content",
    [b"<html><svg></svg></html>", b"<!-- <svg> -->", b"<svgx>", gzip.compress(b"hello", mtime=0), b"\x1f\x8b\x08junk"],
)
def test_a_file_that_resembles_an_svg_is_not_an_image(content: bytes) -> None:
    with pytest.raises(PermanentError) as caught:
        actual(content)
    assert caught.value.cause is Cause.NOT_AN_IMAGE


def test_a_compressed_svg_that_inflates_without_end_is_refused(tmp_path: Path, rendered: Run) -> None:
    path = tmp_path / "source"
    path.write_bytes(gzip.compress(PLAIN.encode() + b" " * 100_000_000, mtime=0))
    with pytest.raises(PermanentError) as caught:
        rendered(path, {"format": "png"}, allow_svg=True)
    assert caught.value.cause is Cause.TOO_MANY_BYTES


def _raw_above(photometric: int) -> bytes:
    full = quarters_page(QUARTERS, photometric=photometric)
    return tiff(Page(small().pixels, tags=small().tags, below=(full,)))


RAWS = {
    "DNG": tiff(
        Page(small().pixels, tags={**small().tags, 50706: (1, [1, 4, 0, 0])}, below=(quarters_page(QUARTERS),))
    ),
    "colour filter array": _raw_above(32803),
    "linear raw": _raw_above(34892),
    "Nikon's compression": tiff(small(), quarters_page(QUARTERS, tags={259: (3, [34713])})),
    "CR2": b"II*\0\x10\0\0\0CR\x02\0" + tiff(quarters_page(QUARTERS))[12:],
    "Phase One": (whole := tiff(quarters_page(QUARTERS)))[:8] + b"IIII\x0cwaR" + whole[16:],
    "Phase One, big-endian mark": whole[:8] + b"MMMMRaw\0" + whole[16:],
    "Leaf": tiff(quarters_page(QUARTERS, tags={34310: (7, b"PKTS\0\0\0\1")})),
    "Panasonic": b"II\x55\0" + bytes(60),
    "Fujifilm": b"FUJIFILMCCD-RAW 0201" + bytes(60),
}


@pytest.mark.parametrize("name", RAWS)
def test_a_raw_is_not_rendered_from_its_thumbnail(name: str, tmp_path: Path, rendered: Run) -> None:
    """These files have the marks of a raw without its content; none is rendered from the small picture at its start."""
    assert actual(RAWS[name]).name == "raw"
    (tmp_path / "source").write_bytes(RAWS[name])
    whole = (64, 48)
    assert _size_or_cause(rendered, tmp_path / "source") in (
        whole,
        Cause.UNSUPPORTED_FORMAT,
        Cause.UNREADABLE,
        Cause.TRUNCATED,
    )


def _size_or_cause(rendered: Run, path: Path) -> tuple[int, int] | Cause:
    try:
        [variant] = rendered(path, {"format": "png"}).variants
    except PermanentError as error:
        return error.cause
    return variant.width, variant.height


def test_pages_are_pictures_in_full_resolution(tmp_path: Path, rendered: Run) -> None:
    path = tmp_path / "source"
    path.write_bytes(tiff(quarters_page(QUARTERS), small(), quarters_page(tuple(reversed(QUARTERS)))))
    first, second = rendered(path, {"format": "png"}, {"format": "png", "page": 2}).variants
    with Image.open(first.path) as one, Image.open(second.path) as other:
        assert (one.getpixel((5, 5)), other.getpixel((5, 5))) == (QUARTERS[0], QUARTERS[3])
    with pytest.raises(PermanentError) as caught:
        rendered(path, {"format": "png", "page": 3})
    assert caught.value.cause is Cause.PAGE_MISSING


def test_a_circular_chain_of_directories_ends(tmp_path: Path, rendered: Run) -> None:
    content = bytearray(tiff(quarters_page(QUARTERS)))
    first = struct.unpack_from("<I", content, 4)[0]
    count = struct.unpack_from("<H", content, first)[0]
    struct.pack_into("<I", content, first + 2 + 12 * count, first)
    (tmp_path / "a").write_bytes(content)
    assert rendered(tmp_path / "a", {"format": "png"}).variants[0].width == 64


def test_a_tga_with_a_palette_of_256_is_recognised(tmp_path: Path, rendered: Run) -> None:
    picture().quantize(256).save(tmp_path / "a.tga")
    palette = bytes(value for index in range(256) for value in (index, index, index))
    head = struct.pack("<BBBHHBHHHHBB", 0, 1, 1, 0, 256, 24, 0, 0, 16, 16, 8, 0x20)
    content = head + palette + bytes([77]) * 256
    assert actual(content).name == "tga"
    (tmp_path / "b").write_bytes(content)
    [variant] = rendered(tmp_path / "b", {"format": "png"}).variants
    with Image.open(variant.path) as opened:
        assert opened.convert("RGB").getpixel((8, 8)) == (77, 77, 77)


def test_invalid_metadata_does_not_prevent_rendering(save: Callable[..., Path], rendered: Run) -> None:
    """A PNG text chunk whose keyword is not UTF-8."""
    import zlib  # noqa: PLC0415

    path = save(picture(), "PNG")
    whole = path.read_bytes()
    body = b"tEXt\xff\xfe\xfd\0text"
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    path.write_bytes(whole[:33] + chunk + whole[33:])
    for policy in ("strip", "copyright", "keep"):
        assert rendered(path, {"format": "jpeg", "metadata": policy}).variants[0].width == 64
