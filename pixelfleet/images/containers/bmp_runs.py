"""Bitmaps of indexed colours and of runs that Pillow refuses or shows wrongly (Microsoft, "Bitmap Compression"; OS/2
2.x, BITMAPINFOHEADER2).

Pillow loses an empty row of runs, and takes an early end of the bitmap for a truncated file.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Read = Callable[[int, int], bytes]

_FILE_HEADER: Final = 14
_RLE8, _RLE4, _RLE24 = 1, 2, 4
#: By compression: bits of a pixel.
_RUNS: Final = {_RLE8: 8, _RLE4: 4, _RLE24: 24}
#: The longest header of OS/2. In longer headers, compression 4 is JPEG.
_OS2_HEADER: Final = 64
_SHORTEST, _INFO_HEADER = 16, 40
_MAX_COLOURS: Final = 256
_END_OF_ROW, _END, _DELTA = 0, 1, 2


@dataclass(frozen=True, slots=True)
class RunBitmap:
    """A bitmap of runs, or of 2 bits, or with an unusual header. `palette` has four bytes for each colour: blue, green,
    red and an unused byte. The lowest row comes first unless `top_down`."""

    width: int
    height: int
    top_down: bool
    bits: int
    runs: bool
    offset: int
    palette: bytes


@dataclass(frozen=True, slots=True)
class Pixels:
    """One byte for each pixel with a palette, else blue, green and red; rows from the top. `painted` has a 0 for each
    pixel that no run has painted. `complete`: the runs have an end."""

    content: bytes
    painted: bytes
    complete: bool


def run_bitmap(read: Read) -> RunBitmap | None:
    """None for a bitmap that Pillow reads correctly, and for a truncated header."""
    head = read(0, _FILE_HEADER + _INFO_HEADER)
    start = _FILE_HEADER if head[:2] == b"BM" else 0
    if len(head) < start + _SHORTEST:
        return None
    size, width, height, _, bits = struct.unpack_from("<IiiHH", head, start)
    if not _SHORTEST <= size <= 124 or width < 1 or height == 0:
        return None
    # A short header of OS/2 omits the last fields; an omitted field is 0.
    fields = head[start : start + min(size, _INFO_HEADER)].ljust(_INFO_HEADER, b"\0")
    compression, colours = struct.unpack_from("<I", fields, 16)[0], struct.unpack_from("<I", fields, 32)[0]
    runs = _RUNS.get(compression) == bits and (compression != _RLE24 or size <= _OS2_HEADER)
    plain = compression == 0 and bits in (1, 2, 4, 8)
    unusual = bits == 2 or size < _INFO_HEADER or colours > _MAX_COLOURS
    if not (runs or (plain and unusual)):
        return None
    count = min(colours or 1 << bits, _MAX_COLOURS) if bits <= 8 else 0
    offset = int.from_bytes(head[10:14], "little") if start else size + 4 * (colours or count)
    return RunBitmap(width, abs(height), height < 0, bits, runs, offset, read(start + size, 4 * count))


def pixels_of(bitmap: RunBitmap, data: bytes) -> Pixels:
    """The pixels of the bitmap; `data` starts at `bitmap.offset`. Parts of runs outside the picture are cut."""
    decoded = _decoded(bitmap, data) if bitmap.runs else _unpacked(bitmap, data)
    return decoded if bitmap.top_down else _upside_down(bitmap, decoded)


def _unpacked(bitmap: RunBitmap, data: bytes) -> Pixels:
    """Rows of packed indices, each padded to four bytes."""
    width, bits = bitmap.width, bitmap.bits
    stride = (width * bits + 31) // 32 * 4
    mask = (1 << bits) - 1
    cells = [bytes(byte >> shift & mask for shift in range(8 - bits, -1, -bits)) for byte in range(256)]
    whole = data[: stride * bitmap.height]
    complete = len(whole) == stride * bitmap.height
    whole = whole.ljust(stride * bitmap.height, b"\0")
    rows = [b"".join([cells[byte] for byte in whole[at : at + stride]])[:width] for at in range(0, len(whole), stride)]
    return Pixels(b"".join(rows), b"\1" * (width * bitmap.height), complete)


def _decoded(bitmap: RunBitmap, data: bytes) -> Pixels:
    canvas = _Canvas(bitmap)
    at, ended = 0, False
    while at + 2 <= len(data) and canvas.y < bitmap.height and not ended:
        count, code = data[at], data[at + 1]
        if count:
            width = 3 if bitmap.bits == 24 else 1
            canvas.paint(_run(bitmap, data[at + 1 : at + 1 + width], count))
            at += 1 + width
            continue
        at += 2
        if code == _END_OF_ROW:
            canvas.x, canvas.y = 0, canvas.y + 1
        elif code == _END:
            ended = True
        elif code == _DELTA:
            canvas.x += int.from_bytes(data[at : at + 1])
            canvas.y += int.from_bytes(data[at + 1 : at + 2])
            at += 2
        else:
            length = (code * bitmap.bits + 7) // 8
            canvas.paint(_literal(bitmap, data[at : at + length], code))
            # A literal is padded to an even number of bytes.
            at += length + length % 2
    return Pixels(bytes(canvas.content), bytes(canvas.painted), ended or all(canvas.painted))


class _Canvas:
    """The picture while runs are painted; `x` and `y` are the place of the next pixel, in the order of the file."""

    def __init__(self, bitmap: RunBitmap) -> None:
        self._width = bitmap.width
        self._unit = 3 if bitmap.bits == 24 else 1
        self.content = bytearray(bitmap.width * bitmap.height * self._unit)
        self.painted = bytearray(bitmap.width * bitmap.height)
        self.x = self.y = 0

    def paint(self, run: bytes) -> None:
        unit = self._unit
        fits = min(len(run) // unit, max(self._width - self.x, 0))
        start = self.y * self._width + self.x
        self.content[start * unit : (start + fits) * unit] = run[: fits * unit]
        self.painted[start : start + fits] = b"\1" * fits
        self.x += len(run) // unit


def _run(bitmap: RunBitmap, value: bytes, count: int) -> bytes:
    """`count` equal pixels; with 4 bits the two halves of the byte in turn."""
    if bitmap.bits != 4 or not value:
        return value * count
    return (bytes((value[0] >> 4, value[0] & 15)) * count)[:count]


def _literal(bitmap: RunBitmap, value: bytes, count: int) -> bytes:
    if bitmap.bits != 4:
        return value
    return b"".join([bytes((byte >> 4, byte & 15)) for byte in value])[:count]


def _upside_down(bitmap: RunBitmap, pixels: Pixels) -> Pixels:
    def turned(content: bytes, row: int) -> bytes:
        return b"".join([content[at - row : at] for at in range(len(content), 0, -row)])

    unit = 3 if bitmap.bits == 24 else 1
    return Pixels(turned(pixels.content, bitmap.width * unit), turned(pixels.painted, bitmap.width), pixels.complete)
