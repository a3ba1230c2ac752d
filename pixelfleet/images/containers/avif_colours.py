"""Declares the colours of an AVIF that libvips wrote: libvips has no option for code points (ITU-T H.273).

A property `colr` of the type `nclx` is added to the primary item (ISO/IEC 23008-12; ISO/IEC 14496-12, 12.1.5), and
the offsets of the data that follows are moved.
"""

import struct
from collections.abc import Iterator
from typing import Final

_COLR_BYTES: Final = 19
_ADDED: Final = _COLR_BYTES + 1
#: The matrix of BT.601, by which libheif makes YCbCr of RGB, with the full range.
_MATRIX: Final = 6
_FULL_RANGE: Final = 0x80
Box = tuple[bytes, int, int]


def with_code_points(content: bytes, primaries: int, transfer: int) -> bytes:
    """The file with these code points for its primary item.

    Raises:
        ValueError: the file is not as libheif writes it.
    """
    data = bytearray(content)
    meta = _box(data, b"meta", 0, len(data))
    inside = meta[1] + 4, meta[2]
    iprp = _box(data, b"iprp", *inside)
    ipco, ipma = (_box(data, kind, iprp[1], iprp[2]) for kind in (b"ipco", b"ipma"))
    if not ipco[2] <= ipma[1] - 8 or int.from_bytes(data[ipma[1] : ipma[1] + 4], "big"):
        raise ValueError("the properties of this AVIF are in an order that is not known")
    index = sum(1 for _ in _boxes(data, ipco[1], ipco[2])) + 1
    entry = _entry(data, ipma, _primary(data, *inside))
    _move_data(data, _box(data, b"iloc", *inside), meta[2])
    # From the end of the file to its beginning, so that the offsets above stay right.
    data[entry + 3 + data[entry + 2] : entry + 3 + data[entry + 2]] = bytes([index])
    data[entry + 2] += 1
    data[ipco[2] : ipco[2]] = _colr(primaries, transfer)
    for box, more in ((ipco, _COLR_BYTES), (iprp, _ADDED), (meta, _ADDED)):
        _grow(data, box[1], more)
    _grow(data, ipma[1] + _COLR_BYTES, 1)
    return bytes(data)


def _colr(primaries: int, transfer: int) -> bytes:
    return struct.pack(">I4s4sHHHB", _COLR_BYTES, b"colr", b"nclx", primaries, transfer, _MATRIX, _FULL_RANGE)


def _boxes(data: bytes | bytearray, start: int, end: int) -> Iterator[Box]:
    """Each box with the start of its content and its end."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        if size < 8 or start + size > end:
            raise ValueError("a box of this AVIF has a size that is not known")
        yield kind, start + 8, start + size
        start += size


def _box(data: bytearray, kind: bytes, start: int, end: int) -> Box:
    for box in _boxes(data, start, end):
        if box[0] == kind:
            return box
    raise ValueError(f"this AVIF has no box {kind.decode('latin-1')}")


def _primary(data: bytearray, start: int, end: int) -> int:
    pitm = _box(data, b"pitm", start, end)
    return int.from_bytes(data[pitm[1] + 4 : pitm[1] + 6], "big")


def _entry(data: bytearray, ipma: Box, item: int) -> int:
    """The offset of an item's associations: its number, their count, and one byte for each."""
    at = ipma[1] + 8
    while at < ipma[2]:
        if int.from_bytes(data[at : at + 2], "big") == item:
            return at
        at += 3 + data[at + 2]
    raise ValueError("the primary item of this AVIF has no properties")


def _grow(data: bytearray, content: int, more: int) -> None:
    size = int.from_bytes(data[content - 8 : content - 4], "big")
    data[content - 8 : content - 4] = (size + more).to_bytes(4, "big")


def _move_data(data: bytearray, iloc: Box, meta_end: int) -> None:
    """Offsets of 4 bytes: of each item a base and extents, of which libheif uses one of the two."""
    sizes, at = data[iloc[1] + 4 : iloc[1] + 6], iloc[1] + 8
    if data[iloc[1]] or sizes != b"\x44\x40":
        raise ValueError("the locations of this AVIF are in a form that is not known")
    for _ in range(int.from_bytes(data[iloc[1] + 6 : iloc[1] + 8], "big")):
        base, extents = struct.unpack_from(">IH", data, at + 4)
        if base >= meta_end:
            struct.pack_into(">I", data, at + 4, base + _ADDED)
        at += 10
        for _ in range(extents):
            [offset] = struct.unpack_from(">I", data, at)
            if not base and offset >= meta_end:
                struct.pack_into(">I", data, at, offset + _ADDED)
            at += 8
