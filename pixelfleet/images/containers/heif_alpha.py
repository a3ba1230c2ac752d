"""The alpha item of a HEIF file: its range, and its transformations compared with those of the primary item.

An alpha is a separate picture (ISO/IEC 23008-12, 6.6.2.1.2) with its own sequence header and properties. Browsers and
libavif rotate and crop the alpha like the colours. libheif rotates and crops each item by the item's own properties.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pixelfleet.images.containers.iso_boxes import (
    Read,
    associations,
    boxes,
    coded_item,
    item_types,
    number_at,
    primary_item,
    start_of,
    top_box,
)  # fmt: skip

#: Type and content of a clean aperture, rotation or mirror (ISO/IEC 23008-12, 6.5.9, 6.5.10 and 6.5.12). Tuples of
#: these keep the order of association.
Transform = tuple[bytes, bytes]
_TRANSFORMS: Final = (b"clap", b"irot", b"imir")
#: The bytes of a property that are compared. The longest that matters is `av1C` with its sequence header. Thousands of
#: references may each lead to a property of megabytes, many times.
_PROPERTY_BYTES: Final = 4_096
_ALPHA: Final = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")


@dataclass(frozen=True, slots=True)
class AlphaItem:
    """`transforms` are those of the primary item, `own_transforms` those of the alpha. `av1` and `start` are as in
    `Heif`."""

    transforms: tuple[Transform, ...]
    own_transforms: tuple[Transform, ...]
    av1: bytes
    start: int | None


def alpha_item(read: Read) -> AlphaItem | None:
    """The alpha of the primary item; None if there is no alpha."""
    meta = top_box(read, b"meta")
    if len(meta) < 12:
        return None
    parts = {kind: (start, end) for kind, start, end in boxes(meta, 4)}
    properties = _Properties(meta, parts)
    alpha = properties.alpha_of(primary_item(meta, parts.get(b"pitm")))
    if alpha is None:
        return None
    tile = _first_tile(meta, parts.get(b"iref"), alpha)
    coded = coded_item(item_types(meta, parts.get(b"iinf")), alpha) if tile is None else tile
    configuration = next((content for kind, content in properties.of(coded) if kind == b"av1C"), b"")
    return AlphaItem(
        transforms=properties.transforms(primary_item(meta, parts.get(b"pitm"))),
        own_transforms=properties.transforms(alpha),
        av1=configuration,
        start=start_of(meta, parts.get(b"iloc"), coded),
    )


def without_transforms(data: bytes) -> bytes:
    """The file without rotation and cropping of the primary item and its alpha. Each association with such a property
    becomes a second association with the item's size (`ispe`)."""
    meta = next(((start, end) for kind, start, end in boxes(data) if kind == b"meta"), None)
    if meta is None:
        return data
    parts = {kind: (start, end) for kind, start, end in boxes(data, meta[0] + 4, meta[1])}
    properties = _Properties(data, parts)
    primary = primary_item(data, parts.get(b"pitm"))
    items = {primary, properties.alpha_of(primary)}
    changed = bytearray(data)
    for item, at, width, number in properties.places():
        kind = properties.kind_of(number)
        size = next((own for own in properties.numbers.get(item, ()) if properties.kind_of(own) == b"ispe"), None)
        if item in items and kind in _TRANSFORMS and size is not None:
            changed[at : at + width] = size.to_bytes(width, "big")
    return bytes(changed)


class _Properties:
    """The properties of the items (`iprp`: `ipco` and `ipma`). Property numbers start at 1."""

    def __init__(self, data: bytes, parts: dict[bytes, tuple[int, int]]) -> None:
        self._data = data
        inner = {kind: (start, end) for kind, start, end in boxes(data, *parts.get(b"iprp", (0, 0)))}
        self._every = list(boxes(data, *inner[b"ipco"])) if b"ipco" in inner else []
        self._map = inner.get(b"ipma")
        self._references = parts.get(b"iref")
        self.numbers = associations(data, self._map)

    def kind_of(self, number: int) -> bytes:
        return self._every[number - 1][0] if 0 < number <= len(self._every) else b""

    def of(self, item: int) -> Iterator[Transform]:
        for number in self.numbers.get(item, ()):
            if 0 < number <= len(self._every):
                kind, at, stop = self._every[number - 1]
                yield kind, self._data[at : min(stop, at + _PROPERTY_BYTES)]

    def transforms(self, item: int) -> tuple[Transform, ...]:
        return tuple(own for own in self.of(item) if own[0] in _TRANSFORMS)

    def alpha_of(self, primary: int) -> int | None:
        """The item that refers to `primary` as `auxl` and has the auxiliary type of an alpha."""
        for kind, item, targets in _references(self._data, self._references):
            if kind == b"auxl" and primary in targets and self._is_alpha(item):
                return item
        return None

    def _is_alpha(self, item: int) -> bool:
        return any(kind == b"auxC" and content[4:].split(b"\0")[0] in _ALPHA for kind, content in self.of(item))

    def places(self) -> Iterator[tuple[int, int, int, int]]:
        """For each association: item, offset, width in bytes, and property number (ISO/IEC 23008-12, 9.3.2)."""
        if self._map is None:
            return
        at, end = self._map
        id_width, width = (
            2 if number_at(self._data, at, 1) == 0 else 4,
            2 if number_at(self._data, at + 3, 1) & 1 else 1,
        )
        at += 8
        while at + id_width < end:
            item, count, at = number_at(self._data, at, id_width), self._data[at + id_width], at + id_width + 1
            for place in range(at, min(at + width * count, end), width):
                yield item, place, width, number_at(self._data, place, width) & (0x7FFF if width == 2 else 0x7F)
            at += width * count


def _references(data: bytes, span: tuple[int, int] | None) -> Iterator[tuple[bytes, int, tuple[int, ...]]]:
    """For each reference: type, source item and target items (ISO/IEC 14496-12, 8.11.12)."""
    if span is None:
        return
    start, end = span
    width = 2 if number_at(data, start, 1) == 0 else 4
    for kind, at, stop in boxes(data, start + 4, end):
        count = min(number_at(data, at + width, 2), (stop - at) // width)
        first = at + width + 2
        yield kind, number_at(data, at, width), tuple(number_at(data, first + width * n, width) for n in range(count))


def _first_tile(meta: bytes, span: tuple[int, int] | None, item: int) -> int | None:
    for kind, source, targets in _references(meta, span):
        if kind == b"dimg" and source == item and targets:
            return targets[0]
    return None
