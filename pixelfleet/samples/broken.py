"""The samples that cannot be processed, each for another reason."""

import struct
import zlib

from pixelfleet.samples.photos import encoded
from pixelfleet.samples.scene import scene


def truncated_jpeg() -> bytes:
    """The first half of a JPEG, as after an interrupted copy."""
    whole = encoded(scene((900, 600), "sea", "truncated"), "JPEG", quality=88)
    return whole[: len(whole) // 2]


def truncated_png() -> bytes:
    whole = encoded(scene((500, 400), "sea", "truncated"), "PNG")
    return whole[: len(whole) // 2]


def empty() -> bytes:
    return b""


def text() -> bytes:
    return b"This is a letter, not a picture, whatever its name says.\n" * 8


def bomb() -> bytes:
    """A PNG of a few hundred bytes whose header declares 3.6 gigapixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(60_000), 9)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def garbled() -> bytes:
    """A JPEG with overwritten tables: the header is right, and the rest cannot be decoded."""
    whole = encoded(scene((600, 400), "dusk", "garbled"), "JPEG", quality=80)
    return whole[:24] + bytes(200) + whole[224:2000] + b"\xff\xd9"


def video() -> bytes:
    """The first bytes of an MP4 film. MP4, HEIC and AVIF start with the same box."""
    return struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"isom", 512, b"isom", b"mp42") + bytes(4096)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
