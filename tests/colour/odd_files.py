"""FITS, a JPEG with a gap, and grey pictures."""

import struct

from PIL import Image

from tests.colour.quarters import GREYS, picture, saved


def fits() -> bytes:
    """The greys from -3 to 5, as floats; the lowest row first (FITS 4.0, 4.4.1)."""
    cards: tuple[str, ...] = (
        "SIMPLE  =                    T",
        "BITPIX  =                  -32",
        "NAXIS   =                    2",
    )
    cards = (*cards, "NAXIS1  =                   64", "NAXIS2  =                   48", "END")
    head = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    values = [(grey - 60) / 180 * 8 - 3 for grey in GREYS]
    rows = [struct.pack(">64f", *([left] * 32 + [right] * 32)) for left, right in (values[2:], values[:2])]
    return head + (rows[0] * 24 + rows[1] * 24).ljust(14400, b"\0")


def fits_of_integers(code: str, bits: int) -> bytes:
    """The greys from -3,000 to 5,000; the lowest row first (FITS 4.0, 4.4.1)."""
    cards = (("SIMPLE", "T"), ("BITPIX", bits), ("NAXIS", 2), ("NAXIS1", 64), ("NAXIS2", 48))
    head = "".join(f"{name:8}= {value:>20}".ljust(80) for name, value in cards) + "END"
    values = [round((grey - 60) / 180 * 8_000 - 3_000) for grey in GREYS]
    rows = [
        struct.pack(f"{code[0]}64{code[1]}", *([left] * 32 + [right] * 32)) for left, right in (values[2:], values[:2])
    ]
    return head.ljust(2880).encode() + (rows[0] * 24 + rows[1] * 24).ljust(14400, b"\0")


def jpeg_with_a_gap() -> bytes:
    whole = saved(picture(), "JPEG", quality=95, subsampling=0)
    return whole[:2] + b"\0\0gap" + whole[2:]


def greys() -> Image.Image:
    return picture(tuple((grey,) * 3 for grey in GREYS))
