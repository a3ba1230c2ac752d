"""Writes EXIF and IPTC into a TIFF from libvips: libvips writes XMP and ICC to TIFF, but no EXIF.

A new first directory is appended to the file, with the fields of EXIF and pointers to the EXIF directories. Then the
header points to the new directory (TIFF 6.0, section 2; BigTIFF).
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pixelfleet.images.metadata.exif_tree import EXIF_IFD, GPS_IFD, ExifTree, Field, Fields

_LONG, _LONG8 = 4, 18
#: By tag: the entry of a field, and the value if the value is outside the entry (else empty).
_Packed = dict[int, tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """The numbers of a TIFF: the formats of the number of entries and of a count or offset, the position of the
    header's offset, and the field type of a pointer."""

    entries: str
    offset: str
    header: int
    pointer: int

    @property
    def width(self) -> int:
        return struct.calcsize(self.offset)


_KINDS: Final = {b"II*\0": _Kind("<H", "<I", 4, _LONG), b"II+\0": _Kind("<Q", "<Q", 8, _LONG8)}


def add_fields(path: Path, tree: ExifTree, more: Fields) -> None:
    """Add the tree and the fields `more` to the file's first directory; the directory's existing fields stay.

    Raises:
        ValueError: the file is not a little-endian TIFF.
    """
    with path.open("r+b") as file:
        kind = _KINDS.get(file.read(4))
        if kind is None:
            raise ValueError("fields are added to a little-endian TIFF alone")
        entries, following = _entries(file, kind)
        for tag, fields in ((EXIF_IFD, tree.exif), (GPS_IFD, tree.gps)):
            if fields:
                start = _append(file, kind, _packed(kind, fields), b"")
                entries |= _packed(kind, {tag: Field(kind.pointer, struct.pack(kind.offset, start))})
        entries = _packed(kind, tree.image | more) | entries
        start = _append(file, kind, entries, following)
        file.seek(kind.header)
        file.write(struct.pack(kind.offset, start))


def _entries(file: BinaryIO, kind: _Kind) -> tuple[_Packed, bytes]:
    file.seek(kind.header)
    file.seek(_number(file.read(kind.width)))
    size = 4 + 2 * kind.width
    table = file.read(size * _number(file.read(struct.calcsize(kind.entries))))
    following = file.read(kind.width)
    entries = (table[start : start + size] for start in range(0, len(table), size))
    return {_number(entry[:2]): (entry, b"") for entry in entries}, following


def _packed(kind: _Kind, fields: Fields) -> _Packed:
    packed: _Packed = {}
    for tag, one in fields.items():
        head = struct.pack("<HH", tag, one.kind) + struct.pack(kind.offset, one.count)
        inline = len(one.data) <= kind.width
        packed[tag] = (head + one.data.ljust(kind.width, b"\0"), b"") if inline else (head, one.data)
    return packed


def _append(file: BinaryIO, kind: _Kind, entries: _Packed, following: bytes) -> int:
    """Append the long values and then the directory; returns the offset of the directory."""
    table = struct.pack(kind.entries, len(entries))
    for _, (head, value) in sorted(entries.items()):
        table += head + (struct.pack(kind.offset, _written(file, value)) if value else b"")
    return _written(file, table + (following or bytes(kind.width)))


def _written(file: BinaryIO, value: bytes) -> int:
    at = file.seek(0, 2)
    padding = -at % 8
    file.write(bytes(padding) + value)
    return at + padding


def _number(content: bytes) -> int:
    return int.from_bytes(content, "little")
