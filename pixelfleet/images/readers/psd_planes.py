"""The planes of the merged picture of a PSD or PSB (Adobe Photoshop File Formats Specification, Image Data)."""

import struct
from collections.abc import Iterator
from typing import Final

from PIL import Image as PillowImage

from pixelfleet.images.containers.psd_sections import Psd, Read
from pixelfleet.images.vips import Image, pyvips

_RAW, _RUNS = 0, 1
_BITMAP_DEPTH: Final = 1


def planes(read: Read, psd: Psd, count: int, *, tolerant: bool) -> Iterator[Image]:
    """The first `count` planes, of 8 or 16 bits.

    Args:
        tolerant: missing samples are 0.

    Raises:
        OSError: the picture is truncated, or has a compression that merged pictures do not use.
    """
    compression = int.from_bytes(read(psd.merged, 2), "big")
    start = psd.merged + 2
    length = _row_bytes(psd) * psd.height
    if compression == _RAW:
        for number in range(count):
            yield _plane(_whole(read(start + number * length, length), length, tolerant=tolerant), psd)
    elif compression == _RUNS:
        for packed in _packed_rows(read, psd, start, count):
            rows = b"".join(_unpacked(row, _row_bytes(psd), tolerant=tolerant) for row in packed)
            yield _plane(_whole(rows, length, tolerant=tolerant), psd)
    else:
        raise OSError(f"not supported: PSD compression {compression}")


def _row_bytes(psd: Psd) -> int:
    return (psd.width * psd.depth + 7) // 8


def _packed_rows(read: Read, psd: Psd, start: int, count: int) -> Iterator[list[bytes]]:
    """The runs of each row, by plane. The lengths of all rows stand before the first row."""
    code, size = ("I", 4) if psd.large else ("H", 2)
    table = read(start, count * psd.height * size)
    lengths = struct.unpack(f">{len(table) // size}{code}", table[: len(table) // size * size])
    at = start + psd.channels * psd.height * size
    for number in range(count):
        own = lengths[number * psd.height : (number + 1) * psd.height]
        content = read(at, sum(own))
        at += sum(own)
        rows, place = [], 0
        for length in own:
            rows.append(content[place : place + length])
            place += length
        yield rows


def _unpacked(packed: bytes, length: int, *, tolerant: bool) -> bytes:
    """One unpacked row of PackBits; bytes beyond the row are dropped."""
    try:
        return PillowImage.frombytes("L", (length, 1), packed, "packbits", "L").tobytes()
    except ValueError:
        if tolerant:
            return bytes(length)
        raise OSError("image file is truncated (a row of the PSD is too short)") from None


def _whole(content: bytes, length: int, *, tolerant: bool) -> bytes:
    if len(content) < length and not tolerant:
        raise OSError(f"image file is truncated ({len(content)} of {length} bytes of a plane)")
    return content.ljust(length, b"\0")


def _plane(content: bytes, psd: Psd) -> Image:
    if psd.depth == _BITMAP_DEPTH:
        # 1 is black.
        grey = PillowImage.frombytes("1", (psd.width, psd.height), content, "raw", "1;I").convert("L")
        return pyvips.Image.new_from_memory(grey.tobytes(), psd.width, psd.height, 1, "uchar")
    if psd.depth == 8:
        return pyvips.Image.new_from_memory(content, psd.width, psd.height, 1, "uchar")
    return pyvips.Image.new_from_memory(content, psd.width, psd.height, 1, "ushort").byteswap()
