"""Changes a JPEG 2000 codestream so that a decoder shows the picture with half its contrast (ITU-T T.800, annex A).

Black becomes a quarter of the range and white three quarters. Only headers change; no coded bit changes.
"""

from typing import Final

#: SOC and SIZ, the first bytes of a codestream.
CODESTREAM: Final = b"\xff\x4f\xff\x51"
_QCD, _QCC, _SOT, _SOD = 0x5C, 0x5D, 0x90, 0x93
_FIRST_COMPONENT: Final = 42
_MAX_SEGMENTS: Final = 100_000
#: Quantization styles (table A.28): none, derived, expounded.
_NONE, _DERIVED, _EXPOUNDED = 0, 1, 2
#: One bit can be added to a component if its number of bits, less one, is below this limit. Signed samples have the
#: upper bit set, which makes the number larger.
_MOST_BITS: Final = 30


def half_contrast(codestream: bytes) -> bytes | None:
    """The changed codestream; None if its headers cannot be read, or mix two ways of coding.

    Without quantization, the headers declare one more bit for the samples: the decoder adds twice the middle to the
    same differences from the middle. With quantization, the headers declare steps of half the size (exponent plus one,
    E.1.1) and one guard bit less, so that the number of bit planes stays the same (E.1, Mb = G + εb - 1).
    """
    changed = bytearray(codestream)
    places = _quantizations(codestream)
    if places is None:
        return None
    styles = {codestream[at] & 31 for at, _ in places}
    if styles == {_NONE}:
        return bytes(changed) if _with_a_bit_more(changed) else None
    if styles <= {_DERIVED, _EXPOUNDED}:
        return bytes(changed) if all(_with_half_steps(changed, at, end) for at, end in places) else None
    return None


def _quantizations(content: bytes) -> list[tuple[int, int]] | None:
    """Start and end of the parameters of each QCD and QCC, in the main header and in the tile-part headers."""
    if not content.startswith(CODESTREAM):
        return None
    wide = int.from_bytes(content[40:42], "big") > 256
    places: list[tuple[int, int]] = []
    at, tile_end = 2, None
    for _ in range(_MAX_SEGMENTS):
        if content[at : at + 1] != b"\xff" or at + 4 > len(content):
            break
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == _SOD:
            if tile_end is None:
                break
            at = tile_end
            continue
        if marker == _SOT:
            size = int.from_bytes(content[at + 6 : at + 10], "big")
            tile_end = at + size if size else None
        start = at + 4 + ((2 if wide else 1) if marker == _QCC else 0)
        if marker in (_QCD, _QCC):
            places.append((start, at + 2 + length))
        at += 2 + length
    return places or None


def _with_a_bit_more(content: bytearray) -> bool:
    for component in range(int.from_bytes(content[40:42], "big")):
        at = _FIRST_COMPONENT + 3 * component
        if at >= len(content) or content[at] >= _MOST_BITS:
            return False
        content[at] += 1
    return True


def _with_half_steps(content: bytearray, at: int, end: int) -> bool:
    if content[at] >> 5 == 0 or end > len(content):
        return False
    content[at] -= 1 << 5
    for place in range(at + 1, end - 1, 2):
        # Five bits of exponent, eleven bits of mantissa.
        if content[place] >> 3 == 31:
            return False
        content[place] += 1 << 3
    return True
