"""Identifies the format of a file from the file's bytes alone: names and content types are not reliable."""

from collections.abc import Callable
from typing import Final

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.containers import iso_boxes, svg_text
from pixelfleet.images.containers.tiff_pages import is_camera_raw
from pixelfleet.images.formats.table import FORMATS, REFUSED, Format, format_named

#: Enough bytes for every signature of the table.
HEAD_BYTES: Final = 4096

#: `read(offset, count)` reads `count` bytes from an offset, or fewer bytes at the end of the file.
Read = Callable[[int, int], bytes]


def identify(read: Read) -> Format:
    """The format of a file, from its head and, for a container, from the content of the container.

    Raises:
        PermanentError: `unsupported_format` for a known image that is not read, else `not_an_image`.
    """
    head = read(0, HEAD_BYTES)
    if head[4:8] == b"ftyp":
        return _iso_media(read)
    if svg_text.may_be_svg(head) and svg_text.is_svg(read):
        return format_named("svg")
    row = sniff(head)
    if row.name == "tiff" and is_camera_raw(read):
        return format_named("raw")
    return row


def sniff(head: bytes) -> Format:
    """The format of a file with a signature in its first bytes (`HEAD_BYTES`, or all bytes of a shorter file).

    Raises:
        PermanentError: `unsupported_format` for a known image that is not read, else `not_an_image`.
    """
    for row in FORMATS:
        if row.signature.match(head):
            return row
    for refused in REFUSED:
        if refused.signature.match(head):
            raise PermanentError(
                Cause.UNSUPPORTED_FORMAT, f"{refused.name} is not supported: {refused.reason}; {refused.advice}"
            )
    raise PermanentError(
        Cause.NOT_AN_IMAGE, "the file's content is not an image of any known format; check what was uploaded"
    )


def _iso_media(read: Read) -> Format:
    """AVIF and HEIC have the same container as films. The type of the primary item decides (ISO/IEC 23008-12, 6)."""
    brands = iso_boxes.brands(read)
    if b"crx " in brands:
        return format_named("raw")
    if b"mif3" in brands:
        raise PermanentError(
            Cause.UNSUPPORTED_FORMAT,
            "an image in a `mini` box (low-overhead image format) is not supported; save it as ordinary AVIF or HEIC",
        )
    codecs = iso_boxes.codecs(read)
    if not codecs and brands & {b"avis", b"hevc", b"hevx", b"msf1"}:
        raise PermanentError(
            Cause.UNSUPPORTED_FORMAT,
            "an image sequence without a still picture is not supported; save it as WebP or GIF",
        )
    if b"av01" in codecs or (not codecs and b"avif" in brands):
        return format_named("avif")
    if b"hvc1" in codecs or (not codecs and brands & _HEIC_BRANDS):
        return format_named("heic")
    if codecs or brands & {b"mif1", b"msf1"}:
        coding = ", ".join(sorted(code.decode("latin-1") for code in codecs)) or "unknown"
        raise PermanentError(
            Cause.UNSUPPORTED_FORMAT, f"HEIF with the coding {coding} is not supported; save it as JPEG, PNG or AVIF"
        )
    raise PermanentError(Cause.NOT_AN_IMAGE, "the file is a film or another container without an image")


_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis"})


def extension_of(row: Format) -> str:
    """The usual ending of a file of this format, with its dot."""
    return row.extension


def content_type_of(row: Format) -> str:
    """The registered media type (IANA), else the media type of bytes that are only downloaded."""
    return row.media_type
