"""Boxes of ISO base media files (ISO/IEC 14496-12): properties of the picture in AVIF, HEIC and JP2."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

Read = Callable[[int, int], bytes]
#: A box: its type, and the start and the end of its content.
Box = tuple[bytes, int, int]

_MAX_BOXES: Final = 4096
_MAX_META: Final = 4_000_000
#: Item types that hold coded pixels (ISO/IEC 23008-12 and AV1-ISOBMFF; `grid`, `iden` and `iovl` only refer to these).
_CODED: Final = frozenset(
    {b"av01", b"hvc1", b"jpeg", b"avc1", b"vvc1", b"evc1", b"lhv1", b"j2k1", b"unci", b"mski", b"hev1"}
)


@dataclass(frozen=True, slots=True)
class Nclx:
    """Code points of ITU-T H.273: colour primaries, transfer characteristics, matrix coefficients."""

    primaries: int
    transfer: int
    matrix: int
    full_range: bool

    @property
    def code_points(self) -> tuple[int, int, int]:
        return self.primaries, self.transfer, self.matrix


@dataclass(frozen=True, slots=True)
class Heif:
    """The properties of the primary item, from the `meta` box of a HEIF or AVIF file."""

    codecs: frozenset[bytes] = frozenset()
    nclx: Nclx | None = None
    premultiplied: bool = False
    #: The content of the box `av1C` (AV1-ISOBMFF, 2.3), and the offset of the coded picture or of its first tile.
    av1: bytes = b""
    start: int | None = None


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes from `start` to `end`. A box that extends past the end is cut there."""
    end = len(data) if end is None else min(end, len(data))
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        size, kind, body = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], start + 8
        if size == 1:
            size, body = int.from_bytes(data[start + 8 : start + 16], "big"), start + 16
        stop = end if size == 0 else min(start + size, end)
        if stop < body:
            return
        yield kind, body, stop
        start = stop


def top_box(read: Read, kind: bytes, limit: int = _MAX_META) -> bytes:
    """The content of the first top-level box of this type, at most `limit` bytes; empty if there is no such box."""
    at = 0
    for _ in range(_MAX_BOXES):
        head = read(at, 16)
        if len(head) < 8:
            return b""
        size, body = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, body = int.from_bytes(head[8:16], "big"), 16
        if 0 < size < body:
            return b""
        if head[4:8] == kind:
            return read(at + body, min(limit, size - body if size else limit))
        if size == 0:
            return b""
        at += size
    return b""


def brands(read: Read) -> frozenset[bytes]:
    """Major and compatible brands of the `ftyp` box."""
    content = top_box(read, b"ftyp", 4096)
    return frozenset(content[at : at + 4] for at in (0, *range(8, len(content) - 3, 4)))


def codecs(read: Read) -> frozenset[bytes]:
    """The codings of the items that hold pixels: `av01`, `hvc1` ..."""
    return heif(read).codecs


def heif(read: Read) -> Heif:
    """The primary item of a HEIF file; a default `Heif` if the structure cannot be read."""
    meta = top_box(read, b"meta")
    if len(meta) < 12:
        return Heif()
    parts = {kind: (start, end) for kind, start, end in boxes(meta, 4)}
    types = item_types(meta, parts.get(b"iinf"))
    primary = primary_item(meta, parts.get(b"pitm"))
    coded = frozenset({types[primary]} & _CODED) if primary in types else frozenset()
    properties = _properties(meta, parts.get(b"iprp"), primary)
    return Heif(
        codecs=coded or frozenset(types.values()) & _CODED,
        nclx=_nclx(meta, properties),
        av1=next((meta[at:stop] for kind, at, stop in properties if kind == b"av1C"), b""),
        start=start_of(meta, parts.get(b"iloc"), coded_item(types, primary)),
        premultiplied=_premultiplied(meta, parts.get(b"iref"), primary),
    )


def primary_item(meta: bytes, span: tuple[int, int] | None) -> int:
    """The number in `pitm`; -1 without that box."""
    if span is None:
        return -1
    start, _ = span
    return number_at(meta, start + 4, 2 if number_at(meta, start, 1) == 0 else 4)


def item_types(meta: bytes, span: tuple[int, int] | None) -> dict[int, bytes]:
    """The four-letter type of each item in `iinf`."""
    types: dict[int, bytes] = {}
    if span is None:
        return types
    start, end = span
    first = start + 4 + (2 if number_at(meta, start, 1) == 0 else 4)
    for kind, at, stop in boxes(meta, first, end):
        if kind == b"infe" and stop - at >= 12 and meta[at] >= 2:
            width = 2 if meta[at] == 2 else 4
            types[number_at(meta, at + 4, width)] = meta[at + 6 + width : at + 10 + width]
    return types


def coded_item(types: dict[int, bytes], primary: int) -> int:
    """The primary item, or the first item with coded pixels if the primary item is a grid."""
    if types.get(primary) in _CODED:
        return primary
    return next((item for item, kind in types.items() if kind in _CODED), primary)


def start_of(meta: bytes, span: tuple[int, int] | None, item: int) -> int | None:
    """The file offset of the item's first extent (ISO/IEC 14496-12, 8.11.3); None if the item is not stored in the file
    itself."""
    if span is None:
        return None
    at, end = span
    version, sizes = number_at(meta, at, 1), number_at(meta, at + 4, 2)
    of_offset, of_length, of_base = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    of_index = sizes & 15 if version else 0
    width = 4 if version > 1 else 2
    count, at = number_at(meta, at + 6, width), at + 6 + width
    for _ in range(min(count, _MAX_BOXES)):
        if at + width + 6 > end:
            return None
        number, at = number_at(meta, at, width), at + width
        in_file = not version or number_at(meta, at, 2) & 15 == 0
        at += 4 if version else 2
        base, at = number_at(meta, at, of_base), at + of_base
        extents, at = number_at(meta, at, 2), at + 2
        if number == item:
            return base + number_at(meta, at + of_index, of_offset) if in_file and extents else None
        at += extents * (of_index + of_offset + of_length)
    return None


def _premultiplied(meta: bytes, span: tuple[int, int] | None, primary: int) -> bool:
    """Whether a `prem` reference leads from the colour item to its alpha item (MIAF, ISO/IEC 23000-22, 7.3.5.2)."""
    if span is None:
        return False
    start, end = span
    width = 2 if number_at(meta, start, 1) == 0 else 4
    return any(kind == b"prem" and number_at(meta, at, width) == primary for kind, at, _ in boxes(meta, start + 4, end))


def _properties(meta: bytes, span: tuple[int, int] | None, primary: int) -> list[Box]:
    """The properties of the primary item, then all properties of the file: tiles have properties that their grid
    lacks."""
    if span is None:
        return []
    parts = {kind: (start, end) for kind, start, end in boxes(meta, *span)}
    if b"ipco" not in parts:
        return []
    every = list(boxes(meta, *parts[b"ipco"]))
    own = associations(meta, parts.get(b"ipma")).get(primary, [])
    return [every[at - 1] for at in own if 0 < at <= len(every)] + every


def _nclx(meta: bytes, properties: list[Box]) -> Nclx | None:
    """The first `colr` property of type `nclx`."""
    for kind, at, stop in properties:
        if kind == b"colr" and meta[at : at + 4] == b"nclx" and stop - at >= 11:
            primaries, transfer, matrix = (number_at(meta, at + place, 2) for place in (4, 6, 8))
            return Nclx(primaries, transfer, matrix, bool(meta[at + 10] & 0x80))
    return None


def associations(meta: bytes, span: tuple[int, int] | None) -> dict[int, list[int]]:
    """For each item number its property numbers, which start at 1 (ISO/IEC 23008-12, 9.3.2)."""
    numbers: dict[int, list[int]] = {}
    if span is None:
        return numbers
    at, end = span
    id_width, wide = 2 if number_at(meta, at, 1) == 0 else 4, number_at(meta, at + 3, 1) & 1
    count, at = number_at(meta, at + 4, 4), at + 8
    for _ in range(min(count, _MAX_BOXES)):
        if at + id_width >= end:
            break
        item, number, at = number_at(meta, at, id_width), meta[at + id_width], at + id_width + 1
        step = 2 if wide else 1
        mask = 0x7FFF if wide else 0x7F
        numbers[item] = [number_at(meta, at + step * place, step) & mask for place in range(number)]
        at += step * number
    return numbers


def number_at(data: bytes, at: int, width: int) -> int:
    """The number in `width` bytes, or in fewer bytes at the end of the data."""
    return int.from_bytes(data[at : at + width], "big")
