"""The inflated size of a file's metadata, measured before a decoder inflates the metadata.

Only PNG compresses its metadata (PNG specification, third edition, 11.3.3.3 zTXt, 11.3.3.4 iTXt, 11.3.2.3 iCCP). Two
megabytes of chunks can hold gigabytes of text, and libspng inflates every chunk. In all other formats metadata takes at
most the file's bytes times a small factor.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from pixelfleet.errors import Cause, PermanentError

#: The most bytes of inflated metadata in a file. Real XMP with history and large colour profiles stay below 10 MB.
MAX_METADATA: Final = 64_000_000
#: The most chunks in a file without those of pixels; each chunk costs an allocation and a list entry.
MAX_CHUNKS: Final = 10_000
_SIGNATURE_BYTES: Final = 8
_STEP: Final = 1 << 16
#: Chunks whose content is not metadata: pixels, and the frames of animated PNG.
_PIXELS: Final = frozenset({b"IDAT", b"fdAT"})


def check_metadata(path: Path, format_name: str) -> None:
    """Check the memory that the metadata of the file takes.

    Raises:
        PermanentError: `too_much_metadata`.
    """
    if format_name != "png":
        return
    left = MAX_METADATA
    with path.open("rb") as file:
        for number, (kind, content) in enumerate(_chunks(file)):
            left -= _inflated(kind, content, left)
            if left < 0 or number >= MAX_CHUNKS:
                raise PermanentError(
                    Cause.TOO_MUCH_METADATA,
                    f"the png has more than {MAX_METADATA // 1_000_000} MB of metadata, or more than {MAX_CHUNKS:,} "
                    "chunks of it; save it without text chunks",
                )


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of every chunk except chunks of pixels, up to the first truncated chunk."""
    file.seek(_SIGNATURE_BYTES)
    while len(head := file.read(8)) == 8:
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind == b"IEND":
            return
        if kind in _PIXELS:
            file.seek(size + 4, 1)
            continue
        content = file.read(min(size, MAX_METADATA + 1))
        yield kind, content
        file.seek(size - len(content) + 4, 1)


def _inflated(kind: bytes, content: bytes, most: int) -> int:
    """Bytes that the chunk takes: its bytes in the file plus its inflated part. The count stops above `most`."""
    packed = _compressed_part(kind, content)
    if packed is None:
        return len(content)
    size, inflater = len(content), zlib.decompressobj()
    while packed and not inflater.eof and size <= most:
        try:
            size += len(inflater.decompress(packed, _STEP))
        except zlib.error:
            break
        packed = inflater.unconsumed_tail
    return size


def _compressed_part(kind: bytes, content: bytes) -> bytes | None:
    """The compressed part of a chunk; None if the chunk has no compressed part."""
    rest = content.partition(b"\0")[2]
    if kind in (b"zTXt", b"iCCP"):
        return rest[1:]
    if kind == b"iTXt" and rest[:1] == b"\x01":
        after_language = rest[2:].partition(b"\0")[2]
        return after_language.partition(b"\0")[2]
    return None
