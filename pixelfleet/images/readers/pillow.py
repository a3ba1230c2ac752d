"""The formats that only Pillow reads. A picture is decoded whole and converted to a libvips image."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from PIL import Image as PillowImage
from PIL import ImageFile, ImageOps

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.codec_errors import DamagedError
from pixelfleet.images.colour_space import SRGB, Space, mark
from pixelfleet.images.fields import with_blobs
from pixelfleet.images.formats import Format
from pixelfleet.images.limits import MAX_HELD_PIXELS
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.vips import Image, pyvips

COLOUR_SPACES: Final = {
    "1": "b-w", "L": "b-w", "LA": "b-w", "F": "b-w", "I;16": "grey16", "I;16B": "grey16", "CMYK": "cmyk",
}  # fmt: skip
_SAMPLES: Final = {"I;16": "ushort", "F": "float"}
#: One-bit formats in which 1 is black, and which Pillow shows inverted. In X11 (XWriteBitmapFile), 1 is the foreground.
_ONE_IS_BLACK: Final = frozenset({"XBM"})
#: Pixels to the inch. Larger numbers are no density.
_MAX_DPI: Final = 1_000_000
_ALPHA: Final = ("RGBA", "LA", "PA", "La", "RGBa")


def read_header(path: Path, row: Format, _reading: Reading) -> Header:
    """Opens the file, which reads only the header."""
    with stumbling():
        return header_of(open_picture(path, row))


def decode(path: Path, row: Format, reading: Reading) -> Image:
    """All pixels, as 8-bit sRGB, grey or CMYK, with the embedded profile. 16-bit grey and float grey stay."""
    with stumbling(), tolerating(reading.accept_truncated):
        picture = open_picture(path, row)
        return as_vips(plain(picture), picture.info)


def header_of(picture: Any) -> Header:
    width, height = picture.size
    return Header(
        width=width,
        height=height,
        frames=1,
        orientation=1,
        colour_space=COLOUR_SPACES.get(picture.mode, "srgb"),
        has_alpha=picture.mode in _ALPHA or "transparency" in picture.info,
        exif=picture.info.get("exif") or b"",
        held=True,
    )


def as_vips(picture: Any, info: dict[str, Any]) -> Image:
    """A picture in one of the modes of `plain`, with the profile and the metadata of `info`."""
    sample = _SAMPLES.get(picture.mode, "uchar")
    size = picture.width, picture.height, len(picture.getbands())
    image = pyvips.Image.new_from_memory(picture.tobytes(), *size, sample)
    image = image.copy(interpretation=COLOUR_SPACES.get(picture.mode, "srgb"), **_density(info))
    profile = info.get("icc_profile")
    image = mark(image, Space(profile) if profile else SRGB)
    xmp = info.get("xmp")
    return with_blobs(image, exif=info.get("exif"), xmp=xmp if isinstance(xmp, bytes) else None)


def _density(info: dict[str, Any]) -> dict[str, float]:
    """The declared pixels to the inch, as libvips' pixels per millimetre; empty without a declaration."""
    dpi = info.get("dpi")
    if not isinstance(dpi, tuple) or len(dpi) != 2 or not all(0 < value < _MAX_DPI for value in dpi):
        return {}
    return {"xres": float(dpi[0]) / 25.4, "yres": float(dpi[1]) / 25.4}


def lab_samples(picture: Any) -> Image:
    """L, a and b of a picture of mode LAB. a and b count from 128, as Pillow stores them."""
    picture.load()
    bands = [picture.getchannel(band) for band in range(3)]
    samples = PillowImage.merge("RGB", bands).tobytes()
    return pyvips.Image.new_from_memory(samples, picture.width, picture.height, 3, "uchar")


@contextmanager
def tolerating(truncated: bool) -> Iterator[None]:
    """Sets Pillow's switch for truncated files. The switch is global; a process decodes one image at a time."""
    ImageFile.LOAD_TRUNCATED_IMAGES = truncated
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


@contextmanager
def stumbling() -> Iterator[None]:
    """Translates the errors of Pillow's plugins. The plugins are Python code and raise many types of errors on damaged
    files.

    Raises:
        DamagedError: the bytes do not fit the format.
        OSError, MemoryError: for `translated` to classify.
        PermanentError: `too_many_pixels`.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except PillowImage.DecompressionBombError as error:
        raise PermanentError(
            Cause.TOO_MANY_PIXELS,
            f"the image has more than {MAX_HELD_PIXELS // 1_000_000} megapixels, which its format may not have here, "
            "because it is held whole in memory; save it as tiled TIFF or baseline JPEG",
        ) from error
    except NotImplementedError as error:
        raise OSError(f"not supported: {error}") from error
    except RuntimeError as error:
        # From the bindings of libheif and libavif.
        raise OSError(str(error)) from error
    except (struct.error, LookupError, SyntaxError, EOFError, ValueError, ArithmeticError, TypeError) as error:
        # UnicodeDecodeError is a ValueError.
        raise DamagedError(str(error) or type(error).__name__) from error


def open_picture(source: Path | BinaryIO, row: Format, code: str | None = None) -> Any:
    """The Pillow picture, opened with only the plugin `code`, or the plugin that the row names."""
    # Pillow rejects pictures above twice this limit. The limit also applies to a picture inside an icon, whose size the
    # icon's own header does not show.
    PillowImage.MAX_IMAGE_PIXELS = MAX_HELD_PIXELS // 2
    return PillowImage.open(source, formats=(code or row.code,))


def plain(picture: Any) -> Any:
    """The picture in a mode whose bytes libvips can use unchanged."""
    if picture.format == "FITS" and picture.mode in ("I;16", "I", "F"):
        return _stretched(_measured(picture))
    if picture.mode in ("L", "LA", "RGB", "RGBA", "CMYK", "I;16", "F"):
        if picture.mode in ("L", "RGB") and "transparency" in picture.info:
            return picture.convert("RGBA")
        picture.load()
        return picture
    if picture.mode == "1":
        grey = picture.convert("L")
        return ImageOps.invert(grey) if picture.format in _ONE_IS_BLACK else grey
    if picture.mode in ("I", "I;16B"):
        return _sixteen_bits(picture)
    return picture.convert("RGBA" if picture.mode in _ALPHA or "transparency" in picture.info else "RGB")


def _measured(picture: Any) -> Any:
    """The numbers of a FITS as floats. Integers are signed (FITS 4.0, 4.4.1.1). Scale and zero (BSCALE, BZERO) do not
    matter, because the picture is stretched from its lowest to its highest value."""
    picture.load()
    if picture.mode == "I;16":
        return PillowImage.frombytes("F", picture.size, picture.tobytes(), "raw", "F;16S")
    return picture.convert("F")


def _stretched(picture: Any) -> Any:
    """The picture stretched from its lowest to its highest value. Measured light has no white, and FITS programs show
    this range by default."""
    low, high = picture.getextrema()
    scale = 1.0 / (high - low) if high > low else 1.0
    return picture.point(lambda value: value * scale - low * scale)


def _sixteen_bits(picture: Any) -> Any:
    """Wide greys as 16 bits, the form that libvips reads; values beyond 16 bits are clipped."""
    return picture.convert("I").convert("I;16")
