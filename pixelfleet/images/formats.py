"""Which format a file is, by its first bytes alone: names and content types may say anything."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pixelfleet.errors import Cause, PermanentError

#: Enough for every signature here; an ISO base media `ftyp` box with many brands is the longest.
HEAD_BYTES: Final = 512


class Reader(StrEnum):
    """Who decodes. Each format has one reader, so that a file cannot choose the weakest of several."""

    VIPS = "vips"
    PILLOW = "pillow"
    HEIF = "heif"


@dataclass(frozen=True, slots=True)
class Format:
    """`name` is what reports say; `code` is the libvips loader or Pillow's name of the format."""

    name: str
    reader: Reader
    code: str
    animates: bool = False


def _vips(name: str, loader: str, *, animates: bool = False) -> Format:
    return Format(name, Reader.VIPS, loader, animates)


def _pillow(name: str, code: str) -> Format:
    return Format(name, Reader.PILLOW, code)


SVG: Final = _vips("svg", "svgload")
_AVIF: Final = _vips("avif", "heifload")
_HEIC: Final = Format("heic", Reader.HEIF, "HEIF")
_JPEG2000: Final = _pillow("jpeg2000", "JPEG2000")

#: Signatures in the order in which they are tried; a weak one stands behind the strong ones.
_SIGNATURES: Final[tuple[tuple[re.Pattern[bytes], Format], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), found)
    for pattern, found in (
        (rb"\xff\xd8\xff", _vips("jpeg", "jpegload")),
        (rb"\x89PNG\r\n\x1a\n", _vips("png", "pngload")),
        (rb"GIF8[79]a", _vips("gif", "gifload", animates=True)),
        (rb"RIFF....WEBP", _vips("webp", "webpload", animates=True)),
        (rb"II[*+]\x00|MM\x00[*+]", _vips("tiff", "tiffload")),
        (rb"\x00\x00\x00\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51", _JPEG2000),
        (rb"8BPS\x00\x01", _pillow("psd", "PSD")),
        (rb"DDS \x7c\x00\x00\x00", _pillow("dds", "DDS")),
        (rb"qoif", _pillow("qoi", "QOI")),
        (rb"icns", _pillow("icns", "ICNS")),
        (rb"P[1-6][\s#]|P[Ff]\s", _pillow("ppm", "PPM")),
        (rb"\x59\xa6\x6a\x95", _pillow("sun", "SUN")),
        (rb"BM....\x00\x00\x00\x00", _pillow("bmp", "BMP")),
        (rb"BM....\S{4}", _pillow("bmp", "BMP")),
        (rb"\x00\x00\x01\x00[\x01-\xff]\x00", _pillow("ico", "ICO")),
        (rb"\x00\x00\x02\x00[\x01-\xff]\x00", _pillow("cur", "CUR")),
        (rb"\x01\xda[\x00\x01][\x01\x02]\x00[\x01-\x03]", _pillow("sgi", "SGI")),
        (rb"\x0a[\x00\x02-\x05]\x01[\x01\x02\x04\x08]", _pillow("pcx", "PCX")),
        (rb"(\xef\xbb\xbf)?\s*(<\?xml.*)?(<!--.*)?(<!DOCTYPE svg.*)?<svg[\s>]", SVG),
        (rb"\s*#define[ \t]+\S+_width[ \t]+\d+\s", _pillow("xbm", "XBM")),
        (rb"\s*/\* XPM \*/", _pillow("xpm", "XPM")),
        # TGA has no signature: colour map flag, a known image type, plausible map and depth.
        (rb".(?:\x00[\x02\x03\x0a\x0b]\x00{5}|\x01[\x01\x09]..[\x01-\xff].[\x0f\x10\x18\x20]).{8}[\x08\x0f\x10\x18\x20].",
         _pillow("tga", "TGA")),
    )
)  # fmt: skip

#: Images that are told apart from junk, so that the message can say what to do.
_KNOWN: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), name)
    for pattern, name in (
        (rb"\xff\x0a|\x00\x00\x00\x0cJXL ", "JPEG XL"),
        (rb"%PDF-", "PDF"),
        (rb"%!PS|\xc5\xd0\xd3\xc6", "PostScript"),
        (rb"v/1\x01", "OpenEXR"),
        (rb"#\?(RADIANCE|RGBE)", "Radiance HDR"),
        (rb"SIMPLE  =", "FITS"),
        (rb".{128}DICM", "DICOM"),
        (rb"FUJIFILMCCD-RAW|II(\x55\x00|RO|RS)|MMOR|\x00MRM|FOVb", "camera raw"),
        (rb"\xd7\xcd\xc6\x9a|\x01\x00\x09\x00\x00\x03", "WMF"),
        (rb"gimp xcf", "GIMP XCF"),
        (rb"AT&TFORM", "DjVu"),
        (rb"BPG\xfb", "BPG"),
    )
)


def sniff(head: bytes) -> Format:
    """The format of a file that begins with `head` (`HEAD_BYTES`, or all of a shorter file).

    Raises:
        PermanentError: `unsupported_format` for a known image that nothing here reads, else `not_an_image`.
    """
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    for signature, found in _SIGNATURES:
        if signature.match(head):
            return found
    for signature, name in _KNOWN:
        if signature.match(head):
            raise PermanentError(Cause.UNSUPPORTED_FORMAT, f"{name} is not supported; save it as TIFF, PNG or JPEG")
    raise PermanentError(
        Cause.NOT_AN_IMAGE, "the file's content is not an image of any known format; check what was uploaded"
    )


def _iso_media(head: bytes) -> Format:
    """AVIF and HEIC share their container with films: the brands in `ftyp` tell them apart (ISO/IEC 23008-12)."""
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[at : at + 4] for at in (8, *range(16, length - 3, 4))}
    if brands & {b"avif", b"avis"}:
        return _AVIF
    if brands & {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}:
        return _HEIC
    if brands & {b"crx "}:
        raise PermanentError(Cause.UNSUPPORTED_FORMAT, "camera raw is not supported; export it as TIFF or JPEG")
    raise PermanentError(Cause.NOT_AN_IMAGE, "the file is a film or another container without an image")


_EXTENSIONS: Final = {"jpeg": ".jpg", "tiff": ".tif", "jpeg2000": ".jp2", "sun": ".ras"}
_CONTENT_TYPES: Final = {
    "svg": "image/svg+xml",
    "jpeg2000": "image/jp2",
    "psd": "image/vnd.adobe.photoshop",
    "ico": "image/vnd.microsoft.icon",
}
_REGISTERED: Final = ("jpeg", "png", "gif", "webp", "avif", "heic", "tiff", "bmp")


def extension_of(found: Format) -> str:
    """The usual ending of a file of this format, with its dot."""
    return _EXTENSIONS.get(found.name, f".{found.name}")


def content_type_of(found: Format) -> str:
    """The registered media type (IANA), else the one for bytes that only a download makes sense of."""
    if found.name in _REGISTERED:
        return f"image/{found.name}"
    return _CONTENT_TYPES.get(found.name, "application/octet-stream")
