"""SVG: librsvg in libvips renders the drawing, only if the recipe allows SVG."""

import re
from pathlib import Path
from typing import Final

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.containers.svg_text import MAX_INFLATED, inflated
from pixelfleet.images.formats import Format
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.libvips import header_of
from pixelfleet.images.vips import Image, permit_svg, pyvips

#: The text that may stand before a doctype (XML 1.0, 2.8). Each match moves forward, so that no text is read twice. A
#: single pattern with a repetition could divide the comments of a hostile file in 2^n ways.
_BEFORE_DOCTYPE: Final = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_DOCTYPE: Final = b"<!DOCTYPE"


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    return header_of(decode(path, row, reading))


def decode(path: Path, _row: Format, reading: Reading) -> Image:
    """
    Raises:
        PermanentError: `unsupported_format`, the recipe does not allow SVG, or `too_many_bytes`.
    """
    if not reading.allow_svg:
        raise PermanentError(
            Cause.UNSUPPORTED_FORMAT, "SVG is a drawing program, not pixels; a recipe with allow_svg = true renders it"
        )
    text = _text(path)
    permit_svg(allowed=True)
    try:
        # The text is passed as bytes. Bytes have no folder, so that librsvg loads nothing from outside the file.
        return pyvips.Operation.call("svgload_buffer", text, access="sequential")
    finally:
        permit_svg(allowed=False)


def _text(path: Path) -> bytes:
    """The XML text, inflated if it is compressed, at most `MAX_INFLATED` bytes: librsvg holds the whole text in
    memory."""
    with path.open("rb") as file:
        content = file.read(MAX_INFLATED + 1)
    if content.startswith(b"\x1f\x8b"):
        content = inflated(content, MAX_INFLATED + 1)
    content = _with_upper_doctype(content)
    if len(content) > MAX_INFLATED:
        raise PermanentError(
            Cause.TOO_MANY_BYTES, f"an SVG may have {MAX_INFLATED:,} bytes; render it to PNG where it was made"
        )
    return content


def _with_upper_doctype(content: bytes) -> bytes:
    """The text with the keyword DOCTYPE in upper case, as XML requires. HTML editors write lower case, which libxml2
    rejects."""
    at = len(_BYTE_ORDER_MARK) if content.startswith(_BYTE_ORDER_MARK) else 0
    while skipped := _BEFORE_DOCTYPE.match(content, at):
        at = skipped.end()
    end = at + len(_DOCTYPE)
    return content[:at] + _DOCTYPE + content[end:] if content[at:end].upper() == _DOCTYPE else content
