"""The chunks of a WebP file (RFC 9649), to put the picture of one file under the metadata of another.

The coded pictures are copied as they are, so that no pixel changes.
"""

from collections.abc import Iterator
from typing import Final

_HEADER: Final = 12
#: Chunks of metadata with their flags in VP8X (RFC 9649, 2.7), in the order of the file.
_METADATA: Final = {b"ICCP": 0x20, b"EXIF": 0x08, b"XMP ": 0x04}
#: Animations.
_NOT_COPIED: Final = frozenset({b"ANIM", b"ANMF"})
#: The flag of alpha in VP8X. Of a lossy picture, the alpha is in a chunk of its own in front of the picture.
_ALPHA_FLAG, _ALPHA = 0x10, b"ALPH"
_PICTURES: Final = (b"VP8 ", b"VP8L")
_LOSSLESS_SIGNATURE: Final = 0x2F
_LARGEST: Final = (1 << 14) - 1


def under_metadata_of(original: bytes, encoded: bytes) -> bytes | None:
    """The picture of `original`, bit for bit, with the ICC, EXIF and XMP of `encoded` instead of its own.

    Nothing else of `original` stays, no unknown chunk either.

    Returns:
        None for an original that is not a whole and still WebP.
    """
    chunks, others = _chunks(original), _chunks(encoded)
    if chunks is None or others is None:
        return None
    coded = [name for name in _PICTURES if name in chunks]
    if len(coded) != 1 or not _NOT_COPIED.isdisjoint(chunks):
        return None
    [name] = coded
    size = _size(name, chunks[name])
    if size is None:
        return None
    picture = _chunk(name, chunks[name])
    apart = name == b"VP8 " and _ALPHA in chunks
    if apart:
        picture = _chunk(_ALPHA, chunks[_ALPHA]) + picture
    metadata = {kind: _chunk(kind, others[kind]) for kind in _METADATA if kind in others}
    if not metadata and not apart:
        return _riff(picture)
    flags = sum(_METADATA[kind] for kind in metadata)
    if apart or _has_alpha(name, chunks[name]):
        flags |= _ALPHA_FLAG
    extended = bytes((flags, 0, 0, 0)) + b"".join((side - 1).to_bytes(3, "little") for side in size)
    profile = metadata.pop(b"ICCP", b"")
    return _riff(_chunk(b"VP8X", extended), profile, picture, *metadata.values())


def shortened(content: bytes, cut: int) -> Iterator[bytes]:
    """For each coded picture of more than `cut` bytes, and for an alpha, the file without its last `cut` bytes.

    `content` is a whole and still WebP, as from `under_metadata_of`.
    """
    chunks = _chunks(content) or {}
    for name in (*_PICTURES, _ALPHA):
        if len(chunks.get(name, b"")) > cut:
            shorter = chunks | {name: chunks[name][:-cut]}
            yield _riff(*(_chunk(kind, coded) for kind, coded in shorter.items()))


def _chunks(content: bytes) -> dict[bytes, bytes] | None:
    """The first chunk of each name; None if the file breaks off or is no WebP."""
    if content[:4] != b"RIFF" or content[8:_HEADER] != b"WEBP":
        return None
    end = 8 + int.from_bytes(content[4:8], "little")
    if end > len(content):
        return None
    chunks: dict[bytes, bytes] = {}
    at = _HEADER
    while at + 8 <= end:
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            return None
        chunks.setdefault(content[at : at + 4], content[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    return chunks


def _size(name: bytes, coded: bytes) -> tuple[int, int] | None:
    """Width and height of a coded picture (RFC 6386, 9.1; RFC 9649, 3.4), whose upper bits are for scaling in VP8.

    None for bytes that are no picture.
    """
    if len(coded) < 10:
        return None
    if name == b"VP8 ":
        if coded[3:6] != b"\x9d\x01\x2a":
            return None
        return int.from_bytes(coded[6:8], "little") & _LARGEST, int.from_bytes(coded[8:10], "little") & _LARGEST
    bits = int.from_bytes(coded[1:5], "little")
    if coded[0] != _LOSSLESS_SIGNATURE:
        return None
    return (bits & _LARGEST) + 1, (bits >> 14 & _LARGEST) + 1


def _has_alpha(name: bytes, coded: bytes) -> bool:
    """Bit 28 of VP8L's head (RFC 9649, 3.4)."""
    return name == b"VP8L" and bool(coded[4] >> 4 & 1)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)


def _riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body
