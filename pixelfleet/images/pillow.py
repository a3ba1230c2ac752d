"""The formats that libvips lacks, decoded whole by Pillow or libheif and handed over as a libvips image."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pi_heif
from PIL import Image as PillowImage
from PIL import ImageFile

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.formats import Format, Reader
from pixelfleet.images.header import Header
from pixelfleet.images.limits import MAX_HELD_PIXELS
from pixelfleet.images.vips import Image, pyvips

_COLOUR_SPACES: Final = {"1": "b-w", "L": "b-w", "LA": "b-w", "I;16": "grey16", "I;16B": "grey16", "CMYK": "cmyk"}
_ALPHA: Final = ("RGBA", "LA", "PA", "La", "RGBa")


def header(path: Path, found: Format) -> Header:
    """Opens, which reads the head alone."""
    with _stumbling():
        picture = _open(path, found)
    width, height = picture.size
    return Header(
        width=width,
        height=height,
        frames=1,
        orientation=1,
        colour_space=_COLOUR_SPACES.get(picture.mode, "srgb"),
        has_alpha=picture.mode in _ALPHA or "transparency" in picture.info,
        exif=picture.info.get("exif") or b"",
        held=True,
    )


def decode(path: Path, found: Format, *, accept_truncated: bool) -> Image:
    """All pixels, as 8-bit sRGB, grey or CMYK (16-bit grey stays), with the embedded profile if there is one."""
    # Pillow knows this switch as a global alone; a process decodes one image at a time.
    ImageFile.LOAD_TRUNCATED_IMAGES = accept_truncated
    try:
        with _stumbling():
            picture = _open(path, found)
            profile = picture.info.get("icc_profile")
            plain = _plain(picture)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    sample = "ushort" if plain.mode == "I;16" else "uchar"
    image = pyvips.Image.new_from_memory(plain.tobytes(), plain.width, plain.height, len(plain.getbands()), sample)
    image = image.copy(interpretation=_COLOUR_SPACES.get(plain.mode, "srgb"))
    if profile:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return image


@contextmanager
def _stumbling() -> Iterator[None]:
    """Pillow's plugins raise whatever their parsing stumbles over; all of it says that the file is damaged.

    Raises:
        OSError, MemoryError: for `translated` to tell what they mean.
        PermanentError: `too_many_pixels`.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except (OSError, MemoryError):
        raise
    except PillowImage.DecompressionBombError as error:
        raise PermanentError(
            Cause.TOO_MANY_PIXELS,
            f"the image has more than {MAX_HELD_PIXELS // 1_000_000} megapixels, which its format may not have here, "
            "because it is held whole in memory; save it as tiled TIFF or baseline JPEG",
        ) from error
    except NotImplementedError as error:
        raise OSError(f"not supported: {error}") from error
    except Exception as error:
        raise OSError(str(error) or type(error).__name__) from error


def _open(path: Path, found: Format) -> Any:
    # Pillow refuses twice this. It holds for a picture inside an icon, too, whose size the icon's own head hides.
    PillowImage.MAX_IMAGE_PIXELS = MAX_HELD_PIXELS // 2
    if found.reader is Reader.HEIF:
        # It has the attributes of a Pillow picture that this module asks for, and libheif has turned it upright.
        return pi_heif.open_heif(path, convert_hdr_to_8bit=True)
    return PillowImage.open(path, formats=(found.code,))


def _plain(picture: Any) -> Any:
    """The picture in a mode whose bytes libvips can take as they are."""
    if isinstance(picture, pi_heif.HeifFile):
        picture = picture.to_pillow()
    if picture.mode in ("L", "LA", "RGB", "RGBA", "CMYK", "I;16"):
        picture.load()
        return picture
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode in ("I", "I;16B", "F"):
        return _sixteen_bits(picture)
    return picture.convert("RGBA" if picture.mode in _ALPHA or "transparency" in picture.info else "RGB")


def _sixteen_bits(picture: Any) -> Any:
    """Wide greys stretched to 16 bits; a float picture counts from 0 to 1 when nothing in it is larger."""
    low, high = picture.convert("F").getextrema()
    scale = 65_535.0 if high <= 1.0 and low >= 0.0 and picture.mode == "F" else 1.0
    return picture.convert("F").point(lambda value: value * scale + 0.0).convert("I").convert("I;16")
