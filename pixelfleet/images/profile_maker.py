"""ICC profiles made from chromaticities and a curve (ICC.1:2001-04: three colorants under D50 and three curves)."""

import struct
from dataclasses import dataclass
from functools import cache
from typing import Final

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]

_D50: Final[Vector] = (0.9642, 1.0, 0.8249)
#: The cone responses of the linearised Bradford transform (ICC.1:2022, annex E.3).
_BRADFORD: Final[Matrix] = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_SRGB_POINTS: Final = 1024


@dataclass(frozen=True, slots=True)
class GammaCurve:
    """Light is the signal raised to this power."""

    exponent: float


@dataclass(frozen=True, slots=True)
class SrgbCurve:
    """The curve of IEC 61966-2-1."""

    def light(self, signal: float) -> float:
        return signal / 12.92 if signal <= 0.04045 else float(((signal + 0.055) / 1.055) ** 2.4)


Curve = GammaCurve | SrgbCurve


@cache
def matrix_profile(chromaticities: tuple[float, ...], curve: Curve) -> bytes | None:
    """An RGB profile.

    Args:
        chromaticities: x and y of white, red, green and blue.
        curve: from signal to light, the same for all three colours.

    Returns:
        None where the chromaticities span no colour space.
    """
    try:
        columns = to_xyz(chromaticities)
    except ZeroDivisionError:
        return None
    adapted = product(_adaptation(_xyz_of(*chromaticities[:2])), columns)
    if any(abs(value) > 8 for row in adapted for value in row):
        return None
    tags = {b"desc": _description(b"pixelfleet"), b"cprt": b"text" + bytes(4) + b"no copyright\0", b"wtpt": _xyz(_D50)}
    for at, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ")):
        tags[name] = _xyz((adapted[0][at], adapted[1][at], adapted[2][at]))
    return _assembled(tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(curve)))


@cache
def grey_profile(curve: Curve) -> bytes:
    """A profile of one colour (ICC.1:2001-04, 6.3.1: monochrome input)."""
    tags = {b"desc": _description(b"pixelfleet"), b"cprt": b"text" + bytes(4) + b"no copyright\0", b"wtpt": _xyz(_D50)}
    return _assembled(tags | {b"kTRC": _curve(curve)}, b"GRAY")


def to_xyz(chromaticities: tuple[float, ...]) -> Matrix:
    """The matrix from linear RGB to XYZ relative to the space's own white (SMPTE RP 177).

    Raises:
        ZeroDivisionError: the chromaticities span no colour space.
    """
    white, *corners = (_xyz_of(*chromaticities[at : at + 2]) for at in range(0, 8, 2))
    matrix = _transposed((corners[0], corners[1], corners[2]))
    scale = _applied(inverse(matrix), white)
    first, second, third = ((row[0] * scale[0], row[1] * scale[1], row[2] * scale[2]) for row in matrix)
    return first, second, third


def inverse(matrix: Matrix) -> Matrix:
    """
    Raises:
        ZeroDivisionError: the matrix is singular.
    """
    (a, b, c), (d, e, f), (g, h, i) = matrix
    whole = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return (
        ((e * i - f * h) / whole, (c * h - b * i) / whole, (b * f - c * e) / whole),
        ((f * g - d * i) / whole, (a * i - c * g) / whole, (c * d - a * f) / whole),
        ((d * h - e * g) / whole, (b * g - a * h) / whole, (a * e - b * d) / whole),
    )


def product(one: Matrix, other: Matrix) -> Matrix:
    """The matrix product."""
    columns = [_applied(one, column) for column in _transposed(other)]
    return _transposed((columns[0], columns[1], columns[2]))


def _adaptation(white: Vector) -> Matrix:
    source, target = _applied(_BRADFORD, white), _applied(_BRADFORD, _D50)
    ratio = [there / here for here, there in zip(source, target, strict=True)]
    scaled: Matrix = ((ratio[0], 0.0, 0.0), (0.0, ratio[1], 0.0), (0.0, 0.0, ratio[2]))
    return product(inverse(_BRADFORD), product(scaled, _BRADFORD))


def _xyz_of(x: float, y: float) -> Vector:
    return x / y if y else x / 1e-6, 1.0, (1 - x - y) / (y or 1e-6)


def _applied(matrix: Matrix, vector: Vector) -> Vector:
    first, second, third = (sum(one * other for one, other in zip(row, vector, strict=True)) for row in matrix)
    return first, second, third


def _transposed(matrix: Matrix) -> Matrix:
    first, second, third = zip(*matrix, strict=True)
    return first, second, third


def _assembled(tags: dict[bytes, bytes], space: bytes = b"RGB ") -> bytes:
    table, body, places = struct.pack(">I", len(tags)), b"", dict[bytes, int]()
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        if content not in places:
            places[content] = start + len(body)
            body += content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", places[content], len(content))
    head = struct.pack(">I4sI", start + len(body), bytes(4), 0x02400000) + b"mntr" + space + b"XYZ "
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    return (head + struct.pack(">3i", *map(_fixed, _D50))).ljust(128, b"\0") + table + body


def _xyz(values: Vector) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *map(_fixed, values))


def _curve(curve: Curve) -> bytes:
    """A table for sRGB. A table of one point is a gamma (u8Fixed8Number); an empty table is the identity."""
    if isinstance(curve, GammaCurve) and curve.exponent == 1.0:
        return b"curv" + bytes(4) + struct.pack(">I", 0)
    if isinstance(curve, GammaCurve) and curve.exponent < 255:
        return b"curv" + bytes(4) + struct.pack(">IH", 1, max(1, round(curve.exponent * 256))) + bytes(2)
    light = SrgbCurve().light
    points = [round(65535 * light(at / (_SRGB_POINTS - 1))) for at in range(_SRGB_POINTS)]
    return b"curv" + bytes(4) + struct.pack(f">I{_SRGB_POINTS}H", _SRGB_POINTS, *points)


def _description(text: bytes) -> bytes:
    return b"desc" + bytes(4) + struct.pack(">I", len(text) + 1) + text + b"\0" + bytes(4 + 4 + 2 + 1 + 67)


def _fixed(value: float) -> int:
    """s15Fixed16Number."""
    return round(value * 65536)
