"""Small files that cost much memory or time to decode: one or more for each format, made by code."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pyvips
from PIL import Image

from tests.images.bombs import document_makers, other_makers

#: Pixels a side of most bombs: 98 megapixels, which the bulk lane takes.
SIDE: Final = 9_900


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, extra: bytes = b"", *, interlaced: bool = False) -> bytes:
    """A black RGB PNG; `extra` are chunks before the pixels."""
    packer = zlib.compressobj(9)
    row = b"\0" + bytes(3 * width)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def png_of_endless_rows() -> bytes:
    return png(10_000_000, 10)


def png_of_texts() -> bytes:
    packed = zlib.compress(b"a" * 8_000_000, 9)
    return png(64, 64, b"".join(chunk(b"zTXt", b"C%d\0\0" % number + packed) for number in range(250)))


def png_of_one_text() -> bytes:
    return png(64, 64, chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"a" * 200_000_000, 9)))


def png_of_a_profile() -> bytes:
    return png(64, 64, chunk(b"iCCP", b"icc\0\0" + zlib.compress(b"a" * 200_000_000, 9)))


def png_of_many_chunks() -> bytes:
    return png(64, 64, chunk(b"tEXt", b"C\0x") * 100_000)


def png_interlaced() -> bytes:
    """Interlaced by its head alone: a decoder makes room before it sees the pixels."""
    return png(SIDE, SIDE, interlaced=True)


def ico_of_a_large_png() -> bytes:
    inner = png(SIDE, SIDE)
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(inner), 22) + inner


def ico_of_a_large_bitmap() -> bytes:
    inner = struct.pack("<IiiHHIIiiII", 40, SIDE, 2 * SIDE, 1, 32, 0, 0, 0, 0, 0, 0) + bytes(1_000)
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(inner), 22) + inner


def icns_of_a_large_png() -> bytes:
    inner = png(SIDE, SIDE)
    return b"icns" + struct.pack(">I", 16 + len(inner)) + b"ic10" + struct.pack(">I", 8 + len(inner)) + inner


def avif(side: int) -> bytes:
    """A black AVIF of `side` x `side` pixels in a few kilobytes."""
    return bytes(pyvips.Image.black(side, side, bands=3).heifsave_buffer(compression="av1", effort=0, Q=10))


def avif_of_100_megapixels() -> bytes:
    return avif(10_000)


def webp_of_100_megapixels() -> bytes:
    return bytes(pyvips.Image.black(10_000, 10_000, bands=3).webpsave_buffer(effort=0, Q=10))


def gif(width: int, height: int, frames: int) -> bytes:
    """Frames of one pixel on a large canvas."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF0, 0, 0) + b"\0\0\0\xff\xff\xff"
    loop = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    frame = b"\x21\xf9\x04\x08\x01\0\0\0\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + loop + frame * frames + b";"


def gif_of_many_frames() -> bytes:
    return gif(350, 350, 1_990)


def gif_of_a_million_frames() -> bytes:
    return gif(1, 1, 1_000_000)


def gif_of_a_large_canvas() -> bytes:
    return gif(SIDE, SIDE, 1)


def tiff(tags: list[tuple[int, int, int, int]], content: bytes) -> bytes:
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(content)) + content + directory


def tiff_of_one_strip() -> bytes:
    """50,000 x 50,000 in one compressed strip."""
    content = zlib.compress(bytes(400_000_000), 9)
    tags = [(256, 4, 1, 50_000), (257, 4, 1, 50_000), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8)]
    return tiff([*tags, (277, 3, 1, 1), (278, 4, 1, 50_000), (279, 4, 1, len(content))], content)


def tiff_of_one_tile() -> bytes:
    content = zlib.compress(bytes(1_000_000), 9)
    tags = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1)]
    return tiff([*tags, (322, 4, 1, 49_984), (323, 4, 1, 49_984), (324, 4, 1, 8), (325, 4, 1, len(content))], content)


def tiff_of_many_samples() -> bytes:
    tags = [(256, 4, 1, 4_000), (257, 4, 1, 4_000), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    return tiff([*tags, (277, 3, 1, 65_535), (278, 4, 1, 4_000), (279, 4, 1, 1_000)], bytes(1_000))


def jpeg2000_that_lies() -> bytes:
    """One pixel whose head says 9,900 x 9,900."""
    file = io.BytesIO()
    Image.new("L", (1, 1)).save(file, "JPEG2000")
    content = bytearray(file.getvalue())
    size, head = content.find(b"\xff\x51"), content.find(b"ihdr")
    content[size + 6 : size + 14] = content[head + 4 : head + 12] = struct.pack(">II", SIDE, SIDE)
    return bytes(content)


def psd_of_many_channels() -> bytes:
    return b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 56, SIDE, SIDE, 8, 3) + bytes(12) + b"\0\1" + bytes(100)


def dds() -> bytes:
    head = b"DDS " + struct.pack("<7I", 124, 0x1007, SIDE, SIDE, 0, 0, 1) + bytes(44)
    return (
        head
        + struct.pack("<2I4s5I", 32, 4, b"DXT5", 0, 0, 0, 0, 0)
        + struct.pack("<5I", 0x1000, 0, 0, 0, 0)
        + bytes(64)
    )


def qoi() -> bytes:
    runs = bytes([0xFD]) * (SIDE * SIDE // 62 + 1)
    return b"qoif" + struct.pack(">IIBB", SIDE, SIDE, 4, 0) + runs + b"\0" * 7 + b"\1"


def ppm_of_numbers() -> bytes:
    return f"P3 {SIDE} {SIDE} 255\n".encode() + b"1 " * 5_000_000


def ppm_of_a_comment() -> bytes:
    return b"P6 #" + b"a" * 30_000_000


def bmp_of_runs() -> bytes:
    head = b"BM" + struct.pack("<IHHI", 1_000, 0, 0, 54 + 1_024)
    return (
        head + struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 8, 1, 0, 0, 0, 256, 0) + bytes(1_024) + b"\xff\x01" * 200
    )


def xbm() -> bytes:
    return f"#define a_width {SIDE}\n#define a_height {SIDE}\nstatic char a_bits[] = {{\n".encode() + b"0x00," * 1_000


def xpm() -> bytes:
    head = f'/* XPM */\nstatic char *a[] = {{\n"{SIDE} {SIDE} 1 1",\n"a c #000000",\n'
    return head.encode() + b'"aaaa",\n' * 1_000


def sgi() -> bytes:
    return b"\x01\xda\x01\x01\0\x03" + struct.pack(">HHH", SIDE, SIDE, 3) + bytes(600)


def tga_of_runs() -> bytes:
    return b"\0\0\x0a" + bytes(9) + struct.pack("<HHBB", SIDE, SIDE, 24, 0) + b"\xff\0\0\0" * 1_000


def pcx_of_runs() -> bytes:
    head = b"\x0a\x05\x01\x08" + struct.pack("<HHHH", 0, 0, SIDE - 1, SIDE - 1) + bytes(52) + b"\0\x03"
    return head + struct.pack("<HH", SIDE, 1) + bytes(58) + b"\xff\0" * 1_000


def sun_of_runs() -> bytes:
    return struct.pack(">8I", 0x59A66A95, SIDE, SIDE, 24, 3 * SIDE * SIDE, 2, 0, 0) + b"\x80\xff\0" * 1_000


def jpeg_progressive() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE)).save(file, "JPEG", progressive=True, quality=5)
    return file.getvalue()


def jpeg_of_many_scans() -> bytes:
    """A progressive picture whose last scan comes a thousand times: each is decoded over the whole picture."""
    file = io.BytesIO()
    Image.new("RGB", (4_000, 4_000)).save(file, "JPEG", progressive=True, quality=10)
    whole = file.getvalue()
    last = whole[whole.rfind(b"\xff\xda") : -2]
    return whole[:-2] + last * 1_000 + b"\xff\xd9"


def jpeg_of_segments() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG")
    content = b"http://ns.adobe.com/xap/1.0/\0" + b"<x>" * 20_000
    segment = b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content
    return file.getvalue()[:2] + segment * 500 + file.getvalue()[2:]


def svg_of_filters() -> bytes:
    blur = '<feGaussianBlur stdDeviation="2000"/>' * 20
    area = '<filter id="f" x="-10" y="-10" width="21" height="21">'
    body = f'{area}{blur}</filter><rect width="3000" height="3000" filter="url(#f)"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="3000" height="3000">{body}</svg>'.encode()


def svg_of_entities() -> bytes:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a0 "aaaaaaaaaa">{levels}]>'
        '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><text>&a9;</text></svg>'
    ).encode()


BOMBS: Final[dict[str, Callable[[], bytes]]] = {
    made.__name__: made
    for made in (
        avif_of_100_megapixels, bmp_of_runs, dds, gif_of_a_large_canvas, gif_of_a_million_frames, gif_of_many_frames,
        icns_of_a_large_png, ico_of_a_large_bitmap, ico_of_a_large_png, jpeg2000_that_lies, jpeg_of_many_scans,
        jpeg_of_segments, jpeg_progressive, pcx_of_runs, png_interlaced, png_of_a_profile, png_of_endless_rows,
        png_of_many_chunks, png_of_one_text, png_of_texts, ppm_of_a_comment, ppm_of_numbers, psd_of_many_channels, qoi,
        sgi, sun_of_runs, svg_of_entities, svg_of_filters, tga_of_runs, tiff_of_many_samples, tiff_of_one_strip,
        tiff_of_one_tile, webp_of_100_megapixels, xbm, xpm,
    )
} | other_makers.BOMBS | document_makers.BOMBS  # fmt: skip


def write(name: str, folder: Path) -> Path:
    """The bomb of this name, as a file in `folder`."""
    path = folder / f"{name}.bin"
    path.write_bytes(BOMBS[name]())
    return path
