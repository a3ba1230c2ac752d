"""PSD, which no library writes."""

import struct

from tests.colour.quarters import QUARTERS, SIZE, picture


def psd(
    mode: int,
    depth: int,
    planes: list[bytes],
    layers: int = 0,
    version: int = 1,
    *,
    resources: bytes = b"",
    deep_layers: int = 0,
) -> bytes:
    """Header, no palette, a layer count, and the planes uncompressed. `deep_layers`: the count where files of 16 bits
    have it, in the block `Lr16`."""
    head = b"8BPS" + struct.pack(">H6xHIIHH", version, len(planes), SIZE[1], SIZE[0], depth, mode)
    wide = ">Q" if version == 2 else ">I"
    section = struct.pack(wide, 4) + struct.pack(">hxx", layers) if layers else b""
    if deep_layers:
        block = b"8BIMLr16" + struct.pack(wide, 4) + struct.pack(">hxx", deep_layers)
        section = struct.pack(wide, 0) + bytes(4) + block
    before = head + bytes(4) + struct.pack(">I", len(resources)) + resources
    return before + struct.pack(wide, len(section)) + section + b"\0\0" + b"".join(planes)


def psd_in_runs(version: int = 1) -> bytes:
    """The quarters in PackBits, by runs of half a row."""
    whole = psd(3, 8, planes(QUARTERS), version=version)
    body = whole.index(b"\0\0" + planes(QUARTERS)[0])
    half = SIZE[0] // 2
    rows = []
    for band in range(3):
        for left, right in ((0, 1), (2, 3)):
            row = bytes((257 - half, QUARTERS[left][band], 257 - half, QUARTERS[right][band]))
            rows += [row] * (SIZE[1] // 2)
    lengths = b"".join(struct.pack(">I" if version == 2 else ">H", len(row)) for row in rows)
    return whole[:body] + b"\0\1" + lengths + b"".join(rows)


def psd_resource(number: int, content: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", number, 0, len(content)) + content + bytes(len(content) % 2)


def on_white(values: tuple[tuple[int, ...], ...], alpha: int) -> tuple[tuple[int, ...], ...]:
    """As Photoshop merges: laid on white, with the alpha beside."""
    return tuple((*(round(255 - (255 - value) * alpha / 255) for value in colour), alpha) for colour in values)


def planes(values: tuple[tuple[int, ...], ...], depth: int = 8) -> list[bytes]:
    """The quarters as planes of 8 or 16 bits."""
    actual = []
    for band in range(len(values[0])):
        plane = picture(tuple((value[band],) for value in values), "L").tobytes()
        actual.append(plane if depth == 8 else b"".join(bytes((value, value)) for value in plane))
    return actual


def bitmap_plane() -> bytes:
    """Black top left and bottom right; a set bit is black."""
    width, height = SIZE
    upper = b"\xff" * (width // 16) + b"\0" * (width // 16)
    return upper * (height // 2) + bytes(reversed(upper)) * (height // 2)


def indexed_psd(transparent: int) -> bytes:
    """A palette, and the resource that names its transparent index."""
    whole = psd(2, 8, planes(((0,), (1,), (2,), (3,))), resources=psd_resource(1047, struct.pack(">H", transparent)))
    palette = b"".join(bytes(colour[band] for colour in QUARTERS).ljust(256, b"\0") for band in range(3))
    return whole[:26] + struct.pack(">I", 768) + palette + whole[30:]


def turned_psd() -> bytes:
    """The quarters, which EXIF in the resource 1058 turns by 180 degrees."""
    exif = b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHHI", 274, 3, 1, 3, 0, 0)
    return psd(3, 8, planes(QUARTERS[::-1]), resources=psd_resource(1058, exif))
