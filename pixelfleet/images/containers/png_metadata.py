"""EXIF, XMP and IPTC of a PNG. The chunks may stand anywhere: many programs write them after the pixels."""

import zlib
from collections.abc import Callable, Iterator
from typing import Final

Read = Callable[[int, int], bytes]

_MAX_CHUNKS: Final = 100_000
#: The most bytes of an inflated text that are kept.
_MAX_TEXT: Final = 8_000_000
#: A keyword has 79 bytes at most (PNG, third edition, 11.3.3.2).
_KEYWORD: Final = 80
_XMP: Final = b"XML:com.adobe.xmp"
#: ImageMagick's keyword for blocks that had no PNG chunk. The text is a name, a length, and the bytes in hexadecimal.
_RAW: Final = b"Raw profile type "
_XMP_MARK: Final = b"http://ns.adobe.com/xap/1.0/\0"


def png_metadata(read: Read) -> dict[str, bytes]:
    """The blocks `exif`, `xmp` and `iptc` of the file. A dedicated chunk takes precedence over a raw profile."""
    blocks: dict[str, bytes] = {}
    raw: dict[str, bytes] = {}
    for kind, start, length in _chunks(read):
        if kind == b"eXIf":
            blocks.setdefault("exif", read(start, min(length, _MAX_TEXT)))
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            keyword = read(start, min(length, _KEYWORD)).partition(b"\0")[0]
            if keyword == _XMP:
                blocks.setdefault("xmp", _text(kind, read(start, min(length, _MAX_TEXT))))
            elif keyword.startswith(_RAW):
                name, block = _raw_profile(keyword, _text(kind, read(start, min(length, _MAX_TEXT))))
                raw.setdefault(name, block)
    return {name: block for name, block in (raw | blocks).items() if name and block}


def _chunks(read: Read) -> Iterator[tuple[bytes, int, int]]:
    """Type, content offset and content length of each chunk."""
    at = 8
    for _ in range(_MAX_CHUNKS):
        head = read(at, 8)
        if len(head) < 8 or head[4:] == b"IEND":
            return
        length = int.from_bytes(head[:4], "big")
        yield head[4:], at + 8, length
        at += 12 + length


def _text(kind: bytes, content: bytes) -> bytes:
    """The text after the keyword, inflated if it is compressed; empty if it cannot be inflated."""
    rest = content.partition(b"\0")[2]
    compressed = kind == b"zTXt"
    if kind == b"iTXt":
        compressed = rest[:1] == b"\1"
        # Skips two bytes of compression, the language and the translated keyword.
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif compressed:
        rest = rest[1:]
    if not compressed:
        return rest
    try:
        return zlib.decompressobj().decompress(rest, _MAX_TEXT)
    except zlib.error:
        return b""


def _raw_profile(keyword: bytes, text: bytes) -> tuple[str, bytes]:
    """The block name of a raw profile and the block's bytes; an empty name for every other profile."""
    parts = text.split(None, 2)
    try:
        block = bytes.fromhex(parts[2].decode("ascii")) if len(parts) == 3 else b""
    except ValueError:
        return "", b""
    if block.startswith(_XMP_MARK):
        return "xmp", block.removeprefix(_XMP_MARK)
    names = {b"exif": "exif", b"APP1": "exif", b"xmp": "xmp", b"iptc": "iptc", b"8bim": "iptc"}
    return names.get(keyword.removeprefix(_RAW), ""), block
