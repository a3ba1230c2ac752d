"""PSD: the flattened picture, by Pillow; the header decides the rest (Adobe Photoshop File Formats Specification)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import ImageOps

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.fields import with_blobs
from pixelfleet.images.formats import Format
from pixelfleet.images.readers import pillow
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import Read, reader_at
from pixelfleet.images.readers.tiff_bands import from_lab
from pixelfleet.images.vips import Image

_BITMAP: Final = 0
_MODES: Final = {0: "bitmap", 1: "greyscale", 2: "indexed", 3: "RGB", 4: "CMYK", 8: "duotone", 9: "Lab"}
#: Image resources: EXIF data 1, XMP metadata, IPTC-NAA record.
_EXIF, _XMP, _IPTC = 1058, 1060, 1028


@dataclass(frozen=True, slots=True)
class _Head:
    depth: int
    mode: int
    #: The merged picture has transparency: the layer count is negative, and the first extra channel is its alpha.
    transparent: bool


def read_header(path: Path, row: Format, _reading: Reading) -> Header:
    head = _checked(path)
    with pillow.stumbling():
        header = pillow.header_of(pillow.open_picture(path, row))
    alpha = header.has_alpha and head.transparent
    return Header(header.width, header.height, 1, 1, header.colour_space, alpha, header.exif, held=True)


def decode(path: Path, row: Format, reading: Reading) -> Image:
    """The merged picture; a saved selection is no transparency.

    Raises:
        PermanentError: `unsupported_format`, a depth or mode that Pillow does not read.
    """
    head = _checked(path)
    with pillow.stumbling(), pillow.tolerating(reading.accept_truncated):
        picture = pillow.open_picture(path, row)
        resources = {number: content for number, _, content in picture.resources}
        blobs = {"exif": resources.get(_EXIF), "xmp": resources.get(_XMP), "iptc": resources.get(_IPTC)}
        if picture.mode == "LAB":
            return with_blobs(from_lab(pillow.lab_samples(picture), signed=False), **blobs)
        plain = pillow.plain(picture)
        if head.mode == _BITMAP:
            # 1 is black in a PSD bitmap; Pillow takes it for white.
            plain = ImageOps.invert(plain)
        if plain.mode == "RGBA" and not head.transparent:
            plain = plain.convert("RGBX").convert("RGB")
        image = pillow.as_vips(plain, picture.info)
    return with_blobs(image, **blobs)


def _checked(path: Path) -> _Head:
    with reader_at(path) as read:
        head = _head(read)
    if head.depth not in (1, 8) or head.mode not in _MODES:
        kind = f"{head.depth}-bit {_MODES.get(head.mode, f'mode {head.mode}')}"
        raise PermanentError(
            Cause.UNSUPPORTED_FORMAT, f"a {kind} PSD is not supported; save it as 8-bit PSD, TIFF or PNG"
        )
    return head


def _head(read: Read) -> _Head:
    first = read(0, 30)
    at = 26
    for _ in range(2):
        # Colour mode data and image resources: a length, and that many bytes.
        at += 4 + int.from_bytes(read(at, 4), "big")
    layers = read(at, 10)
    # The section of layers, the layer information in it, and the count that begins that.
    filled = int.from_bytes(layers[:4], "big") >= 6 and int.from_bytes(layers[4:8], "big") >= 2
    count = int.from_bytes(layers[8:10], "big", signed=True) if filled else 0
    return _Head(int.from_bytes(first[22:24], "big"), int.from_bytes(first[24:26], "big"), count < 0)
