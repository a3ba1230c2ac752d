"""Detects an SVG, also compressed: its root element follows declarations, comments and a doctype (XML 1.0, 2.8)."""

import re
import zlib
from collections.abc import Callable
from typing import Final

Read = Callable[[int, int], bytes]

#: The bytes of a file that are searched for the root element.
_SEARCHED: Final = 256 * 1024
#: The most bytes of an inflated SVG; librsvg holds the whole text in memory.
MAX_INFLATED: Final = 16_000_000
_GZIP: Final = b"\x1f\x8b\x08"
#: UTF-16 by its byte order mark, or by a first character `<` without a mark (XML 1.0, appendix F).
_UTF16: Final = (
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_SKIPPED: Final = re.compile(
    r"\s+|<\?.*?\?>|<!--.*?-->|<!doctype(?:[^\[>\"']|\"[^\"]*\"|'[^']*')*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE
)
_ROOT: Final = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?svg[\s/>]")


def may_be_svg(head: bytes) -> bool:
    """Whether the head belongs to an XML text or a gzip stream: the cheap test before `is_svg`."""
    return head.startswith(_GZIP) or head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00").startswith(b"<")


def is_svg(read: Read) -> bool:
    """Whether the root element of the XML text is `svg`, with any namespace prefix."""
    head = read(0, _SEARCHED)
    if head.startswith(_GZIP):
        head = inflated(head, _SEARCHED)
    text = decoded(head)
    at = 0
    while skipped := _SKIPPED.match(text, at):
        at = skipped.end()
    return bool(_ROOT.match(text, at))


def decoded(content: bytes) -> str:
    """The text of UTF-8 or UTF-16, without its byte order mark."""
    for mark, encoding in _UTF16:
        if content.startswith(mark):
            return content.decode(encoding, "replace").removeprefix("\ufeff")
    return content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


def inflated(content: bytes, limit: int = MAX_INFLATED) -> bytes:
    """The first `limit` bytes of an inflated gzip stream (RFC 1952); empty if `content` is not a gzip stream."""
    try:
        return zlib.decompressobj(wbits=31).decompress(content, limit)
    except zlib.error:
        return b""
