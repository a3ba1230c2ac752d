"""The colours of the channels of a JPEG 2000, and the layout of its codestream (ITU-T T.800)."""

import struct
from dataclasses import dataclass
from typing import Final

from pixelfleet.images.containers.iso_boxes import Read, boxes, top_box

_MAX_ENTRIES: Final = 1024
_COLOURS: Final = 3
_USUAL: Final = (0, 1, 2)
#: SOC and SIZ (A.4.1, A.5.1), and enough bytes of the codestream for the SIZ of five components.
_START: Final = b"\xff\x4f\xff\x51"
_HEAD_BYTES: Final = 4 + 38 + 3 * 16
_SYCC, _LAB = 18, 14
#: Enumerated colour spaces that OpenJPEG supports: bi-level, CMYK, sRGB, grey, YCbCr (T.800, I.5.3.3; T.801, M.11.7.3).
_KNOWN: Final = frozenset({0, 12, 16, 17, _SYCC})


@dataclass(frozen=True, slots=True)
class Codestream:
    """`bits` is the depth of the deepest component, `depths` the depth of each component. `uneven`: a component is
    subsampled and does not fill the picture, or a tile, in whole steps."""

    components: int
    bits: int
    uneven: bool
    depths: tuple[int, ...]


def codestream(read: Read) -> Codestream | None:
    """The layout from the SIZ marker; None if the marker cannot be read."""
    head = read(0, _HEAD_BYTES)
    if not head.startswith(_START):
        head = top_box(read, b"jp2c", _HEAD_BYTES)
    if not head.startswith(_START) or len(head) < 42:
        return None
    width, height, left, top, *tiles = struct.unpack_from(">8I", head, 8)
    count = int.from_bytes(head[40:42], "big")
    parts = [head[at : at + 3] for at in range(42, min(42 + 3 * count, len(head) - 2), 3)]
    if not parts:
        return None
    across, down = (width, left, tiles[2]), (height, top, tiles[3])
    # A single tile may be larger than the picture.
    across += (tiles[0],) if tiles[2] + tiles[0] < width else ()
    down += (tiles[1],) if tiles[3] + tiles[1] < height else ()
    uneven = any(
        any(edge % max(part[1], 1) for edge in across) or any(edge % max(part[2], 1) for edge in down) for part in parts
    )
    depths = tuple((part[0] & 0x7F) + 1 for part in parts)
    return Codestream(count, max(depths), uneven, depths)


def colour_order(read: Read) -> tuple[int, ...]:
    """The channels of red, green and blue according to the box `cdef` (I.5.3.6); their own order without `cdef`."""
    definitions = _parts(read).get(b"cdef", b"")
    channels = {}
    for at in range(2, len(definitions) - 5, 6):
        channel, kind, colour = struct.unpack_from(">HHH", definitions, at)
        if kind == 0:
            channels[colour - 1] = channel
    order = tuple(channels.get(colour, -1) for colour in _USUAL)
    return order if sorted(order) == list(_USUAL) else _USUAL


@dataclass(frozen=True, slots=True)
class LabRanges:
    """For L*, a* and b*: the range of the samples, and the sample of zero."""

    ranges: tuple[int, int, int]
    zeros: tuple[int, int, int]


def unknown_space(read: Read) -> int | None:
    """The number of an enumerated colour space that no rule covers; None for every other file."""
    number = _enumerated(_parts(read).get(b"colr", b""))
    return None if number is None or number in _KNOWN or number == _LAB else number


def lab_ranges(read: Read, bits: int) -> LabRanges | None:
    """The coding of CIELab (T.801, M.11.7.4), with the ranges in the file or the default ranges; None for another
    space."""
    colr = _parts(read).get(b"colr", b"")
    if _enumerated(colr) != _LAB:
        return None
    if len(colr) < 7 + 6 * 4:
        half = 1 << bits - 1
        return LabRanges((100, 170, 200), (0, half, half // 2 + half // 4))
    numbers = struct.unpack_from(">6I", colr, 7)
    return LabRanges((numbers[0], numbers[2], numbers[4]), (numbers[1], numbers[3], numbers[5]))


def _enumerated(colr: bytes) -> int | None:
    return int.from_bytes(colr[3:7], "big") if colr[:1] == b"\1" and len(colr) >= 7 else None


def is_sycc(read: Read) -> bool:
    """Whether the enumerated colour space is YCbCr (I.5.3.3). The decoder converts YCbCr to RGB itself."""
    return int.from_bytes(_parts(read).get(b"colr", b"")[3:7], "big") == _SYCC


def palette(read: Read) -> bytes | None:
    """The 8-bit red, green and blue of each palette entry, from the boxes `pclr`, `cmap` and `cdef`; None without a
    palette of three columns."""
    parts = _parts(read)
    pclr = parts.get(b"pclr", b"")
    if len(pclr) < 3:
        return None
    count, columns = int.from_bytes(pclr[:2], "big"), pclr[2]
    depths = [(depth & 0x7F) + 1 for depth in pclr[3 : 3 + columns]]
    widths = [(depth + 7) // 8 for depth in depths]
    if columns != _COLOURS or len(depths) < columns or not 0 < count <= _MAX_ENTRIES:
        return None
    mapped = _columns(parts.get(b"cmap", b""))
    order = [mapped[channel] for channel in colour_order(read)]
    colours = bytearray()
    at = 3 + columns
    for _ in range(count):
        values = []
        for depth, width in zip(depths, widths, strict=True):
            values.append(int.from_bytes(pclr[at : at + width], "big") * 255 // ((1 << depth) - 1) & 255)
            at += width
        colours += bytes(values[column] for column in order)
    return bytes(colours)


def _parts(read: Read) -> dict[bytes, bytes]:
    """The boxes of the header: the first box of each type."""
    header = top_box(read, b"jp2h")
    parts: dict[bytes, bytes] = {}
    for kind, start, end in boxes(header):
        parts.setdefault(kind, header[start:end])
    return parts


def _columns(cmap: bytes) -> tuple[int, ...]:
    """The column of each channel. A `cmap` entry has component (2 bytes), type (1: by palette) and column."""
    columns = tuple(cmap[at + 3] for at in range(0, len(cmap) - 3, 4) if cmap[at + 2] == 1)[:_COLOURS]
    return columns if sorted(columns) == list(_USUAL) else _USUAL
