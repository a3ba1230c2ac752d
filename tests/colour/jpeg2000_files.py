"""JPEG 2000 with boxes that OpenJPEG does not write."""

import struct

from PIL import Image

from tests.colour.heif_files import box
from tests.colour.quarters import QUARTERS, picture, saved


def jp2(profile: bytes) -> bytes:
    """A JPEG 2000 whose colour box holds a profile (T.800, I.5.3.3)."""
    whole = saved(picture(), "JPEG2000", irreversible=False)
    start = whole.index(b"jp2h") - 4
    size = int.from_bytes(whole[start : start + 4], "big")
    at = whole.index(b"colr", start) - 4
    old = int.from_bytes(whole[at : at + 4], "big")
    box = struct.pack(">I", 11 + len(profile)) + b"colr" + b"\x02\0\0" + profile
    grown = struct.pack(">I", size - old + len(box))
    return whole[:start] + grown + whole[start + 4 : at] + box + whole[at + old :]


def jp2_of_other_order() -> bytes:
    """Channels of green, blue and red, as `cdef` says (T.800, I.5.3.6)."""
    red, green, blue = picture().split()
    whole = saved(Image.merge("RGB", (green, blue, red)), "JPEG2000", irreversible=False)
    cdef = struct.pack(">H9H", 3, 0, 0, 2, 1, 0, 3, 2, 0, 1)
    return _in_jp2_header(whole, box(b"cdef", cdef))


def _in_jp2_header(whole: bytes, more: bytes) -> bytes:
    start = whole.index(b"jp2h") - 4
    size = int.from_bytes(whole[start : start + 4], "big")
    grown = struct.pack(">I", size + len(more)) + whole[start + 4 : start + size] + more
    return whole[:start] + grown + whole[start + size :]


def jp2_with_palette(*order: int) -> bytes:
    """Indices 8 to 11 behind eight entries that are alike; `order`: the columns of red, green and blue."""
    whole = saved(picture(((8,), (9,), (10,), (11,)), "L"), "JPEG2000", irreversible=False)
    entries = [(0, 0, 0)] * 8 + [tuple(colour[order.index(column)] for column in range(3)) for colour in QUARTERS]
    pclr = struct.pack(">HB", len(entries), 3) + b"\7\7\7" + b"".join(map(bytes, entries))
    cmap = b"".join(struct.pack(">HBB", 0, 1, column) for column in order)
    more = box(b"pclr", pclr) + box(b"cmap", cmap)
    grey = whole.index(b"colr") + 7
    return _in_jp2_header(whole[:grey] + struct.pack(">I", 16) + whole[grey + 4 :], more)


def jp2_of_bits(bits: int) -> bytes:
    """Greys of 0, 1, the highest number and one less, of so few bits.

    A codestream of 8 bits whose head says fewer (T.800, A.5.1): without loss, bits move the middle alone.
    """
    most = (1 << bits) - 1
    values = [0, 1, most, most - 1]
    moved = picture(tuple((value - (1 << bits - 1) + 128,) for value in values), "L")
    whole = saved(moved, "JPEG2000", no_jp2=True, irreversible=False)
    return whole[:42] + bytes((bits - 1,)) + whole[43:]


def jp2_of_space(space: int, values: tuple[tuple[int, ...], ...], mode: str = "RGB") -> bytes:
    """A JPEG 2000 with this enumerated colour space (T.801, M.11.7.3)."""
    whole = saved(picture(values, mode), "JPEG2000", irreversible=False, mct=0)
    at = whole.index(b"colr") + 4
    return whole[: at + 3] + struct.pack(">I", space) + whole[at + 7 :]
