"""A colour profile: RGB with wider primaries than those of sRGB (ICC.1:2001-04, matrix and gamma)."""

import struct
from typing import Final

#: Red, green and blue in XYZ under D50. Their sum is the white of D50.
_PRIMARIES: Final = {
    b"rXYZ": (0.6097, 0.3111, 0.0195),
    b"gXYZ": (0.2053, 0.6257, 0.0609),
    b"bXYZ": (0.1492, 0.0632, 0.7446),
}
_WHITE: Final = (0.9642, 1.0, 0.8249)
_GAMMA: Final = 2.2


def wide_profile() -> bytes:
    """The profile's bytes. A picture that is shown without its profile has duller colours."""
    tags = {b"desc": _description(b"Pixelfleet wide RGB"), b"cprt": _text(b"public domain"), b"wtpt": _xyz(_WHITE)}
    tags |= {name: _xyz(primary) for name, primary in _PRIMARIES.items()}
    tags |= {name: _curve(_GAMMA) for name in (b"rTRC", b"gTRC", b"bTRC")}
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    return _header(start + len(body)) + table + body


def _header(size: int) -> bytes:
    made = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    head = struct.pack(">I4sI", size, bytes(4), 0x02400000) + b"mntrRGB XYZ " + made + b"acsp"
    return (head + bytes(28) + struct.pack(">3i", *map(_fixed, _WHITE))).ljust(128, b"\0")


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *map(_fixed, values))


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))


def _text(text: bytes) -> bytes:
    return b"text" + bytes(4) + text + b"\0"


def _description(text: bytes) -> bytes:
    return b"desc" + bytes(4) + struct.pack(">I", len(text) + 1) + text + b"\0" + bytes(4 + 4 + 2 + 1 + 67)


def _fixed(value: float) -> int:
    """s15Fixed16Number."""
    return round(value * 65536)
