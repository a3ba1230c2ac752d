"""The properties of HEIF items are compared by their first bytes, for any number of references to the items."""

import struct
from typing import Any

from pixelfleet.images.containers.heif_alpha import alpha_item

_LONG = 2_000_000
_TIMES = 255


class _Slices(bytes):
    """Counts the bytes that slices copy."""

    copied = 0

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        if isinstance(part, bytes):
            _Slices.copied += len(part)
        return part


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _meta(references: int) -> bytes:
    """Item 2 has one long auxiliary type as its property, 255 times, and refers to item 1 many times."""
    properties = _box(b"ipco", _box(b"auxC", bytes(4) + b"x" * _LONG))
    associations = _box(b"ipma", bytes(4) + struct.pack(">IHB", 1, 2, _TIMES) + b"\1" * _TIMES)
    parts = _box(b"pitm", bytes(4) + struct.pack(">H", 1)) + _box(b"iprp", properties + associations)
    return bytes(4) + parts + _box(b"iref", bytes(4) + _box(b"auxl", struct.pack(">HHH", 2, 1, 1)) * references)


def test_long_properties_are_not_copied_for_each_reference() -> None:
    content = _Slices(_meta(20))
    file = _box(b"meta", content)
    whole = struct.pack(">I4s", len(file), b"meta")

    def read(offset: int, count: int) -> bytes:
        return content if offset == 8 else whole[offset : offset + count] + b"\0" * (count - 8)

    assert alpha_item(read) is None
    assert _Slices.copied < 20 * _TIMES * 5_000
