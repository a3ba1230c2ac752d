"""The sample range of a monochrome AVIF, from its AV1 sequence header (AV1 specification, 5.5)."""

from typing import Final

_SEQUENCE_HEADER: Final = 1
_SELECTED: Final = 2


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        """The next `count` bits as a number.

        Raises:
            IndexError: the data end too early.
        """
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> 7 - (self._at & 7) & 1
            self._at += 1
        return value

    def flag(self) -> bool:
        return self.take(1) == 1

    def skip_uvlc(self) -> None:
        zeros = 0
        while zeros < 32 and not self.flag():
            zeros += 1
        self.take(zeros if zeros < 32 else 0)


def is_monochrome(configuration: bytes) -> bool:
    """Whether an `av1C` box declares a monochrome picture (AV1-ISOBMFF, 2.3.3)."""
    return len(configuration) >= 3 and bool(configuration[2] & 0x10)


def full_range(units: bytes) -> bool | None:
    """Whether black is 0 and white is the highest number in a monochrome picture. None if `units` have no sequence
    header, or if the picture is not monochrome. `units` are the end of the picture's `av1C` box, or the start of the
    picture's data."""
    try:
        header = _sequence_header(units)
        return None if header is None else _range_of(_Bits(header))
    except IndexError:
        return None


def _sequence_header(units: bytes) -> bytes | None:
    at = 0
    while at < len(units):
        head = units[at]
        at += 2 if head & 4 else 1
        size = len(units) - at
        if head & 2:
            size, at = _leb128(units, at)
        if head >> 3 & 15 == _SEQUENCE_HEADER:
            return units[at : at + size]
        at += size
    return None


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        value |= (data[at] & 127) << 7 * place
        at += 1
        if not data[at - 1] & 128:
            break
    return value, at


def _range_of(bits: _Bits) -> bool | None:
    profile = bits.take(3)
    bits.flag()
    reduced = bits.flag()
    if reduced:
        bits.take(5)
    else:
        _skip_operating_points(bits)
    width, height = bits.take(4) + 1, bits.take(4) + 1
    bits.take(width + height)
    if not reduced and bits.flag():
        bits.take(7)
    # The flags of 128-pixel superblocks, of filter intra and of the intra edge filter.
    bits.take(3)
    if not reduced:
        _skip_tools(bits)
    # The flags of super-resolution, CDEF and loop restoration.
    bits.take(3)
    high = bits.flag()
    if profile == 2 and high:
        bits.flag()
    monochrome = profile != 1 and bits.flag()
    if bits.flag():
        bits.take(24)
    return bits.flag() if monochrome else None


def _skip_operating_points(bits: _Bits) -> None:
    model, delay = False, 0
    if bits.flag():
        bits.take(64)
        if bits.flag():
            bits.skip_uvlc()
        model = bits.flag()
        if model:
            delay = bits.take(5) + 1
            bits.take(42)
    initial_delay = bits.flag()
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.flag()
        if model and bits.flag():
            bits.take(2 * delay + 1)
        if initial_delay and bits.flag():
            bits.take(4)


def _skip_tools(bits: _Bits) -> None:
    """Skips the flags of interintra, masked compound, warped motion, dual filter, order hints and screen content."""
    bits.take(4)
    hints = bits.flag()
    if hints:
        bits.take(2)
    screen = _SELECTED if bits.flag() else bits.take(1)
    if screen > 0 and not bits.flag():
        bits.flag()
    if hints:
        bits.take(3)
