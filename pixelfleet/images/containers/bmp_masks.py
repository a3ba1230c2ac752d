"""The header of a BMP or DIB: bit masks (BI_BITFIELDS) and the embedded profile (Microsoft, BITMAPV5HEADER)."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_BITFIELDS, _ALPHA_BITFIELDS = 3, 6
#: The longest header: the file header, BITMAPV5HEADER, and the four masks after a short header.
_HEAD_BYTES: Final = 14 + 124 + 16
#: BITMAPINFOHEADER is the first header with a compression field. The masks follow this header.
_INFO_HEADER: Final = 40
#: Headers of this size and longer contain the fourth mask, which selects the alpha.
_HEADER_WITH_ALPHA: Final = 56
_V5_HEADER: Final = 124
#: PROFILE_EMBEDDED, in the byte order of the file.
_EMBEDDED: Final = b"DEBM"
_MAX_PROFILE: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Masks:
    """`red`, `green`, `blue` and `alpha` select bits of one pixel of `bits` bits; 0 selects none. The rows start at
    byte `offset` of the file, the lowest row first unless `top_down`."""

    width: int
    height: int
    top_down: bool
    bits: int
    offset: int
    red: int
    green: int
    blue: int
    alpha: int

    @property
    def row_bytes(self) -> int:
        """Bytes of one row, padded to a multiple of four."""
        return (self.width * self.bits // 8 + 3) // 4 * 4


def bmp_masks(read: Callable[[int, int], bytes]) -> Masks | None:
    """The masks of a bitmap; None if the bitmap has another layout or a truncated header."""
    head = read(0, _HEAD_BYTES)
    start = 14 if head[:2] == b"BM" else 0
    if len(head) < start + _INFO_HEADER + 12:
        return None
    size, width, height, _, bits, compression = struct.unpack_from("<IiiHHI", head, start)
    if size < _INFO_HEADER or bits not in (16, 32) or compression not in (_BITFIELDS, _ALPHA_BITFIELDS):
        return None
    if width < 1 or height == 0:
        return None
    with_alpha = size >= _HEADER_WITH_ALPHA or compression == _ALPHA_BITFIELDS
    red, green, blue, alpha = struct.unpack("<4I", head[start + 40 : start + 56].ljust(16, b"\0"))
    behind = (16 if compression == _ALPHA_BITFIELDS else 12) if size == _INFO_HEADER else 0
    offset = int.from_bytes(head[10:14], "little") if start else size + behind
    return Masks(width, abs(height), height < 0, bits, offset, red, green, blue, alpha if with_alpha else 0)


def bmp_profile(read: Callable[[int, int], bytes]) -> bytes | None:
    """The ICC profile embedded in a bitmap with a BITMAPV5HEADER; a linked profile is ignored."""
    head = read(0, 14 + _V5_HEADER)
    start = 14 if head[:2] == b"BM" else 0
    if len(head) < start + _V5_HEADER or int.from_bytes(head[start : start + 4], "little") < _V5_HEADER:
        return None
    if head[start + 56 : start + 60] != _EMBEDDED:
        return None
    offset, length = struct.unpack_from("<II", head, start + 112)
    profile = read(start + offset, min(length, _MAX_PROFILE))
    return profile if len(profile) == length > 0 else None
