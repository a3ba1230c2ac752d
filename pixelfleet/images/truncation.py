"""Whether a file breaks off, by the marks that its format sets at its end or the lengths that it declares.

Codecs report a broken-off file in many words, some not at all; these checks read a few bytes and decide.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

_TAIL: Final = 64 * 1024
_MAX_CHUNKS: Final = 100_000


def breaks_off(path: Path, format_name: str) -> bool:
    """False where the file is whole, or where its format does not tell."""
    check = _CHECKS.get(format_name)
    if check is None:
        return False
    with path.open("rb") as file:
        return check(file)


def _jpeg(file: BinaryIO) -> bool:
    """No end-of-image marker (ITU T.81 B.1.1.3) in the tail; some cameras pad behind it."""
    return b"\xff\xd9" not in _tail(file)


def _gif(file: BinaryIO) -> bool:
    return b"\x3b" not in _tail(file)[-1024:]


def _png(file: BinaryIO) -> bool:
    size = _size(file)
    at = 8
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return True
        if head[4:] == b"IEND":
            return False
        at += 12 + int.from_bytes(head[:4], "big")
        if at > size:
            return True
    return False


def _riff(file: BinaryIO) -> bool:
    size = _size(file)
    file.seek(4)
    return int.from_bytes(file.read(4), "little") + 8 > size


def _iso_media(file: BinaryIO) -> bool:
    """Boxes (ISO/IEC 14496-12) that reach past the end of the file."""
    size = _size(file)
    at = 0
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length == 0 or at >= size:
            return False
        at += max(length, 8)
        if at > size:
            return True
    return False


def _bmp(file: BinaryIO) -> bool:
    size = _size(file)
    file.seek(2)
    return int.from_bytes(file.read(4), "little") > size


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _tail(file: BinaryIO) -> bytes:
    file.seek(max(0, _size(file) - _TAIL))
    return file.read()


_CHECKS: Final[dict[str, Callable[[BinaryIO], bool]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "gif": _gif,
    "webp": _riff,
    "avif": _iso_media,
    "heic": _iso_media,
    "bmp": _bmp,
}
