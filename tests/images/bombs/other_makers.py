"""Bombs of HEIC, and of the formats that few people send.

Heads without an end are in `tests/unit/images/test_text_heads.py`.
"""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

#: Pixels a side: 98 megapixels, which the bulk lane takes.
SIDE: Final = 9_900
_HEIC: Final = Path(__file__).parents[2] / "fixtures" / "images" / "four-quarters.heic"


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def heic_of_many_tiles() -> bytes:
    """A grid whose 32,000 tiles are one and the same picture of 64 x 48 (ISO/IEC 23008-12, 6.6.2.3)."""
    whole = _HEIC.read_bytes()
    columns, rows = SIDE // 64, SIDE // 48
    configuration, tile = _box_of(whole, b"hvcC"), whole[whole.index(b"mdat") + 4 :]
    grid = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, columns * 64, rows * 48)
    properties = [
        configuration,
        _box(b"ispe", struct.pack(">III", 0, 64, 48)),
        _box(b"ispe", struct.pack(">III", 0, columns * 64, rows * 48)),
    ]
    links = struct.pack(">HB2B", 1, 2, 0x81, 2) + struct.pack(">HBB", 2, 1, 3)
    items = [_box(b"infe", struct.pack(">IHH4s", 2 << 24, 1 + n, 0, kind) + b"\0") for n, kind in enumerate(_KINDS)]
    references = _box(b"dimg", struct.pack(">HH", 2, rows * columns) + b"\0\1" * (rows * columns))

    def meta(first: int) -> bytes:
        places = struct.pack(">IBBH", 0, 0x44, 0, 2)
        places += struct.pack(">HHHII", 1, 0, 1, first + len(grid), len(tile))
        places += struct.pack(">HHHII", 2, 0, 1, first, len(grid))
        return _box(
            b"meta",
            bytes(4)
            + _box(b"hdlr", bytes(8) + b"pict" + bytes(13))
            + _box(b"pitm", struct.pack(">IH", 0, 2))
            + _box(b"iloc", places)
            + _box(b"iinf", struct.pack(">IH", 0, 2) + b"".join(items))
            + _box(b"iref", bytes(4) + references)
            + _box(b"iprp", _box(b"ipco", b"".join(properties)) + _box(b"ipma", struct.pack(">II", 0, 2) + links)),
        )

    kind = _box(b"ftyp", b"heic\0\0\0\0mif1heic")
    return kind + meta(len(kind) + len(meta(0)) + 8) + _box(b"mdat", grid + tile)


_KINDS: Final = (b"hvc1", b"grid")


def _box_of(whole: bytes, kind: bytes) -> bytes:
    at = whole.index(kind) - 4
    return whole[at : at + int.from_bytes(whole[at : at + 4], "big")]


def psb_of_many_channels() -> bytes:
    head = b"8BPS\0\2" + bytes(6) + struct.pack(">HIIHH", 56, SIDE, SIDE, 8, 3) + bytes(8)
    return head + bytes(8) + b"\0\1" + bytes(100)


def blp() -> bytes:
    """BLP2 of DXT5 (Pillow, BlpImagePlugin), without pixels."""
    head = b"BLP2" + struct.pack("<iBBBBII", 1, 2, 8, 7, 0, SIDE, SIDE)
    return head + struct.pack("<16I", 1_172, *[0] * 15) + struct.pack("<16I", SIDE * SIDE, *[0] * 15) + bytes(1_024)


def _pcx(side: int = SIDE) -> bytes:
    head = b"\x0a\x05\x01\x08" + struct.pack("<HHHH", 0, 0, side - 1, side - 1) + bytes(52) + b"\0\x03"
    return head + struct.pack("<HH", side, 1) + bytes(58) + b"\xff\0" * 1_000


def dcx_of_many_pages() -> bytes:
    """1,023 pages, all of them the same large one."""
    return b"\xb1\x68\xde\x3a" + struct.pack("<1024I", *[4_100] * 1_023, 0) + _pcx()


def fits_without_pixels() -> bytes:
    cards = ["SIMPLE  =                    T", "BITPIX  =                  -64", "NAXIS   =                    2"]
    cards += [f"NAXIS1  = {SIDE:>20}", f"NAXIS2  = {SIDE:>20}", "END"]
    return "".join(card.ljust(80) for card in cards).ljust(2_880).encode() + bytes(2_880)


def msp() -> bytes:
    head = struct.pack("<4s14H", b"LinS", SIDE, SIDE, 1, 1, 1, 1, SIDE, SIDE, 0, 0, 0, 0, 0, 0)[:32]
    checksum = 0
    for at in range(0, 32, 2):
        checksum ^= int.from_bytes(head[at : at + 2], "little")
    words = list(struct.unpack("<16H", head))
    words[12] ^= checksum
    return struct.pack("<16H", *words) + struct.pack("<H", 3) * SIDE + b"\0\xff\0" * SIDE


def pfm() -> bytes:
    return f"Pf\n{SIDE} {SIDE}\n-1.0\n".encode() + bytes(1_000)


def cur_of_a_large_bitmap() -> bytes:
    inner = struct.pack("<IiiHHIIiiII", 40, SIDE, 2 * SIDE, 1, 32, 0, 0, 0, 0, 0, 0) + bytes(1_000)
    return struct.pack("<HHHBBBBHHII", 0, 2, 1, 16, 16, 0, 0, 1, 32, len(inner), 22) + inner


def dib_of_runs() -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 8, 1, 0, 0, 0, 256, 0)
    return head + bytes(1_024) + b"\xff\x01" * 200


BOMBS: Final[dict[str, Callable[[], bytes]]] = {
    made.__name__: made
    for made in (
        blp, cur_of_a_large_bitmap, dcx_of_many_pages, dib_of_runs, fits_without_pixels, heic_of_many_tiles, msp, pfm,
        psb_of_many_channels,
    )
}  # fmt: skip
