"""A GIF frame that paints nothing: one transparent colour in the fewest codes (GIF89a, appendix F)."""

from collections.abc import Iterator
from typing import Final

from pixelfleet.images.containers.gif_blocks import RESTORE_TO_BACKGROUND

_PALETTE_OF_TWO: Final = 0x80
_CLEAR, _END, _FIRST = 4, 5, 6
#: The longest code has twelve bits.
_MOST_CODES: Final = 4096


def clear_frame(left: int, top: int, width: int, height: int) -> bytes:
    """A control block with transparent colour 0 that clears the box, and an image of colour 0 with its own palette."""
    box = b"".join(number.to_bytes(2, "little") for number in (left, top, width, height))
    control = bytes((0x21, 0xF9, 4, RESTORE_TO_BACKGROUND << 2 | 1, 0, 0, 0, 0))
    coded = _run(width * height)
    blocks = b"".join(bytes((len(part),)) + part for part in (coded[at : at + 255] for at in range(0, len(coded), 255)))
    return control + b"\x2c" + box + bytes((_PALETTE_OF_TWO, *bytes(6), 2)) + blocks + b"\0"


def _run(count: int) -> bytes:
    """`count` pixels of colour 0 as codes, the lowest bit first."""
    coded, bits, length = bytearray(), 0, 0
    for code, width in _codes(count):
        bits |= code << length
        length += width
        while length >= 8:
            coded.append(bits & 0xFF)
            bits, length = bits >> 8, length - 8
    return bytes(coded) + bytes((bits,))


def _codes(count: int) -> Iterator[tuple[int, int]]:
    """Codes and their widths in bits. Each code stands for the string of the previous code and one more pixel. 250
    megapixels need about 120,000 codes."""
    entry, longest = _FIRST - 1, 0
    yield _CLEAR, _width(entry)
    while count > 0:
        if entry == _MOST_CODES:
            yield _CLEAR, _width(entry)
            entry, longest = _FIRST - 1, 0
        taken = min(longest + 1, count)
        yield 0 if taken == 1 else _FIRST + taken - 2, _width(entry)
        entry, longest, count = entry + 1, longest + 1, count - taken
    yield _END, _width(entry)


def _width(entry: int) -> int:
    """Bits of a code when `entry` is the number of the next entry in the table."""
    return min(max(entry.bit_length(), 3), 12)
