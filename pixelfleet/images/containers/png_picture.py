"""The chunks of a PNG (PNG, third edition, 5.3), to put the picture of one file under the metadata of another.

The compressed pixels are copied as they are, so that no pixel changes.
"""

import zlib
from collections.abc import Iterator
from typing import Final

from pixelfleet.images.containers.png_pixels import row_sizes

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_END: Final = b"\0\0\0\0IEND\xaeB`\x82"
#: The chunks of metadata that an encode writes, in any order before the palette (PNG, third edition, 5.6).
_METADATA: Final = frozenset({b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"eXIf", b"iTXt", b"zTXt", b"tEXt", b"pHYs"})
#: Animations, and the range of the samples: the picture is not the bare pixels.
_NOT_COPIED: Final = frozenset({b"acTL", b"cICP"})
_PALETTE, _WITH_ALPHA = 3, (4, 6)
#: The colour types (11.2.1).
_TYPES: Final = (0, 2, _PALETTE, *_WITH_ALPHA)
#: Bytes of the transparent colour of grey and of RGB (11.3.1.1).
_CLEAR_BYTES: Final = {0: 2, 2: 6}
_STEP: Final = 1 << 20


def under_metadata_of(original: bytes, encoded: bytes) -> bytes | None:
    """The picture of `original`, bit for bit, with the EXIF, XMP, ICC and density of `encoded` instead of its own.

    Nothing else of `original` stays: no text, no other chunk, nothing after the pixels.

    Returns:
        None for an original that is not a whole and still PNG of at most 8 bits.
    """
    chunks, others = _chunks(original), _chunks(encoded)
    if chunks is None or others is None or chunks[0][0] != b"IHDR":
        return None
    names = [name for name, _ in chunks]
    head = _content(chunks[0][1])
    unknown = any(name[:1].isupper() and name not in (b"IHDR", b"PLTE", b"IDAT", b"IEND") for name in names)
    if unknown or not _NOT_COPIED.isdisjoint(names) or not _is_plain(head):
        return None
    pixels = [chunk for name, chunk in chunks if name == b"IDAT"]
    if not _are_whole(b"".join(map(_content, pixels)), head):
        return None
    palette = [chunk for name, chunk in chunks if name == b"PLTE" and head[9] == _PALETTE]
    # Transparent colours, which come after the palette. A file with alpha has none.
    clear = [chunk for name, chunk in chunks if name == b"tRNS" and head[9] not in _WITH_ALPHA]
    if not _are_used(head, names, [_content(chunk) for chunk in palette], [_content(chunk) for chunk in clear]):
        return None
    metadata = [chunk for name, chunk in others if name in _METADATA]
    return b"".join([_SIGNATURE, chunks[0][1], *metadata, *palette, *clear, *pixels, _END])


def _is_plain(head: bytes) -> bool:
    """Whether IHDR declares at most 8 bits a sample, in grey, RGB or a palette, with or without alpha."""
    return len(head) == 13 and head[8] <= 8 and head[9] in _TYPES and head[12] <= 1


def _are_used(head: bytes, names: list[bytes], palettes: list[bytes], clear: list[bytes]) -> bool:
    """Whether decoders take all bytes of the palette and of the transparent colours (11.2.2, 11.3.1.1, and 5.6 for the
    order). They ignore a chunk that is too long, repeated or at another place."""
    if len(palettes) != (head[9] == _PALETTE) or len(clear) > 1:
        return False
    entries = len(palettes[0]) // 3 if palettes else 0
    if palettes and (len(palettes[0]) != 3 * entries or not 1 <= entries <= 1 << head[8]):
        return False
    if not clear:
        return True
    before = names[: names.index(b"tRNS")]
    in_order = b"IDAT" not in before and (not palettes or b"PLTE" in before)
    size = len(clear[0])
    return in_order and (1 <= size <= entries if palettes else size == _CLEAR_BYTES[head[9]])


def _are_whole(packed: bytes, head: bytes) -> bool:
    """Whether the compressed pixels are those of every row, and nothing else."""
    left = sum(1 + size for size in row_sizes(head))
    inflater = zlib.decompressobj()
    try:
        while left >= 0 and not inflater.eof:
            piece = inflater.decompress(packed, _STEP)
            if not piece and not inflater.eof:
                return False
            left -= len(piece)
            packed = inflater.unconsumed_tail
    except zlib.error:
        return False
    return left == 0 and not inflater.unused_data


def _chunks(content: bytes) -> list[tuple[bytes, bytes]] | None:
    """Each chunk with its name, from IHDR to IEND; None if the file breaks off or is no PNG."""
    chunks = list(_read(content))
    return chunks if chunks and chunks[-1][0] == b"IEND" else None


def _read(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE) if content.startswith(_SIGNATURE) else len(content)
    while at + 12 <= len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        if end > len(content):
            return
        name = content[at + 4 : at + 8]
        yield name, content[at:end]
        if name == b"IEND":
            return
        at = end


def _content(chunk: bytes) -> bytes:
    return chunk[8:-4]
