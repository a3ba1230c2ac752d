"""GIF with frames and codes that Pillow does not write."""

import struct

from tests.colour.quarters import QUARTERS, SIZE


def gif(frames: list[tuple[tuple[int, int, int, int], int, int]], codes: int = 2, *, end: bool = True) -> bytes:
    """Frames of one colour: box (left, top, width, height), colour 0 to 3, disposal; no transparent colour. `end`: the
    codes of a frame have an end code."""
    palette = b"".join(bytes(colour) for colour in QUARTERS)
    content = b"GIF89a" + struct.pack("<HHBBB", *SIZE, 0x81, 0, 0) + palette
    for (left, top, width, height), colour, disposal in frames:
        content += b"\x21\xf9\x04" + struct.pack("<BHBB", disposal << 2, 10, 0, 0)
        content += b"\x2c" + struct.pack("<HHHHB", left, top, width, height, 0)
        content += bytes((codes,)) + _lzw([colour] * (width * height), codes, end=end) + b"\0"
    return content + b";"


def gif_of_rows(height: int, *, interlaced: bool) -> bytes:
    """A frame of one colour, and then one of this height on the right half, whose rows change from colour 1 to 3. An
    interlaced frame has every eighth row, those in the middle of them, every second of what is left, and then the rest
    (GIF89a, appendix E)."""
    half, codes = SIZE[0] // 2, 2
    order = [*range(0, height, 8), *range(4, height, 8), *range(2, height, 4), *range(1, height, 2)]
    pixels = [1 + row % 3 for row in (order if interlaced else range(height)) for _ in range(half)]
    content = gif([((0, 0, *SIZE), 0, 1)], codes).removesuffix(b";")
    content += b"\x2c" + struct.pack("<HHHHB", half, 0, half, height, 0x40 * interlaced)
    return content + bytes((codes,)) + _lzw(pixels, codes) + b"\0;"


def _lzw(pixels: list[int], codes: int, *, end: bool = True) -> bytes:
    """Uncompressed LZW: a clear code before each pixel keeps the codes at their first width (GIF89a, appendix F)."""
    clear, width = 1 << codes, codes + 1
    bits, length = 0, 0
    for code in [item for colour in pixels for item in (clear, colour)] + [clear + 1] * end:
        bits |= code << length
        length += width
    raw = bits.to_bytes((length + 7) // 8, "little")
    return b"".join(bytes((len(part),)) + part for part in (raw[at : at + 255] for at in range(0, len(raw), 255)))
