"""The table of formats: signature, reader, and how far the reader is trusted. One row adds a format.

`docs/reference/formats.md` shows the same rows; a test compares the two and renders a sample of each row.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Format:
    """One format that is read.

    `reader` names the module in `pixelfleet.images.readers` that decodes the format. Each format has one reader, so
    that a file cannot choose the weakest of several decoders. `code` is the reader's own name for the format: a
    libvips loader or a Pillow plugin. A format that `streams` is decoded row by row; every other format is held whole
    in memory and bounded by `limits.MAX_HELD_PIXELS`.
    """

    name: str
    title: str
    signature: re.Pattern[bytes]
    reader: str
    code: str
    extension: str
    media_type: str = "application/octet-stream"
    animates: bool = False
    streams: bool = False


@dataclass(frozen=True, slots=True)
class RefusedFormat:
    """A known image format that is not read, and the reason."""

    name: str
    signature: re.Pattern[bytes]
    reason: str
    advice: str = "save it as TIFF, PNG or JPEG"


def _row(  # noqa: PLR0913, PLR0917 - one row of a table
    name: str, title: str, signature: bytes, reader: str, code: str, extension: str, media_type: str = "", **more: bool
) -> Format:
    pattern = re.compile(signature, re.DOTALL)
    return Format(name, title, pattern, reader, code, extension, media_type or "application/octet-stream", **more)


def _refused(name: str, signature: bytes, reason: str, advice: str = "") -> RefusedFormat:
    pattern = re.compile(signature, re.DOTALL)
    return RefusedFormat(name, pattern, reason, advice) if advice else RefusedFormat(name, pattern, reason)


#: A signature that no file matches: `identify` selects these rows by the structure of the file.
_BY_STRUCTURE: Final = rb"(?!)"

#: Rows in the order in which their signatures are tried. Weak signatures come after strong signatures.
FORMATS: Final[tuple[Format, ...]] = (
    # Decoders skip bytes between the first marker and the second (libjpeg, `next_marker`).
    _row(
        "jpeg", "JPEG", rb"\xff\xd8(?:\xff|.{1,512}?\xff[\xc0-\xc2\xc4\xdb\xdd\xe0-\xef\xfe])",
        "libvips", "jpegload", ".jpg", "image/jpeg", streams=True,
    ),
    _row(
        "png", "PNG", rb"\x89PNG\r\n\x1a\n", "png", "pngload", ".png", "image/png", animates=True, streams=True
    ),
    _row("gif", "GIF", rb"GIF8[79]a", "gif", "gifload", ".gif", "image/gif", animates=True, streams=True),
    _row("webp", "WebP", rb"RIFF....WEBP", "libvips", "webpload", ".webp", "image/webp", animates=True, streams=True),
    _row("tiff", "TIFF, BigTIFF", rb"II[*+]\x00|MM\x00[*+]", "tiff", "tiffload", ".tif", "image/tiff", streams=True),
    _row("avif", "AVIF", _BY_STRUCTURE, "avif", "heifload", ".avif", "image/avif"),
    _row("heic", "HEIC", _BY_STRUCTURE, "heic", "HEIF", ".heic", "image/heic"),
    _row(
        "jpeg2000", "JPEG 2000", rb"\x00\x00\x00\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51",
        "jpeg2000", "JPEG2000", ".jp2", "image/jp2",
    ),
    _row("jxl", "JPEG XL", rb"\xff\x0a|\x00\x00\x00\x0cJXL \r\n\x87\n", "jpegxl", "JXL", ".jxl", "image/jxl"),
    # CR3, and raws with the structure of TIFF (DNG, NEF, ARW, CR2, PEF and others), are selected by their structure.
    _row(
        "raw", "camera raw", rb"FUJIFILMCCD-RAW|II(?:\x55\x00|RO|RS)|MMOR|\x00MRM|FOVb|II\x1a\x00\x00\x00HEAPCCDR",
        "raw", "RAW", ".raw",
    ),
    _row("psd", "PSD", rb"8BPS\x00\x01", "psd", "PSD", ".psd", "image/vnd.adobe.photoshop"),
    _row("psb", "PSB", rb"8BPS\x00\x02", "psd", "PSD", ".psb", "image/vnd.adobe.photoshop"),
    _row("dds", "DDS", rb"DDS \x7c\x00\x00\x00", "dds", "DDS", ".dds", "image/vnd-ms.dds"),
    _row("qoi", "QOI", rb"qoif", "pillow", "QOI", ".qoi"),
    _row("icns", "ICNS", rb"icns", "pillow", "ICNS", ".icns"),
    _row("blp", "BLP", rb"BLP[12]", "pillow", "BLP", ".blp"),
    _row("dcx", "DCX", rb"\xb1\x68\xde\x3a", "pillow", "DCX", ".dcx"),
    _row("fits", "FITS", rb"SIMPLE  = {20}T", "pillow", "FITS", ".fits", "image/fits"),
    _row("msp", "MSP", rb"DanM|LinS", "pillow", "MSP", ".msp"),
    _row("pfm", "PFM, grey", rb"Pf\s", "pillow", "PPM", ".pfm"),
    _row("ppm", "PPM, PGM, PBM", rb"P[1-6][\s#]", "pillow", "PPM", ".ppm", "image/x-portable-anymap"),
    _row("sun", "Sun raster", rb"\x59\xa6\x6a\x95", "sun", "SUN", ".ras"),
    _row("bmp", "BMP", rb"BM....\x00\x00\x00\x00|BM....\S{4}", "bitmaps", "BMP", ".bmp", "image/bmp"),
    _row(
        "ico", "ICO", rb"\x00\x00\x01\x00[\x01-\xff]\x00",
        "icon", "ICO", ".ico", "image/vnd.microsoft.icon",
    ),
    _row("cur", "CUR", rb"\x00\x00\x02\x00[\x01-\xff]\x00", "icon", "CUR", ".cur"),
    _row("sgi", "SGI", rb"\x01\xda[\x00\x01][\x01\x02]\x00[\x01-\x03]", "paintings", "SGI", ".sgi"),
    _row("pcx", "PCX", rb"\x0a[\x00\x02-\x05]\x01[\x01\x02\x04\x08]", "paintings", "PCX", ".pcx"),
    _row("xbm", "XBM", rb"\s*#define[ \t]+\S+_width[ \t]+\d+\s", "pillow", "XBM", ".xbm"),
    _row("xpm", "XPM", rb"\s*/\* XPM \*/", "pillow", "XPM", ".xpm"),
    # A bitmap without its file header: header size, width, height, one plane, bits (BITMAPINFOHEADER and longer).
    _row(
        "dib", "DIB", rb"[\x28\x34\x38\x40\x6c\x7c]\x00{3}..[\x00\x01]\x00..(?:[\x00\x01]\x00|\xff\xff)\x01\x00"
        rb"[\x01\x04\x08\x10\x18\x20]\x00[\x00-\x03]\x00{3}",
        "bitmaps", "DIB", ".dib",
    ),
    # TGA has no signature. The pattern is: colour map flag, a known image type, a plausible map (1 to 256 entries) and
    # depth. For RGB and grey, a map is a suggestion.
    _row(
        "tga", "TGA",
        rb".(?:\x00[\x02\x03\x0a\x0b]\x00{4}[\x00\x0f\x10\x18\x20]|"
        rb"\x01[\x01-\x03\x09-\x0b]..(?:[\x01-\xff]\x00|\x00\x01)[\x0f\x10\x18\x20])"
        rb".{8}[\x08\x0f\x10\x18\x20].",
        "tga", "TGA", ".tga", "image/x-tga",
    ),
    # Readers accept the header within the first 1,024 bytes (ISO 32000-1, annex H, 3.4.1): programs and printers write
    # marks and commands before the header. A PostScript file may name PDF there.
    _row("pdf", "PDF", rb"%PDF-|(?!%!PS).{1,1019}?%PDF-\d\.\d", "pdf", "PDF", ".pdf", "application/pdf"),
    _row("svg", "SVG, SVGZ", _BY_STRUCTURE, "svg", "svgload", ".svg", "image/svg+xml"),
)  # fmt: skip

_RENDER: Final = "render it to PNG where it was made"

#: Known images that are not read. The reason is shown to the user.
REFUSED: Final[tuple[RefusedFormat, ...]] = (
    _refused("PostScript", rb"%!PS|\xc5\xd0\xd3\xc6", "it is a program that would have to be run", _RENDER),
    _refused("OpenEXR", rb"v/1\x01", "no decoder for it is installed"),
    _refused("Radiance HDR", rb"#\?(RADIANCE|RGBE)", "its light has no limit, and no rule maps it to a screen"),
    _refused("colour PFM", rb"PF\s", "no decoder for it is installed"),
    _refused("PAM", rb"P7\s", "no decoder for it is installed"),
    _refused("DICOM", rb".{128}DICM", "medical images need a window that a doctor chooses"),
    _refused("WMF", rb"\xd7\xcd\xc6\x9a|\x01\x00\x09\x00\x00\x03", "it is a drawing program for Windows", _RENDER),
    _refused("EMF", rb"\x01\x00\x00\x00.{36} EMF", "it is a drawing program for Windows", _RENDER),
    _refused("GIMP XCF", rb"gimp xcf", "no decoder for it is installed"),
    _refused("DjVu", rb"AT&TFORM", "it is a document, not an image", _RENDER),
    _refused("BPG", rb"BPG\xfb", "no decoder for it is installed"),
    _refused("Photo CD", rb".{2048}PCD_|PCD_OPA", "only its small base image could be read"),
    _refused("FLIC", rb".{4}[\x11\x12]\xaf.{14}\x00\x00", "it is an animation of a kind that is not read"),
    _refused("JPEG XR", rb"II\xbc[\x00\x01]", "no decoder for it is installed"),
)  # fmt: skip


def format_named(name: str) -> Format:
    """The row of that name; KeyError where the table has none."""
    return _BY_NAME[name]


_BY_NAME: Final = {row.name: row for row in FORMATS}
