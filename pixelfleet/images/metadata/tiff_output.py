"""EXIF and IPTC into a TIFF that libvips has written: libvips writes XMP and ICC to TIFF, but no EXIF.

The first directory is written anew behind the end of the file, with the fields of EXIF and pointers to its
directories; then the header points to the new one (TIFF 6.0, section 2; BigTIFF).
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pixelfleet.images.metadata.exif_tree import EXIF_IFD, GPS_IFD, ExifTree, Field, Fields

_LONG, _LONG8 = 4, 18
#: The entry of a field, and its value where that lies elsewhere (else empty).
_Packed = dict[int, tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a TIFF counts: formats of the number of entries, of a count or offset, and where the header's offset lies."""

    entries: str
    offset: str
    header: int
    pointer: int

    @property
    def width(self) -> int:
        return struct.calcsize(self.offset)


_KINDS: Final = {b"II*\0": _Kind("<H", "<I", 4, _LONG), b"II+\0": _Kind("<Q", "<Q", 8, _LONG8)}


def add_fields(path: Path, tree: ExifTree, more: Fields) -> None:
    """Put the tree and more fields into the file's first directory; fields that the directory has stay.

    Raises:
        ValueError: the file is no little-endian TIFF.
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
    """Write the long values and then the directory at the end; returns where the directory begins."""
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
