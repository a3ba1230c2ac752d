"""The frames, chunks, directories, blocks and boxes of a file, counted before a decoder reads all of them.

Decoders accept a list of a million entries, and some decoders search the whole list for each entry. An animation of a
million frames of one pixel, 70 MB, occupied libwebp for minutes before libwebp returned the number of frames.
"""

import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, Literal

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.limits import Limits

#: Directories for each allowed page: a page may have reduced copies and a mask.
DIRECTORIES_A_PAGE: Final = 4
#: Blocks of an ICNS (Apple defines about thirty types), boxes of AVIF or HEIC on the outermost level, and chunks of a
#: WebP beside its frames.
MAX_BLOCKS: Final = 1_000
_RIFF_HEAD: Final = 12
_ICNS_HEAD: Final = 8


def check_structure(path: Path, format_name: str, limits: Limits) -> None:
    """Check the length of the file's lists.

    Raises:
        PermanentError: `too_many_frames` or `too_much_metadata`.
    """
    with path.open("rb") as file:
        if format_name == "webp":
            _check_chunks(_riff_chunks(file), limits.max_frames)
        elif format_name == "tiff":
            most = limits.max_frames * DIRECTORIES_A_PAGE
            _bound(_directories(file), most, Cause.TOO_MANY_FRAMES, "directories", format_name)
        elif format_name in _BLOCKS:
            _bound(_BLOCKS[format_name](file), MAX_BLOCKS, Cause.TOO_MUCH_METADATA, "blocks", format_name)


def _bound(items: Iterator[object], most: int, cause: Cause, name: str, format_name: str) -> None:
    if sum(1 for _, _ in zip(range(most + 1), items, strict=False)) > most:
        raise PermanentError(cause, f"the {format_name} has more than {most:,} {name}; split it or save it anew")


def _check_chunks(kinds: Iterator[bytes], max_frames: int) -> None:
    """libwebp keeps a note of every chunk, also of chunks without content."""
    first = list(islice(kinds, max_frames + MAX_BLOCKS + 1))
    frames = first.count(b"ANMF")
    _bound(iter(first[:frames]), max_frames, Cause.TOO_MANY_FRAMES, "frames", "webp")
    _bound(iter(first[frames:]), MAX_BLOCKS, Cause.TOO_MUCH_METADATA, "chunks beside its frames", "webp")


def _riff_chunks(file: BinaryIO) -> Iterator[bytes]:
    """The types of a WebP's chunks (WebP Container Specification): chunks of a type, a length and content."""
    file.seek(_RIFF_HEAD)
    while len(head := file.read(8)) == 8:
        yield head[:4]
        size = int.from_bytes(head[4:], "little")
        if not _reach(file, file.tell() + size + size % 2):
            return


def _directories(file: BinaryIO) -> Iterator[int]:
    """The chain of directories (TIFF 6.0, section 2; BigTIFF). A chain ends at the first repeated directory."""
    head = file.read(16)
    order: Literal["little", "big"] = "little" if head[:2] == b"II" else "big"
    big = head[2:4] in (b"+\0", b"\0+")
    count_bytes, entry_bytes, offset_bytes = (8, 20, 8) if big else (2, 12, 4)

    def number(content: bytes) -> int:
        return int.from_bytes(content, order)

    at, seen = number(head[8:16] if big else head[4:8]), set[int]()
    while at and at not in seen and _reach(file, at):
        seen.add(at)
        count = file.read(count_bytes)
        if len(count) < count_bytes:
            return
        yield at
        if not _reach(file, at + count_bytes + number(count) * entry_bytes):
            return
        at = number(file.read(offset_bytes))


def _icns_blocks(file: BinaryIO) -> Iterator[bytes]:
    """Blocks of a type, a length that includes the header, and content."""
    return _big_endian_blocks(file, _ICNS_HEAD, lambda head: (head[4:], 8))


def _boxes(file: BinaryIO) -> Iterator[bytes]:
    """Boxes of a length that includes the header, and a type (ISO/IEC 14496-12, 4.2)."""

    def length_of(head: bytes) -> tuple[bytes, int]:
        return (file.read(8), 16) if head[:4] == b"\0\0\0\1" else (head[:4], 8)

    return _big_endian_blocks(file, 0, length_of)


def _big_endian_blocks(file: BinaryIO, start: int, length_of: Callable[[bytes], tuple[bytes, int]]) -> Iterator[bytes]:
    file.seek(start)
    while len(head := file.read(8)) == 8:
        yield head
        length, read = length_of(head)
        size = int.from_bytes(length, "big")
        if size < read or not _reach(file, file.tell() + size - read):
            return


def _reach(file: BinaryIO, at: int) -> bool:
    """Move to a position; False if the file ends before it. A size of 64 bits may be larger than any disk."""
    if at > os.fstat(file.fileno()).st_size:
        return False
    file.seek(at)
    return True


_BLOCKS: Final = {"icns": _icns_blocks, "avif": _boxes, "heic": _boxes}
