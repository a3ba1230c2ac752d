"""The shown picture of an ICO or CUR, as an icon file with one picture (Microsoft, "Icons", 1995: ICONDIR)."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pixelfleet.images.icons import MAX_ICON_PIXELS

Read = Callable[[int, int], bytes]
_ENTRY: Final = struct.Struct("<BBBBHHII")
_HEAD: Final = 6
_PNG: Final = b"\x89PNG\r\n\x1a\n"
#: The most bytes of a picture: four bytes and one mask bit for each pixel, a header and a palette.
_MAX_BYTES: Final = MAX_ICON_PIXELS * 4 + MAX_ICON_PIXELS // 8 + 4096
#: Bytes of a BITMAPINFOHEADER. Nearly every bitmap in an icon has this header; a few have a BITMAPCOREHEADER.
_BITMAP_HEAD: Final = 40
_BITFIELDS: Final = 3
_CORE_HEAD: Final = b"\x0c\0\0\0"


@dataclass(frozen=True, slots=True)
class Icon:
    """`content` is an ICO with one picture. `unused_alpha`: the fourth byte of every pixel is 0, and the file has no
    complete mask."""

    content: bytes
    unused_alpha: bool


@dataclass(frozen=True, slots=True)
class _Picture:
    width: int
    height: int
    bits: int
    offset: int
    #: Bytes of the picture with its mask. The size of a bitmap comes from its own header, because directories are often
    #: wrong.
    size: int


def shown_icon(read: Read) -> Icon | None:
    """The largest picture; of equally large pictures, the picture with the most bits; None if the directory lists no
    picture.

    A CUR directory has the hot spot in the place of planes and bits in an ICO directory. The picture's own header has
    planes and bits.
    """
    pictures = list(_pictures(read))
    if not pictures:
        return None
    best = max(pictures, key=lambda picture: (picture.width * picture.height, picture.bits))
    size = min(best.size, _MAX_BYTES)
    body = read(best.offset, size)
    bits, unused = best.bits, False
    if not body.startswith(_PNG) and bits == 32 and not any(_fourth_bytes(body, best)):
        # The writer left the fourth byte unused, so the mask applies (Raymond Chen, "The evolution of the ICO file
        # format", part 3). Pillow reads the mask if the directory declares fewer bits.
        unused = len(body) < size
        bits = 32 if unused else 24
    entry = _ENTRY.pack(best.width & 255, best.height & 255, 0, 0, 1, bits, size, _HEAD + _ENTRY.size)
    return Icon(struct.pack("<HHH", 0, 1, 1) + entry + body, unused)


def _pictures(read: Read) -> Iterator[_Picture]:
    count = int.from_bytes(read(4, 2), "little")
    entries = read(_HEAD, _ENTRY.size * count)
    for at in range(0, len(entries) - _ENTRY.size + 1, _ENTRY.size):
        *_, size, offset = _ENTRY.unpack_from(entries, at)
        head = read(offset, _BITMAP_HEAD)
        if head.startswith(_PNG) and len(head) >= 24:
            width, height = struct.unpack(">II", head[16:24])
            yield _Picture(width, height, 32, offset, size)
        elif head.startswith(_CORE_HEAD) and len(head) >= 12:
            width, height, _, bits = struct.unpack_from("<HHHH", head, 4)
            palette = 3 << bits if bits <= 8 else 0
            yield _bitmap(width, height, bits, offset, 12 + palette)
        elif len(head) == _BITMAP_HEAD:
            own, width, height, _, bits, compression = struct.unpack_from("<IiiHHI", head)
            colours = int.from_bytes(head[32:36], "little") or (1 << bits if bits <= 8 else 0)
            masks = 12 if compression == _BITFIELDS and own == _BITMAP_HEAD else 0
            yield _bitmap(abs(width), abs(height), bits, offset, own + 4 * colours + masks)


def _bitmap(width: int, height: int, bits: int, offset: int, before: int) -> _Picture:
    """`before` bytes stand before the pixels. `height` includes the rows of the mask."""
    rows = height // 2
    pixels = (width * bits + 31) // 32 * 4 * rows
    mask = (width + 31) // 32 * 4 * rows
    return _Picture(width, rows, bits, offset, before + pixels + mask)


def _fourth_bytes(body: bytes, picture: _Picture) -> bytes:
    start = int.from_bytes(body[:4], "little")
    return body[start : start + picture.width * picture.height * 4][3::4]
