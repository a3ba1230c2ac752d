"""HEIC: libheif in pi_heif decodes HEVC and rotates the picture upright."""

from pathlib import Path
from typing import Any, Final

import pi_heif

from pixelfleet.images.colour_space import SRGB, Space, mark, of_code_points
from pixelfleet.images.fields import with_blobs
from pixelfleet.images.formats import Format
from pixelfleet.images.readers import pillow
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.packed_rows import packed
from pixelfleet.images.vips import Image, pyvips

#: pi_heif's modes: bands, sample format, interpretation. An `a` in the mode marks premultiplied alpha.
_MODES: Final = {
    "L": (1, "uchar", "b-w"),
    "RGB": (3, "uchar", "srgb"),
    "RGBA": (4, "uchar", "srgb"),
    "RGBa": (4, "uchar", "srgb"),
    "L;16": (1, "ushort", "grey16"),
    "I;16": (1, "ushort", "grey16"),
    "I;16L": (1, "ushort", "grey16"),
    "RGB;16": (3, "ushort", "rgb16"),
    "RGBA;16": (4, "ushort", "rgb16"),
    "RGBa;16": (4, "ushort", "rgb16"),
}


def read_header(path: Path, _row: Format, _reading: Reading) -> Header:
    with pillow.stumbling():
        picture = _open(path)
        return Header(
            width=picture.size[0],
            height=picture.size[1],
            frames=1,
            orientation=1,
            colour_space=_MODES.get(picture.mode, (3, "uchar", "srgb"))[2],
            has_alpha=picture.has_alpha,
            exif=picture.info.get("exif") or b"",
            held=True,
        )


def decode(path: Path, _row: Format, _reading: Reading) -> Image:
    with pillow.stumbling():
        picture = _open(path)
        info = picture.info
        bands, sample, space = _MODES[picture.mode]
        width, height = picture.size
        row_bytes = width * bands * (2 if sample == "ushort" else 1)
        pixels = packed(picture.data, picture.stride, row_bytes, height)
    image = pyvips.Image.new_from_memory(pixels, width, height, bands, sample).copy(interpretation=space)
    if "a" in picture.mode.partition(";")[0]:
        image = image.unpremultiply().cast(sample).copy(interpretation=space)
    image = mark(image, _space(info, grey=bands < 3))
    return with_blobs(image, exif=info.get("exif"), xmp=info.get("xmp"))


def _open(path: Path) -> Any:
    # Only the primary picture is shown. Its depth map, masks and thumbnails are not read.
    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    return pi_heif.open_heif(path, convert_hdr_to_8bit=False)


def _space(info: dict[str, Any], *, grey: bool) -> Space:
    """The ICC profile, else nclx (MIAF, ISO/IEC 23000-22, 7.3.6.4)."""
    if info.get("icc_profile"):
        return Space(info["icc_profile"])
    nclx = info.get("nclx_profile")
    if not nclx:
        return SRGB
    return of_code_points(int(nclx["color_primaries"]), int(nclx["transfer_characteristics"]), grey=grey) or SRGB
