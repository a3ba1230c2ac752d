"""Image file directories of TIFF (TIFF 6.0, section 2) and BigTIFF: the tags of each picture, read without a codec."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from pixelfleet.errors import Cause, PermanentError

Read = Callable[[int, int], bytes]

_MAX_ENTRIES: Final = 1024
#: The most fields of all directories that are read of one file. Directories may overlap in the file, and many may refer
#: to the same directories: without a limit, 160 kB took minutes. 2,000 pages with a reduced copy each have some 80,000.
MAX_FIELDS: Final = 300_000
_MAX_VALUE: Final = 4_000_000
#: Bytes of each field type (TIFF 6.0, page 15; 13 from the TIFF technical notes, 16 to 18 from BigTIFF).
SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS: Final = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q", 7: "B"}

_RATIONAL: Final = 5

NEW_SUBFILE_TYPE: Final = 254
OLD_SUBFILE_TYPE: Final = 255
SUB_IFDS: Final = 330


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One field: its type, the number of values, and the file offset of the values."""

    kind: int
    count: int
    offset: int

    @property
    def bytes(self) -> int:
        return SIZES.get(self.kind, 0) * self.count


@dataclass(frozen=True, slots=True)
class Directory:
    """One image file directory. Values are read on access."""

    entries: dict[int, DirectoryEntry]
    next: int
    _file: "TiffFile"

    def data(self, tag: int, most: int = _MAX_VALUE) -> bytes:
        """The first `most` bytes of a field, in the file's byte order; empty if the field is missing or too long."""
        entry = self.entries.get(tag)
        if entry is None or not 0 < entry.bytes <= _MAX_VALUE:
            return b""
        size = min(entry.bytes, most)
        content = self._file.read(entry.offset, size)
        return content if len(content) == size else b""

    def numbers(self, tag: int, most: int = _MAX_VALUE) -> tuple[int, ...]:
        """The first `most` integers of a field; empty without the field or for another type."""
        entry = self.entries.get(tag)
        code = _INTEGERS.get(entry.kind) if entry else None
        if entry is None or code is None:
            return ()
        count = min(entry.count, most)
        content = self.data(tag, count * SIZES[entry.kind])
        return struct.unpack(f"{self._file.mark}{count}{code}", content) if content else ()

    def fractions(self, tag: int) -> tuple[float, ...]:
        """The unsigned fractions of a field (type 5); empty without the field, for another type, or for a denominator
        of 0."""
        entry = self.entries.get(tag)
        content = self.data(tag)
        if entry is None or entry.kind != _RATIONAL or not content:
            return ()
        parts = struct.unpack(f"{self._file.mark}{2 * entry.count}I", content)
        if 0 in parts[1::2]:
            return ()
        return tuple(over / under for over, under in zip(parts[0::2], parts[1::2], strict=True))

    def number(self, tag: int, default: int) -> int:
        """The first integer of a field."""
        return next(iter(self.numbers(tag, 1)), default)


class TiffFile:
    """The directories of one file.

    Args:
        read: `read(offset, count)` returns at most `count` bytes from an offset.
    """

    def __init__(self, read: Read) -> None:
        self.read = read
        self._fields_left = MAX_FIELDS
        head = read(0, 16)
        self.order: Literal["little", "big"] = "little" if head[:2] == b"II" else "big"
        self.mark = "<" if self.order == "little" else ">"
        self.big = head[2:4] in (b"+\x00", b"\x00+")
        self.first = int.from_bytes(head[8:16] if self.big else head[4:8], self.order)

    def chain(self, most: int) -> Iterator[Directory]:
        """The directories of the chain from the header, in order. A chain that returns to an earlier directory ends
        there."""
        at, seen = self.first, set[int]()
        while at and at not in seen and len(seen) < most:
            seen.add(at)
            directory = self.directory(at)
            if directory is None:
                return
            yield directory
            at = directory.next

    def directory(self, at: int) -> Directory | None:
        """The directory at an offset; None where there is none.

        Raises:
            PermanentError: `too_much_metadata`.
        """
        count_size, entry_size, offset_size = (8, 20, 8) if self.big else (2, 12, 4)
        head = self.read(at, count_size)
        count = int.from_bytes(head, self.order)
        if len(head) < count_size or not 0 < count <= _MAX_ENTRIES:
            return None
        self._fields_left -= count
        if self._fields_left < 0:
            raise PermanentError(
                Cause.TOO_MUCH_METADATA,
                f"the directories of the TIFF have more than {MAX_FIELDS:,} fields; split it or save it anew",
            )
        table = self.read(at + count_size, count * entry_size + offset_size)
        if len(table) < count * entry_size:
            return None
        entries = dict(self._entry(table, at + count_size, number * entry_size) for number in range(count))
        return Directory(entries, int.from_bytes(table[count * entry_size :], self.order), self)

    def _entry(self, table: bytes, base: int, at: int) -> tuple[int, DirectoryEntry]:
        width, place = (8, 12) if self.big else (4, 8)
        tag = int.from_bytes(table[at : at + 2], self.order)
        kind = int.from_bytes(table[at + 2 : at + 4], self.order)
        count = int.from_bytes(table[at + 4 : at + 4 + width], self.order)
        inline = SIZES.get(kind, 0) * count <= width
        value = table[at + place : at + place + width]
        return tag, DirectoryEntry(kind, count, base + at + place if inline else int.from_bytes(value, self.order))
