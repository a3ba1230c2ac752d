"""PNG with chunks that Pillow does not write."""

import struct
import zlib
from typing import Any

from PIL import Image

from tests.colour.quarters import picture, saved


def png(*chunks: tuple[bytes, bytes], made: Image.Image | None = None, **options: Any) -> bytes:
    """A PNG with these chunks behind its header."""
    whole = saved(made or picture(), "PNG", **options)
    return whole[:33] + b"".join(_chunk(kind, content) for kind, content in chunks) + whole[33:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def gama(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


def chrm(*numbers: float) -> tuple[bytes, bytes]:
    """White, red, green, blue as x and y."""
    return b"cHRM", struct.pack(">8I", *(round(number * 100_000) for number in numbers))


def cicp(primaries: int, transfer: int) -> tuple[bytes, bytes]:
    return b"cICP", bytes((primaries, transfer, 0, 1))


def with_cicp_tag(profile: bytes, primaries: int, transfer: int) -> bytes:
    """The profile with one more tag (ICC.1:2022, 9.2.17)."""
    count = int.from_bytes(profile[128:132], "big")
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(count)]
    table = b"".join(struct.pack(">4sII", name, start + 12, size) for name, start, size in entries)
    table += struct.pack(">4sII", b"cicp", len(profile) + 12, 12)
    tag = b"cicp" + bytes(4) + bytes((primaries, transfer, 0, 1))
    whole = profile[4:128] + struct.pack(">I", count + 1) + table + profile[132 + 12 * count :] + tag
    return struct.pack(">I", len(whole) + 4) + whole
