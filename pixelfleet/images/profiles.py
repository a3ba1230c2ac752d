"""Whether a colour profile is sRGB, by its numbers: its name may be wrong, and converting sRGB to sRGB costs an encode.

The numbers come from the tag table (ICC.1:2022, 7.3): three primaries and three curves. sRGB's numbers are those of
IEC 61966-2-1, adapted to D50.
"""

import struct
from typing import Final

_PRIMARIES: Final = {
    b"rXYZ": (0.4361, 0.2225, 0.0139),
    b"gXYZ": (0.3851, 0.7169, 0.0971),
    b"bXYZ": (0.1431, 0.0606, 0.7139),
}
_CURVES: Final = (b"rTRC", b"gTRC", b"bTRC")
_NEAR: Final = 0.003
#: sRGB's linear light at half signal, and near black, where a plain gamma differs.
_AT: Final = ((0.5, 0.2140), (0.1, 0.0100))
_MAX_TAGS: Final = 100
#: Data colour spaces (ICC.1:2022, 7.2.6). Pictures in Lab have rules of their own.
_SPACES_OF_NO_PICTURE: Final = frozenset({b"XYZ ", b"Lab ", b"Luv ", b"YCbr", b"Yxy ", b"HSV ", b"HLS ", b"CMY "})
_D50: Final = (0.9642, 1.0, 0.8249)
#: Old profiles are relative to D65, whose blue is 0.26 higher.
_WHITE_NEAR: Final = 0.35


GREY, RGB = b"GRAY", b"RGB "


def data_space(profile: bytes) -> bytes:
    """The colours that the profile is for: `RGB `, `GRAY`, `CMYK` ... (ICC.1:2022, 7.2.6)."""
    return profile[16:20]


def code_points(profile: bytes) -> tuple[int, int] | None:
    """Primaries and transfer characteristics of the tag `cicp` (ICC.1:2022, 9.2.17); None without this tag."""
    try:
        tag = _tags(profile)[b"cicp"]
    except (KeyError, struct.error):
        return None
    return (tag[8], tag[9]) if tag[:4] == b"cicp" and len(tag) >= 12 else None


def is_srgb(profile: bytes) -> bool:
    """False also for an unreadable profile: the colour engine then checks the profile."""
    try:
        tags = _tags(profile)
        return all(_is_primary(tags[name], xyz) for name, xyz in _PRIMARIES.items()) and all(
            _is_curve(tags[name]) for name in _CURVES
        )
    except (KeyError, IndexError, struct.error, OverflowError, ZeroDivisionError):
        return False


def is_well_formed(profile: bytes, *, grey: bool) -> bool:
    """Whether an encoder embeds the profile: the tests of libpng (png_icc_check_header, png_icc_check_tag_table)."""
    if len(profile) < 132 or len(profile) % 4 or int.from_bytes(profile[:4], "big") != len(profile):
        return False
    if profile[36:40] != b"acsp" or data_space(profile) != (GREY if grey else RGB):
        return False
    if profile[12:16] not in (b"scnr", b"mntr", b"prtr", b"spac") or profile[20:24] not in (b"XYZ ", b"Lab "):
        return False
    count = int.from_bytes(profile[128:132], "big")
    if count > _MAX_TAGS or 132 + 12 * count > len(profile):
        return False
    spans = (struct.unpack_from(">II", profile, 136 + 12 * number) for number in range(count))
    return all(start % 4 == 0 and start + size <= len(profile) for start, size in spans)


def is_plausible(profile: bytes) -> bool:
    """False for a matrix profile whose primaries do not add up to white: a program wrote wrong numbers.

    The sum of the three is the connection space's white, D50 (ICC.1:2022, 8.3.3 and F.3). False also for a profile of a
    data colour space that no picture here has: libvips would first convert the pixels to this space.
    """
    if profile[16:20] in _SPACES_OF_NO_PICTURE:
        return False
    try:
        tags = _tags(profile)
        columns = [struct.unpack_from(">3i", tags[name], 8) for name in _PRIMARIES]
    except (KeyError, IndexError, struct.error):
        # A profile without a matrix has tables, or is for grey or ink. The colour engine checks such a profile.
        return True
    white = [sum(values) / 65536 for values in zip(*columns, strict=True)]
    return all(abs(value - expected) < _WHITE_NEAR for value, expected in zip(white, _D50, strict=True))


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(min(count, _MAX_TAGS)))
    return {name: profile[start : start + size] for name, start, size in entries}


def _is_primary(tag: bytes, expected: tuple[float, float, float]) -> bool:
    primary = (value / 65536 for value in struct.unpack_from(">3i", tag, 8))
    return all(abs(one - other) < _NEAR for one, other in zip(primary, expected, strict=True))


def _is_curve(tag: bytes) -> bool:
    return all(abs(_linear(tag, signal) - light) < _NEAR for signal, light in _AT)


def _linear(tag: bytes, signal: float) -> float:
    """The light that a curve gives for a signal, both from 0 to 1: by a table, or by a formula of type 3 (10.18)."""
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        (value,) = struct.unpack_from(">H", tag, 12 + 2 * round(signal * (count - 1)))
        return float(signal ** (value / 256)) if count == 1 else float(value / 65535)
    (kind,) = struct.unpack_from(">H", tag, 8)
    if tag[:4] != b"para" or kind != 3:
        raise KeyError(tag[:4])
    gamma, a, b, c, d = (value / 65536 for value in struct.unpack_from(">5i", tag, 12))
    return float((a * signal + b) ** gamma) if signal >= d else c * signal
