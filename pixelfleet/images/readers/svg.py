"""SVG, by librsvg in libvips, only where the recipe allows it."""

import re
from pathlib import Path
from typing import Final

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.containers.svg_text import MAX_INFLATED, inflated
from pixelfleet.images.formats import Format
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.libvips import header_of
from pixelfleet.images.vips import Image, permit_svg, pyvips

_LOWER_DOCTYPE: Final = re.compile(
    rb"\A((?:\xef\xbb\xbf)?(?:\s+|<\?.*?\?>|<!--.*?-->)*)<!doctype", re.DOTALL | re.IGNORECASE
)


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    return header_of(decode(path, row, reading))


def decode(path: Path, _row: Format, reading: Reading) -> Image:
    """
    Raises:
        PermanentError: `unsupported_format`, the recipe does not allow it, or `too_many_bytes`.
    """
    if not reading.allow_svg:
        raise PermanentError(
            Cause.UNSUPPORTED_FORMAT, "SVG is a drawing program, not pixels; a recipe with allow_svg = true renders it"
        )
    text = _text(path)
    permit_svg(allowed=True)
    try:
        # The text is given as bytes, which have no folder: nothing is loaded from outside the file.
        return pyvips.Operation.call("svgload_buffer", text, access="sequential")
    finally:
        permit_svg(allowed=False)


def _text(path: Path) -> bytes:
    """The XML, inflated where it is compressed, at most `MAX_INFLATED` bytes: librsvg holds it whole."""
    with path.open("rb") as file:
        content = file.read(MAX_INFLATED + 1)
    if content.startswith(b"\x1f\x8b"):
        content = inflated(content, MAX_INFLATED + 1)
    # XML's keyword is upper case; HTML editors write it lower, and libxml2 refuses that.
    content = _LOWER_DOCTYPE.sub(rb"\1<!DOCTYPE", content, count=1)
    if len(content) > MAX_INFLATED:
        raise PermanentError(
            Cause.TOO_MANY_BYTES, f"an SVG may have {MAX_INFLATED:,} bytes; render it to PNG where it was made"
        )
    return content
