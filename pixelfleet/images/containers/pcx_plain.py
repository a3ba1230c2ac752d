"""Converts a PCX to the form that Pillow reads (ZSoft PCX File Format Technical Reference Manual, revision 5).

Pillow computes the length of a row itself and ignores the length in the header, so that it rejects longer rows.
Pillow also rejects version 4, which differs in its name only.
"""

import struct
from typing import Final

_HEAD: Final = 128
_RUN: Final = 0xC0
_PALETTE: Final = 769
_VERSION_4: Final = 4
#: Planes of a picture that Pillow reads, and bytes by which a row may exceed the picture. More is no usual file, and
#: would only take memory.
_MOST_PLANES, _MOST_PADDING = 4, 64
#: Each byte as a PCX has it outside a run.
_LITERALS: Final = [bytes((byte,)) if byte < _RUN else bytes((_RUN | 1, byte)) for byte in range(256)]


def is_plain(head: bytes) -> bool:
    """Whether Pillow reads rows of the length in the header, or the header is not plausible."""
    if len(head) < _HEAD:
        return True
    declared, own = _row_bytes(head)
    if head[65] > _MOST_PLANES or not own <= declared <= own + _MOST_PADDING:
        return True
    return head[1] != _VERSION_4 and declared in (own, own + own % 2)


def plain_pcx(content: bytes) -> bytes:
    """The same picture with rows of the shortest even length, without runs. Rows that break off are left out."""
    head = bytearray(content[:_HEAD])
    top, bottom = struct.unpack_from("<2xH2xH", head, 4)
    declared, own = _row_bytes(head)
    even = own + own % 2
    lines = (bottom - top + 1) * head[65]
    raw = _unpacked(content[_HEAD:], declared * lines)
    rows = []
    for line in range(len(raw) // declared if declared else 0):
        row = raw[line * declared : (line + 1) * declared][:even].ljust(even, b"\0")
        rows.append(b"".join([_LITERALS[byte] for byte in row]))
    head[1] = 5 if head[1] == _VERSION_4 else head[1]
    head[66:68] = struct.pack("<H", even)
    palette = content[-_PALETTE:] if head[3] == 8 and head[65] == 1 else b""
    return bytes(head) + b"".join(rows) + palette


def _row_bytes(head: bytes | bytearray) -> tuple[int, int]:
    """Bytes of one plane of a row: as declared, and as the width needs."""
    left, _, right = struct.unpack_from("<3H", head, 4)
    return int.from_bytes(head[66:68], "little"), (max(right - left + 1, 0) * head[3] + 7) // 8


def _unpacked(packed: bytes, most: int) -> bytes:
    raw = bytearray()
    at = 0
    while len(raw) < most and at < len(packed):
        if packed[at] >= _RUN:
            raw += packed[at + 1 : at + 2] * (packed[at] & 0x3F)
            at += 2
        else:
            raw.append(packed[at])
            at += 1
    return bytes(raw[:most])
