"""The sections of a PSD or PSB before its merged picture (Adobe Photoshop File Formats Specification)."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pixelfleet.images.codec_errors import DamagedError

Read = Callable[[int, int], bytes]
_HEAD: Final = 26
_LARGE: Final = 2
_MAX_RESOURCES: Final = 1000
_MAX_BLOCKS: Final = 1000
#: The most bytes of a resource that are kept: XMP and profiles are long.
_MAX_RESOURCE: Final = 8_000_000
#: Tagged blocks whose length field has eight bytes in a PSB.
_LONG_BLOCKS: Final = frozenset(
    {
        b"LMsk",
        b"Lr16",
        b"Lr32",
        b"Layr",
        b"Mt16",
        b"Mt32",
        b"Mtrn",
        b"Alph",
        b"FMsk",
        b"lnk2",
        b"FEid",
        b"FXid",
        b"PxSD",
    }
)
#: Blocks with the layers of 16-bit and 32-bit files, and blocks that declare transparency of the merged picture.
_LAYERS: Final = frozenset({b"Lr16", b"Lr32", b"Layr"})
_TRANSPARENCY: Final = frozenset({b"Mtrn", b"Mt16", b"Mt32"})
#: Image resource: whether the merged picture is real. It is not real if Photoshop was set not to save a merged picture.
_VERSION_INFO: Final = 1057


@dataclass(frozen=True, slots=True)
class Psd:
    """`palette`: 256 reds, greens and blues of an indexed picture. `resources`: by resource number. `merged`: byte
    offset of the merged picture. `transparent`: the first extra channel of the merged picture is its alpha, because the
    layer count is negative or a block declares transparency."""

    large: bool
    channels: int
    width: int
    height: int
    depth: int
    mode: int
    palette: bytes
    resources: dict[int, bytes]
    transparent: bool
    merged: int

    @property
    def has_picture(self) -> bool:
        """False if the file declares that its merged picture is not real."""
        info = self.resources.get(_VERSION_INFO, b"")
        return len(info) < 5 or info[4] != 0


def psd_sections(read: Read) -> Psd:
    """
    Raises:
        DamagedError: the header is truncated.
    """
    head = read(0, _HEAD)
    if len(head) < _HEAD:
        raise DamagedError("the head of the PSD breaks off")
    version, channels, height, width, depth, mode = struct.unpack_from(">H6xHIIHH", head, 4)
    large = version == _LARGE
    at = _HEAD
    length = _number(read, at, 4)
    palette = read(at + 4, min(length, 768))
    at += 4 + length
    length = _number(read, at, 4)
    resources = _resources(read, at + 4, at + 4 + length)
    at += 4 + length
    width_of_length = 8 if large else 4
    length = _number(read, at, width_of_length)
    start = at + width_of_length
    transparent = _is_transparent(read, start, start + length, large=large)
    return Psd(large, channels, width, height, depth, mode, palette, resources, transparent, start + length)


def _resources(read: Read, at: int, end: int) -> dict[int, bytes]:
    """The resources by number. Each has a signature, a number, a name of even length, a length, and content of even
    length."""
    resources: dict[int, bytes] = {}
    for _ in range(_MAX_RESOURCES):
        head = read(at, 7)
        if at + 12 > end or len(head) < 7:
            break
        number, name = int.from_bytes(head[4:6], "big"), head[6]
        body = at + 6 + (name + 2) // 2 * 2
        length = _number(read, body, 4)
        resources.setdefault(number, read(body + 4, min(length, _MAX_RESOURCE, max(end - body - 4, 0))))
        at = body + 4 + (length + 1) // 2 * 2
    return resources


def _is_transparent(read: Read, at: int, end: int, *, large: bool) -> bool:
    """Whether the layer count is negative, wherever the layers are stored, or a block declares transparency."""
    width = 8 if large else 4
    if at + width > end:
        return False
    length = _number(read, at, width)
    if length >= 2:
        return _count(read, at + width) < 0
    at += width + length
    # Skips the global layer mask.
    at += 4 + _number(read, at, 4)
    for _ in range(_MAX_BLOCKS):
        head = read(at, 8)
        if at + 12 > end or len(head) < 8 or head[:4] not in (b"8BIM", b"8B64"):
            return False
        key = head[4:]
        width = 8 if large and key in _LONG_BLOCKS else 4
        if key in _TRANSPARENCY:
            return True
        if key in _LAYERS:
            return _count(read, at + 8 + width) < 0
        at += 8 + width + (_number(read, at + 8, width) + 3) // 4 * 4
    return False


def _count(read: Read, at: int) -> int:
    return int.from_bytes(read(at, 2), "big", signed=True)


def _number(read: Read, at: int, width: int) -> int:
    return int.from_bytes(read(at, width), "big")
