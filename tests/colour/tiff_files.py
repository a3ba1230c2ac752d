"""TIFF by hand: any tags, any samples, any directories below (TIFF 6.0)."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.colour.quarters import rows

_CODES: Final = {1: "B", 2: "s", 3: "H", 4: "I", 7: "s", 11: "f"}
#: Bytes of the types whose values are given as bytes.
_WIDTHS: Final = {5: 8}
_NEW_SUBFILE, _SUB_IFDS = 254, 330
Values = Sequence[int | float] | bytes


@dataclass
class Page:
    """One directory: samples of each pixel row by row, and the tags that differ from those of plain RGB."""

    pixels: list[list[tuple[float, ...]]]
    photometric: int = 2
    bits: int = 8
    sample_format: int = 1
    extra: tuple[int, ...] = ()
    tags: Mapping[int, tuple[int, Values]] = field(default_factory=dict)
    below: tuple["Page", ...] = ()
    packed: bytes | None = None

    def samples(self) -> bytes:
        if self.packed is not None:
            return self.packed
        code = {(8, 1): "B", (16, 1): "H", (32, 1): "I", (32, 3): "f", (16, 3): "e", (8, 2): "b"}[
            self.bits, self.sample_format
        ]
        flat = [value for row in self.pixels for pixel in row for value in pixel]
        return struct.pack(f"<{len(flat)}{code}", *flat)


def quarters_page(values: tuple[tuple[float, ...], ...], **more: object) -> Page:
    """The four quarters with these samples."""
    return Page(rows(values), **more)  # type: ignore[arg-type]


def tiff(*pages: Page) -> bytes:
    """A classic little-endian TIFF of these pages."""
    content = bytearray(b"II*\0\0\0\0\0")
    link = 4
    for page in pages:
        start, end = _directory(content, page)
        content[link : link + 4] = struct.pack("<I", start)
        link = end
    return bytes(content)


def _directory(content: bytearray, page: Page) -> tuple[int, int]:
    """Append pixels, long values and the directory; returns its start and where its link to the next lies."""
    below = [_directory(content, one)[0] for one in page.below]
    strip = len(content)
    content += page.samples()
    width, height = len(page.pixels[0]), len(page.pixels)
    count = len(page.pixels[0][0])
    tags: dict[int, tuple[int, Values]] = {
        256: (4, [width]), 257: (4, [height]), 258: (3, [page.bits] * count), 259: (3, [1]),
        262: (3, [page.photometric]), 273: (4, [strip]), 277: (3, [count]), 278: (4, [height]),
        279: (4, [len(content) - strip]), 284: (3, [1]), 339: (3, [page.sample_format] * count),
    }  # fmt: skip
    if page.extra:
        tags[338] = (3, page.extra)
    if below:
        tags[_SUB_IFDS] = (4, below)
    entries = []
    for tag, (kind, values) in sorted({**tags, **page.tags}.items()):
        raw = values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{_CODES[kind]}", *values)
        number = len(values) // _WIDTHS.get(kind, 1)
        if len(raw) > 4:
            content += bytes(len(content) % 2)
            place = struct.pack("<I", len(content))
            content += raw
        else:
            place = raw.ljust(4, b"\0")
        entries.append(struct.pack("<HHI", tag, kind, number) + place)
    content += bytes(len(content) % 2)
    start = len(content)
    content += struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return start, len(content) - 4


def reduced(page: Page) -> Page:
    """The page marked as a reduced copy of another."""
    page.tags = {**page.tags, _NEW_SUBFILE: (4, [1])}
    return page


def small(value: tuple[float, ...] = (9, 9, 9)) -> Page:
    """A thumbnail of 16 x 12 that is marked as such."""
    return reduced(Page([[value] * 16] * 12))
