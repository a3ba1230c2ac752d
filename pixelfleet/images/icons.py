"""The pictures inside ICO, CUR, ICNS and BLP files, which are whole PNG, JPEG 2000 or JPEG files of any size.

The directory of an ICO has one byte for a side, and Pillow decodes the inner picture while Pillow opens the file. A
file of 728 kB with 16 x 16 in its header held a PNG of 250 megapixels. The file took 1 GB before its size was known.
A BLP of 2 MB with 64 x 64 in its header held a JPEG of 196 megapixels, which took 1.5 GB.
"""

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from pixelfleet.errors import Cause, PermanentError

#: Pixels that a picture inside an icon may have. The largest that Apple and Microsoft define is 1,024 x 1,024.
MAX_ICON_PIXELS: Final = 4_096 * 4_096
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JP2: Final = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_JP2_CODESTREAM: Final = b"\xff\x4f\xff\x51"
#: Bytes of an inner file that are enough to read its size.
_HEAD: Final = 512
#: Magic, compression, alpha bits, width, height, two kinds, 16 offsets, 16 lengths, bytes of the common head.
_BLP_HEAD: Final = struct.Struct("<4s6I16I16II")
#: Bytes of a JPEG in which its size is searched.
_JPEG_BYTES: Final = 1 << 20
#: The start of a frame of 8 or 12 bits: marker, length, precision, height, width (ITU T.81, B.2.2).
_JPEG_SIZE: Final = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]\0.[\x08\x0c](.{4})", re.DOTALL)
_ICO_ENTRY: Final = struct.Struct("<BBBBHHII")


def check_icon(path: Path, format_name: str) -> None:
    """Check the pictures inside an icon or a BLP before a decoder opens the icon. Other formats pass.

    Raises:
        PermanentError: `too_many_pixels`.
    """
    reader = _READERS.get(format_name)
    if reader is None:
        return
    with path.open("rb") as file:
        for width, height in reader(file):
            if width * height > MAX_ICON_PIXELS:
                raise PermanentError(
                    Cause.TOO_MANY_PIXELS,
                    f"the {format_name} holds a picture of {width:,} x {height:,} pixels; such a picture may have "
                    f"{MAX_ICON_PIXELS:,}; save the picture as PNG",
                )


def _ico(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Sizes of the pictures of an ICO or CUR by their own headers (ICONDIR, then an ICONDIRENTRY each)."""
    head = file.read(6)
    count = int.from_bytes(head[4:6], "little")
    entries = file.read(_ICO_ENTRY.size * count)
    for at in range(0, len(entries) - _ICO_ENTRY.size + 1, _ICO_ENTRY.size):
        offset = _ICO_ENTRY.unpack_from(entries, at)[7]
        file.seek(offset)
        yield from _size_of(file.read(_HEAD))


def _icns(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Sizes of the PNG and JPEG 2000 pictures of an ICNS: blocks of a type, a length and content."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length = int.from_bytes(head[4:], "big")
        if length < 8:
            return
        start = file.tell()
        yield from _size_of(file.read(min(_HEAD, length - 8)))
        file.seek(start + length - 8)


def _blp(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """The size of the JPEG inside a BLP1, as Pillow reads it: a common head, then the bytes at the first offset.

    A JPEG of the size that the file itself declares is left to the lane's limits.
    """
    head = file.read(_BLP_HEAD.size)
    if len(head) < _BLP_HEAD.size:
        return
    magic, compression, _, columns, rows, *rest = _BLP_HEAD.unpack(head)
    offset, length, common = rest[2], rest[18], rest[34]
    if magic != b"BLP1" or compression != 0:
        return
    content = file.read(min(common, _JPEG_BYTES))
    file.seek(offset)
    content += file.read(min(length, _JPEG_BYTES))
    for frame in _JPEG_SIZE.finditer(content):
        height, width = struct.unpack(">HH", frame[1])
        if width * height > columns * rows:
            yield width, height


def _size_of(head: bytes) -> Iterator[tuple[int, int]]:
    if head.startswith(_PNG) and len(head) >= 24:
        yield struct.unpack(">II", head[16:24])
    elif head.startswith((_JP2, _JP2_CODESTREAM)):
        at = head.find(_JP2_CODESTREAM)
        # SIZ: marker, length, capabilities, width, height (ISO/IEC 15444-1, A.5.1).
        if at >= 0 and len(head) >= at + 16:
            yield struct.unpack(">II", head[at + 8 : at + 16])
    elif len(head) >= 16 and head[:4] == b"\x28\x00\x00\x00":
        # A bitmap header: its height includes the mask.
        width, height = struct.unpack("<ii", head[4:12])
        yield abs(width), abs(height) // 2


_READERS: Final = {"blp": _blp, "ico": _ico, "cur": _ico, "icns": _icns}
