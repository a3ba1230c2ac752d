"""AVIF and HEIC with boxes that their encoders do not write."""

import struct
from pathlib import Path
from typing import Final

from PIL import Image

from tests.colour.quarters import SIZE, picture, saved

_FIXTURES: Final = Path(__file__).parents[1] / "fixtures" / "images"


def avif(primaries: int, transfer: int, made: Image.Image | None = None) -> bytes:
    """An AVIF whose `nclx` says these primaries and this transfer, in place of what the encoder wrote."""
    whole = saved(made or picture(), "AVIF", quality=100, subsampling="4:4:4", speed=8)
    return with_nclx(whole, primaries, transfer)


def avif_of_limited_samples(matrix: int) -> bytes:
    """Samples from 16 to 235 whose `nclx` says full range, and neither primaries nor transfer."""
    whole = saved(picture(), "AVIF", quality=100, subsampling="4:4:4", speed=8, range="limited")
    at = whole.index(b"colrnclx") + 8
    return whole[:at] + struct.pack(">HHHB", 2, 2, matrix, 0x80) + whole[at + 7 :]


def with_nclx(whole: bytes, primaries: int, transfer: int) -> bytes:
    at = whole.index(b"colrnclx") + 8
    return whole[:at] + struct.pack(">HH", primaries, transfer) + whole[at + 4 :]


def grey_avif(name: str, *, nclx: bool = True, full: bool = False) -> bytes:
    """An AVIF of one channel of the fixtures (see there), with another range in its `nclx`, or without that box."""
    whole = (_FIXTURES / f"{name}.avif").read_bytes()
    at = whole.index(b"colrnclx")
    if not nclx:
        return whole[:at] + b"free" + whole[at + 4 :]
    return whole[: at + 14] + (b"\x80" if full else b"\0") + whole[at + 15 :]


def heic(primaries: int, transfer: int) -> bytes:
    """The HEIC of the fixtures (see there) with these code points."""
    return with_nclx((_FIXTURES / "four-quarters.heic").read_bytes(), primaries, transfer)


def mif1_with_av1() -> bytes:
    """An AVIF whose brands do not say so."""
    whole = saved(picture(), "AVIF", quality=100, subsampling="4:4:4", speed=8)
    size = int.from_bytes(whole[:4], "big")
    head = whole[:size].replace(b"avif", b"mif1").replace(b"avis", b"mif1")
    return head + whole[size:]


def avif_with_a_second_item_as_primary() -> bytes:
    """Two pictures: the first is black, the second, which `pitm` names, has the quarters (ISO/IEC 23008-12, 6.4.2)."""
    parts = [
        saved(made, "AVIF", quality=100, subsampling="4:4:4", speed=8) for made in (Image.new("RGB", SIZE), picture())
    ]
    payloads = [part[part.index(b"mdat") + 4 :] for part in parts]
    configurations = [_box_around(part, b"av1C") for part in parts]
    properties = [
        *configurations,
        box(b"ispe", struct.pack(">III", 0, *SIZE)),
        box(b"pixi", b"\0\0\0\0\3\b\b\b"),
        _box_around(parts[1], b"colr"),
    ]
    items = [box(b"infe", struct.pack(">IHH4s", 2 << 24, number, 0, b"av01") + b"\0") for number in (1, 2)]
    links = b"".join(struct.pack(">HB4B", number, 4, 0x80 | number, 3, 4, 5) for number in (1, 2))

    def meta(first: int) -> bytes:
        places = struct.pack(">IBBH", 0, 0x44, 0, 2)
        for number, payload in enumerate(payloads):
            places += struct.pack(">HHHII", number + 1, 0, 1, first + number * len(payloads[0]), len(payload))
        return box(
            b"meta",
            bytes(4)
            + box(b"hdlr", bytes(8) + b"pict" + bytes(13))
            + box(b"pitm", struct.pack(">IH", 0, 2))
            + box(b"iloc", places)
            + box(b"iinf", struct.pack(">IH", 0, 2) + b"".join(items))
            + box(b"iprp", box(b"ipco", b"".join(properties)) + box(b"ipma", struct.pack(">II", 0, 2) + links)),
        )

    kind = box(b"ftyp", b"avif\0\0\0\0avifmif1miaf")
    return kind + meta(len(kind) + len(meta(0)) + 8) + box(b"mdat", b"".join(payloads))


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _box_around(whole: bytes, kind: bytes) -> bytes:
    at = whole.index(kind) - 4
    return whole[at : at + int.from_bytes(whole[at : at + 4], "big")]


def pq_heic() -> bytes:
    """The greys in the samples of PQ, 10 bits (see the fixtures)."""
    return with_nclx((_FIXTURES / "four-greys-10bit.heic").read_bytes(), 9, 16)
