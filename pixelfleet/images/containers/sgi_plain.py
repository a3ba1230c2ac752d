"""Converts an SGI image in runs to the plain form (The SGI Image File Format, version 1.00).

Pillow rejects rows of runs without an end mark, which ffmpeg, GIMP and others write.
"""

import struct
from typing import Final

from pixelfleet.images.codec_errors import DamagedError

_HEAD: Final = 512
_LITERAL: Final = 0x80


def plain_sgi(content: bytes, *, tolerant: bool) -> bytes:
    """The same picture without runs.

    Args:
        content: the whole file.
        tolerant: fill rows that break off with zeros.

    Raises:
        DamagedError: a row breaks off.
    """
    if len(content) < _HEAD:
        raise DamagedError("the head of the SGI breaks off")
    size, dimension, width, height, planes = struct.unpack_from(">BHHHH", content, 3)
    count = (height if dimension > 1 else 1) * (planes if dimension > 2 else 1)
    tables = content[_HEAD : _HEAD + 8 * count]
    if len(tables) < 8 * count or size not in (1, 2):
        raise DamagedError("the table of rows breaks off")
    starts = struct.unpack_from(f">{count}I", tables)
    lengths = struct.unpack_from(f">{count}I", tables, 4 * count)
    rows = []
    for start, length in zip(starts, lengths, strict=True):
        row = _row(content[start : start + length], size, width * size)
        if len(row) < width * size and not tolerant:
            raise DamagedError("unexpected end of a row")
        rows.append(row.ljust(width * size, b"\0"))
    return content[:2] + b"\0" + content[3:_HEAD] + b"".join(rows)


def _row(packed: bytes, size: int, most: int) -> bytes:
    """At most `most` bytes of samples of `size` bytes. The low byte of a code has a count, and a bit for literals."""
    row = bytearray()
    at = 0
    while len(row) < most and at + size <= len(packed):
        code = packed[at + size - 1]
        at += size
        count = code & 0x7F
        if not count:
            break
        taken = count * size if code & _LITERAL else size
        samples = packed[at : at + taken]
        row += samples if code & _LITERAL else samples * count
        at += taken
    return bytes(row[:most])
