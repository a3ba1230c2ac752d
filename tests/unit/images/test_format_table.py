"""The table of formats agrees with docs/reference/formats.md; a sample of every row is rendered or refused."""

import gzip
import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pyjpegxl
import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.formats import FORMATS, REFUSED, Format, RefusedFormat, identify
from pixelfleet.images.pipeline import Rendition
from pixelfleet.images.readers import reader_of
from tests.colour.bitmap_files import icon
from tests.colour.gif_files import gif
from tests.colour.heif_files import heic
from tests.colour.pages import pdf, quarters_page
from tests.colour.psd_files import bitmap_plane, planes, psd
from tests.colour.quarters import QUARTERS, picture
from tests.colour.raw_files import dng

Run = Callable[..., Rendition]
REFERENCE: Final = (Path(__file__).parents[3] / "docs" / "reference" / "formats.md").read_text(encoding="utf-8")


def jxl(made: Image.Image) -> bytes:
    """A lossless JPEG XL of a picture in mode L, RGB or RGBA."""
    bands = len(made.getbands())
    return pyjpegxl.encode(made.tobytes(), made.width, made.height, lossless=True, num_channels=bands)


def saved(code: str, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    made = picture().resize((128, 128), Image.Resampling.NEAREST) if code == "ICNS" else picture()
    made.convert(mode).save(file, code, **options)
    return file.getvalue()


def _dcx() -> bytes:
    """A list of offsets, ended by 0, and one PCX."""
    return b"\xb1\x68\xde\x3a" + struct.pack("<II", 12, 0) + saved("PCX")


def _fits() -> bytes:
    cards: tuple[str, ...] = (
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =                    2",
    )
    cards += ("NAXIS1  =                   64", "NAXIS2  =                   48", "END")
    head = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    return head + picture().convert("L").tobytes().ljust(5760, b"\0")


def _sun() -> bytes:
    return struct.pack(">8I", 0x59A66A95, 64, 48, 24, 64 * 48 * 3, 1, 0, 0) + picture().tobytes("raw", "BGR")


def _xpm() -> bytes:
    rows = ",\n".join(['"aabb"'] * 4)
    return f'/* XPM */\nstatic char *a[] = {{\n"4 4 2 1",\n"a c #ff0000",\n"b c #0000ff",\n{rows}}};\n'.encode()


SAMPLES: Final[dict[str, Callable[[], bytes]]] = {
    "jpeg": lambda: saved("JPEG"),
    "png": lambda: saved("PNG"),
    "gif": lambda: gif([((0, 0, 64, 48), 1, 0)]),
    "webp": lambda: saved("WEBP"),
    "tiff": lambda: saved("TIFF"),
    "avif": lambda: saved("AVIF"),
    "heic": lambda: heic(1, 13),
    "jpeg2000": lambda: saved("JPEG2000"),
    "jxl": lambda: jxl(picture()),
    "pdf": lambda: pdf(quarters_page(64, 48)),
    "raw": dng,
    "psd": lambda: psd(3, 8, planes(QUARTERS)),
    "psb": lambda: psd(3, 8, planes(QUARTERS), version=2),
    "dds": lambda: saved("DDS"),
    "qoi": lambda: saved("QOI"),
    "icns": lambda: saved("ICNS"),
    "blp": lambda: saved("BLP", "P"),
    "dcx": _dcx,
    "fits": _fits,
    "msp": lambda: saved("MSP", "1"),
    "pfm": lambda: saved("PPM", "F"),
    "ppm": lambda: saved("PPM"),
    "sun": _sun,
    "bmp": lambda: saved("BMP"),
    "ico": lambda: icon(255),
    "cur": lambda: icon(255).replace(b"\0\0\1\0", b"\0\0\2\0", 1),
    "sgi": lambda: saved("SGI"),
    "pcx": lambda: saved("PCX"),
    "xbm": lambda: saved("XBM", "1"),
    "xpm": _xpm,
    "dib": lambda: saved("DIB"),
    "tga": lambda: saved("TGA"),
    "svg": lambda: gzip.compress(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
}
REFUSED_SAMPLES: Final[dict[str, bytes]] = {
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0",
    "OpenEXR": b"v/1\x01\x02\0\0\0",
    "Radiance HDR": b"#?RADIANCE\n",
    "colour PFM": b"PF\n64 48\n-1.0\n" + bytes(100),
    "PAM": b"P7\nWIDTH 2\n",
    "DICOM": bytes(128) + b"DICM" + bytes(60),
    "WMF": b"\xd7\xcd\xc6\x9a" + bytes(60),
    "EMF": b"\x01\0\0\0" + bytes(36) + b" EMF" + bytes(60),
    "GIMP XCF": b"gimp xcf v011\0",
    "DjVu": b"AT&TFORM\0\0\0\0DJVU",
    "BPG": b"BPG\xfb" + bytes(60),
    "Photo CD": bytes(2048) + b"PCD_IPI" + bytes(60),
    "FLIC": struct.pack("<IHHHHHH", 1000, 0xAF12, 2, 64, 48, 8, 0) + bytes(100),
    "JPEG XR": b"II\xbc\x01" + bytes(60),
}


def _name(row: Format | RefusedFormat) -> str:
    return row.name


def actual(content: bytes) -> Format:
    return identify(lambda offset, count: content[offset : offset + count])


@pytest.mark.parametrize("row", FORMATS, ids=_name)
def test_a_sample_of_each_format_is_recognised_and_rendered(tmp_path: Path, rendered: Run, row: Format) -> None:
    content = SAMPLES[row.name]()
    assert actual(content) is row
    (tmp_path / "a").write_bytes(content)
    [variant] = rendered(tmp_path / "a", {"format": "png"}, allow_svg=True).variants
    with Image.open(variant.path) as opened:
        opened.load()
        assert opened.width > 1


@pytest.mark.parametrize("row", REFUSED, ids=_name)
def test_a_sample_of_each_refused_format_is_refused_by_name(row: RefusedFormat) -> None:
    with pytest.raises(PermanentError, match=row.name) as caught:
        actual(REFUSED_SAMPLES[row.name])
    assert caught.value.cause is Cause.UNSUPPORTED_FORMAT
    assert row.reason in caught.value.message


@pytest.mark.parametrize("row", FORMATS, ids=_name)
def test_the_reference_has_a_line_for_each_format(row: Format) -> None:
    held = "row by row" if row.streams else "held whole"
    assert f"| {row.title} | `{row.extension}` | `{row.reader}` | {held} |" in REFERENCE


@pytest.mark.parametrize("row", REFUSED, ids=_name)
def test_the_reference_has_a_line_for_each_refused_format(row: RefusedFormat) -> None:
    assert f"| {row.name} | {row.reason} |" in REFERENCE


@pytest.mark.parametrize("row", FORMATS, ids=_name)
def test_each_row_names_an_existing_reader(row: Format) -> None:
    reader = reader_of(row)
    assert callable(reader.read_header)
    assert callable(reader.decode)


def test_every_format_of_pillow_is_listed_refused_or_left_out(tmp_path: Path) -> None:
    """Every format that the installed Pillow opens is a row or a refusal, or the reference names it as left out."""
    Image.init()
    known = {row.code for row in FORMATS} | {"JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF", "HEIF"}
    left = [code for code in Image.OPEN if code not in known and f"`{code}`" not in REFERENCE]
    assert not left


def test_a_bitmap_is_not_inverted(tmp_path: Path, rendered: Run) -> None:
    (tmp_path / "a").write_bytes(psd(0, 1, [bitmap_plane()]))
    [variant] = rendered(tmp_path / "a", {"format": "png"}).variants
    with Image.open(variant.path) as opened:
        assert opened.convert("RGB").getpixel((5, 5)) == (0, 0, 0)
