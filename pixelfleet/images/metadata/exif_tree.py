"""EXIF as a tree of directories (EXIF 2.32, 4.5): read from and written to the bytes of a TIFF structure.

Fields keep their type and their raw values, in little-endian order. No value is decoded to text and encoded again, so
that kept values stay exactly as written.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

from pixelfleet.images.containers.tiff_directories import SIZES, Directory, Read, TiffFile

EXIF_IFD, GPS_IFD = 34665, 34853
_ORIENTATION: Final = 274
#: Bytes of one unit of a field type for swapping bytes: a rational is two units of four bytes.
_UNITS: Final = SIZES | {5: 4, 10: 4}
#: A longer field is a preview or a maker's own block; an EXIF block has at most 64 kB in JPEG.
_MAX_FIELD: Final = 32_768
_ASCII, _SHORT = 2, 3


@dataclass(frozen=True, slots=True)
class Field:
    """`kind` is the field type of TIFF; `data` its values, little-endian."""

    kind: int
    data: bytes

    @property
    def count(self) -> int:
        return len(self.data) // SIZES[self.kind]


Fields = dict[int, Field]


@dataclass(frozen=True, slots=True)
class ExifTree:
    """The directories of the picture itself, of the exposure (Exif), and of the location (GPS). There is no thumbnail
    directory."""

    image: Fields = field(default_factory=dict)
    exif: Fields = field(default_factory=dict)
    gps: Fields = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not (self.image or self.exif or self.gps)


def text(value: str) -> Field:
    """A text field in UTF-8, which EXIF 3.0 defines and readers of EXIF 2 show."""
    return Field(_ASCII, value.encode() + b"\0")


def short(value: int) -> Field:
    """A field of one 16-bit number."""
    return Field(_SHORT, struct.pack("<H", value))


def orientation(blob: bytes) -> int | None:
    """The orientation of an EXIF block, 1 to 8; None if the block has no orientation."""
    field = read_tree(blob).image.get(_ORIENTATION)
    value = int.from_bytes(field.data[: SIZES[field.kind]], "little") if field else 0
    return value if 1 <= value <= 8 else None


def read_tree(blob: bytes) -> ExifTree:
    """The tree of an EXIF block, with or without its `Exif` mark; empty if the bytes are not EXIF."""
    content = blob.removeprefix(b"Exif\0\0")
    if content[:4] not in (b"II*\0", b"MM\0*"):
        return ExifTree()
    return tree_of_file(lambda offset, count: content[offset : offset + count])


def tree_of_file(read: Read, directory: Directory | None = None) -> ExifTree:
    """The tree of a TIFF structure, from its first directory or the given one."""
    file = TiffFile(read)
    root = directory or file.directory(file.first)
    if root is None:
        return ExifTree()
    return ExifTree(_fields(file, root), _below(file, root, EXIF_IFD), _below(file, root, GPS_IFD))


def write_tree(tree: ExifTree) -> bytes:
    """The tree as a little-endian TIFF structure; empty for an empty tree."""
    if tree.empty:
        return b""
    content = bytearray(b"II*\0\x08\0\0\0")
    below = {tag: fields for tag, fields in ((EXIF_IFD, tree.exif), (GPS_IFD, tree.gps)) if fields}
    _append(content, tree.image, below)
    return bytes(content)


def _append(content: bytearray, fields: Fields, below: dict[int, Fields]) -> None:
    """Appends one directory, then its long values and the directories to which it points."""
    pointers = {tag: Field(4, bytes(4)) for tag in below}
    ordered = sorted((fields | pointers).items())
    start = len(content)
    content += struct.pack("<H", len(ordered)) + bytes(12 * len(ordered) + 4)
    for number, (tag, one) in enumerate(ordered):
        at = start + 2 + 12 * number
        if tag in below:
            value = struct.pack("<I", len(content))
            _append(content, below[tag], {})
        elif len(one.data) <= 4:
            value = one.data.ljust(4, b"\0")
        else:
            value = struct.pack("<I", len(content))
            content += one.data + bytes(len(one.data) % 2)
        content[at : at + 12] = struct.pack("<HHI", tag, one.kind, one.count) + value


def _below(file: TiffFile, root: Directory, tag: int) -> Fields:
    directory = file.directory(root.number(tag, 0)) if root.number(tag, 0) else None
    return _fields(file, directory) if directory else {}


def _fields(file: TiffFile, directory: Directory) -> Fields:
    fields: Fields = {}
    for tag, entry in directory.entries.items():
        if tag in (EXIF_IFD, GPS_IFD) or entry.kind not in SIZES or not 0 < entry.bytes <= _MAX_FIELD:
            continue
        content = directory.data(tag)
        if content:
            fields[tag] = Field(
                entry.kind, content if file.order == "little" else _swapped(content, _UNITS[entry.kind])
            )
    return fields


def _swapped(content: bytes, unit: int) -> bytes:
    if unit == 1:
        return content
    swapped = bytearray(len(content))
    for place in range(unit):
        swapped[place::unit] = content[unit - 1 - place :: unit]
    return bytes(swapped)
