"""The head of a JPEG XL codestream (ISO/IEC 18181-1, annex D), up to the bit for animations."""

from collections.abc import Callable
from typing import Final

from pixelfleet.images.containers.iso_boxes import top_box

Read = Callable[[int, int], bytes]

_SIGNATURE: Final = b"\xff\x0a"
#: Bytes that the fields up to the bit take, at most, and the number of a part of a codestream (ISO/IEC 18181-2).
_HEAD: Final = 64
_PART_NUMBER: Final = 4
#: Bits of a side, by the two bits in front.
_SIDE_BITS: Final = (9, 13, 18, 30)
_PREVIEW_BITS: Final = (6, 8, 10, 12)
#: The same in units of 8 pixels. The first two sizes are constants.
_PREVIEW_OCTETS: Final = (0, 0, 5, 9)


class _Bits:
    """Bits of a codestream, the lowest of each byte first."""

    def __init__(self, content: bytes) -> None:
        self._rest = int.from_bytes(content, "little")

    def take(self, count: int) -> int:
        value = self._rest & ((1 << count) - 1)
        self._rest >>= count
        return value

    def skip_number(self, widths: tuple[int, ...]) -> None:
        """Skip a number whose width is chosen by two bits (B.2.2)."""
        self.take(widths[self.take(2)])


def is_animation(read: Read) -> bool:
    """Whether the codestream of the file is an animation; False if the head is not that of a codestream."""
    bits = _Bits(_codestream(read).removeprefix(_SIGNATURE))
    _skip_size(bits)
    all_default = bits.take(1)
    if all_default or not bits.take(1):
        return False
    bits.take(3)  # orientation
    if bits.take(1):
        _skip_size(bits)
    if bits.take(1):
        _skip_preview(bits)
    return bool(bits.take(1))


def _codestream(read: Read) -> bytes:
    head = read(0, _HEAD)
    if head.startswith(_SIGNATURE):
        return head
    return top_box(read, b"jxlc", _HEAD) or top_box(read, b"jxlp", _HEAD)[_PART_NUMBER:]


def _skip_size(bits: _Bits) -> None:
    """Skip a size (D.3.2): the height, a ratio, and the width where the ratio is 0."""
    small = bits.take(1)
    _skip_side(bits, small)
    if bits.take(3) == 0:
        _skip_side(bits, small)


def _skip_side(bits: _Bits, small: int) -> None:
    if small:
        bits.take(5)
    else:
        bits.skip_number(_SIDE_BITS)


def _skip_preview(bits: _Bits) -> None:
    """Skip the size of a preview (D.3.3)."""
    widths = _PREVIEW_OCTETS if bits.take(1) else _PREVIEW_BITS
    bits.skip_number(widths)
    if bits.take(3) == 0:
        bits.skip_number(widths)
