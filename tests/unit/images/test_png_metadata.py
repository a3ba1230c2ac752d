"""EXIF, XMP and IPTC of PNG, before and after the pixels, in their own chunks and in the chunks of ImageMagick."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import Base

from pixelfleet.images.probe import probe
from tests.unit.images.metadata_sources import IPTC, XMP, exif
from tests.unit.images.test_metadata import LIMITS, one_variant, see


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _raw(name: bytes, block: bytes) -> bytes:
    """A chunk like those of ImageMagick, built by hand: a name, a length, lines of hexadecimal numbers."""
    text = block.hex().encode()
    lines = b"\n".join(text[at : at + 72] for at in range(0, len(text), 72))
    return _chunk(
        b"zTXt", b"Raw profile type " + name + b"\0\0" + zlib.compress(b"\n%s\n%8d\n%s\n" % (name, len(block), lines))
    )


def _turned_exif() -> bytes:
    tags = Image.Exif()
    tags.load(exif())
    tags[Base.Orientation] = 6
    tags[Base.Make] = b"One"
    return tags.tobytes().removeprefix(b"Exif\0\0")


@pytest.mark.parametrize(
    "chunks",
    [
        [_chunk(b"eXIf", _turned_exif()), _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)],
        [_chunk(b"eXIf", _turned_exif()), _chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP))],
        [_raw(b"exif", b"Exif\0\0" + _turned_exif()), _raw(b"xmp", XMP)],
        [_raw(b"APP1", b"Exif\0\0" + _turned_exif()), _raw(b"APP1", b"http://ns.adobe.com/xap/1.0/\0" + XMP)],
    ],
    ids=["own chunks", "compressed", "raw profiles", "raw segments"],
)
@pytest.mark.parametrize("behind", [False, True], ids=["before the pixels", "behind the pixels"])
def test_metadata_of_a_png_stay_from_any_position(tmp_path: Path, chunks: list[bytes], behind: bool) -> None:
    whole = io.BytesIO()
    Image.new("RGB", (64, 48)).save(whole, "PNG")
    at = -12 if behind else 33
    path = tmp_path / "a.png"
    path.write_bytes(whole.getvalue()[:at] + b"".join(chunks) + whole.getvalue()[at:])
    header = probe(path, LIMITS)
    assert (header.width, header.height, header.camera) == (48, 64, "One")
    made = one_variant(tmp_path, path, "webp")
    with Image.open(made) as opened:
        assert opened.size == (48, 64)
    seen = see(made)
    assert seen.exif[Base.Model] == "One"
    assert seen.exif[Base.Orientation] == 1
    assert 'photoshop:Credit="An Agency"' in seen.xmp


def test_the_iptc_of_a_png_becomes_xmp(tmp_path: Path) -> None:
    whole = io.BytesIO()
    Image.new("RGB", (64, 48)).save(whole, "PNG")
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC
    path = tmp_path / "a.png"
    path.write_bytes(whole.getvalue()[:33] + _raw(b"iptc", block) + whole.getvalue()[33:])
    assert "A headline" in see(one_variant(tmp_path, path, "png")).xmp
    assert see(one_variant(tmp_path, path, "jpeg")).iptc[2, 105] == b"A headline"
