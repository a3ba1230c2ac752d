"""Whether a file breaks off before its end, by the format's end mark or by the lengths that the file declares.

Codecs report such a file with many different texts, and some codecs do not report such a file. These checks read a
few bytes.
"""

import mmap
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, Literal

from pixelfleet.images.containers.raw_end import ends_before_its_samples

_TAIL: Final = 64 * 1024
_MAX_CHUNKS: Final = 100_000


#: Formats whose decoder returns a part of a picture without an error. The file is checked before it is decoded.
UNNOTICED: Final = frozenset({"gif", "raw"})


def breaks_off(path: Path, format_name: str) -> bool:
    """Whether the file breaks off. False also if the format has no mark and no lengths."""
    check = _CHECKS.get(format_name)
    if check is None:
        return False
    with path.open("rb") as file:
        return check(file)


def _jpeg(file: BinaryIO) -> bool:
    """True without an end-of-image marker (ITU T.81 B.1.1.3) in the last 64 kB. Some cameras write padding after it."""
    return b"\xff\xd9" not in _tail(file)


def _gif(file: BinaryIO) -> bool:
    """True if a block (GIF89a specification) reaches past the end of the file. A missing trailer loses no pixel."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _gif_ends_inside_a_block(data)
        except IndexError:
            return True


def _gif_ends_inside_a_block(data: mmap.mmap) -> bool:
    at = 13 + _gif_table(data[10])
    while at < len(data):
        kind = data[at]
        if kind == 0x2C:
            at += 11 + _gif_table(data[at + 9])
        elif kind == 0x21:
            at += 2
        else:
            # The trailer, or the garbage that some writers leave after the last block.
            return False
        while data[at]:
            at += data[at] + 1
        at += 1
    return at > len(data)


def _gif_table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _png(file: BinaryIO) -> bool:
    size = _size(file)
    at = 8
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return True
        if head[4:] == b"IEND":
            return False
        at += 12 + int.from_bytes(head[:4], "big")
        if at > size:
            return True
    return False


def _riff(file: BinaryIO) -> bool:
    size = _size(file)
    file.seek(4)
    return int.from_bytes(file.read(4), "little") + 8 > size


def _iso_media(file: BinaryIO) -> bool:
    """True if a box (ISO/IEC 14496-12) reaches past the end of the file."""
    size = _size(file)
    at = 0
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length == 0 or at >= size:
            return False
        at += max(length, 8)
        if at > size:
            return True
    return False


def _jpeg2000(file: BinaryIO) -> bool:
    """True if a box of a JP2 reaches past the end of the file, or if a codestream that continues to the end of the file
    has no end marker (ITU-T T.800, A.4.4). No packet can have the bytes of the marker (B.10.1)."""
    file.seek(0)
    head = file.read(_TAIL)
    open_ended = head.startswith(b"\xff\x4f") or b"\0\0\0\0jp2c" in head
    return b"\xff\xd9" not in _tail(file) if open_ended else _iso_media(file)


def _tiff(file: BinaryIO) -> bool:
    """True if the first directory is past the end of the file. Writers that compress put the directory last (TIFF 6.0,
    section 2)."""
    size = _size(file)
    file.seek(0)
    head = file.read(16)
    order: Literal["little", "big"] = "little" if head[:2] == b"II" else "big"
    big = head[2:4] in (b"+\x00", b"\x00+")
    return int.from_bytes(head[8:16] if big else head[4:8], order) + 2 > size


def _bmp(file: BinaryIO) -> bool:
    size = _size(file)
    file.seek(2)
    return int.from_bytes(file.read(4), "little") > size


def _raw(file: BinaryIO) -> bool:
    def read(offset: int, count: int) -> bytes:
        return os.pread(file.fileno(), count, offset) if 0 <= offset < size else b""

    size = _size(file)
    return _iso_media(file) if read(4, 4) == b"ftyp" else ends_before_its_samples(read, size)


def _pdf(file: BinaryIO) -> bool:
    """True if the last line of a PDF (ISO 32000-1, 7.5.5) is missing."""
    return b"%%EOF" not in _tail(file)


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _tail(file: BinaryIO) -> bytes:
    file.seek(max(0, _size(file) - _TAIL))
    return file.read()


_CHECKS: Final[dict[str, Callable[[BinaryIO], bool]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "gif": _gif,
    "webp": _riff,
    "avif": _iso_media,
    "heic": _iso_media,
    "jpeg2000": _jpeg2000,
    "tiff": _tiff,
    "bmp": _bmp,
    "pdf": _pdf,
    "raw": _raw,
}
