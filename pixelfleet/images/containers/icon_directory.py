"""The one picture of an ICO or CUR that is shown, as an icon file of its own (Microsoft, "Icons", 1995: ICONDIR)."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pixelfleet.images.icons import MAX_ICON_PIXELS

Read = Callable[[int, int], bytes]
_ENTRY: Final = struct.Struct("<BBBBHHII")
_HEAD: Final = 6
_PNG: Final = b"\x89PNG\r\n\x1a\n"
#: Bytes of a picture: four a pixel and a mask of one bit, with a head and a palette.
_MAX_BYTES: Final = MAX_ICON_PIXELS * 4 + MAX_ICON_PIXELS // 8 + 4096
#: A BITMAPINFOHEADER, the head of nearly every bitmap in an icon; a few have a BITMAPCOREHEADER.
_BITMAP_HEAD: Final = 40
_BITFIELDS: Final = 3
_CORE_HEAD: Final = b"\x0c\0\0\0"


@dataclass(frozen=True, slots=True)
class Icon:
    """`content` is an ICO of one picture. Its fourth byte is `unused` where it is 0 throughout and no mask holds."""

    content: bytes
    unused_alpha: bool


@dataclass(frozen=True, slots=True)
class _Picture:
    width: int
    height: int
    bits: int
    offset: int
    #: Bytes: of a bitmap by its own head, since directories are often wrong, with its mask.
    size: int


def shown_icon(read: Read) -> Icon | None:
    """The largest picture, of several as large the one with the most bits; None where the directory names none.

    The directory of a CUR has the hot spot where that of an ICO has planes and bits; the picture's own head has both.
    """
    pictures = list(_pictures(read))
    if not pictures:
        return None
    best = max(pictures, key=lambda picture: (picture.width * picture.height, picture.bits))
    size = min(best.size, _MAX_BYTES)
    body = read(best.offset, size)
    bits, unused = best.bits, False
    if not body.startswith(_PNG) and bits == 32 and not any(_fourth_bytes(body, best)):
        # The writer left the fourth byte unused: the mask holds (Raymond Chen, "The evolution of the ICO file format",
        # part 3). Fewer bits in the directory make Pillow read the mask.
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
    """`before` bytes stand before the pixels; the height counts the mask as well."""
    rows = height // 2
    pixels = (width * bits + 31) // 32 * 4 * rows
    mask = (width + 31) // 32 * 4 * rows
    return _Picture(width, rows, bits, offset, before + pixels + mask)


def _fourth_bytes(body: bytes, picture: _Picture) -> bytes:
    start = int.from_bytes(body[:4], "little")
    return body[start : start + picture.width * picture.height * 4][3::4]
