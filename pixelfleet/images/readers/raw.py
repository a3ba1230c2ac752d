"""Camera raw: LibRaw (rawpy) develops the sensor's samples, or takes the largest preview that the camera embedded."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import rawpy

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.codec_errors import DamagedError, truncated
from pixelfleet.images.colour_space import SRGB, mark
from pixelfleet.images.containers.tiff_directories import TiffFile
from pixelfleet.images.fields import field, with_blobs
from pixelfleet.images.formats import Format
from pixelfleet.images.metadata.tiff_source import exif_of
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.readers.libvips import orientation_of
from pixelfleet.images.truncation import breaks_off
from pixelfleet.images.vips import Image, pyvips

#: LibRaw's `flip` as an EXIF orientation. Other values do not occur.
_ORIENTATIONS: Final = {0: 1, 3: 3, 5: 8, 6: 6}
#: sRGB's curve (IEC 61966-2-1), as LibRaw takes it: power and slope near black.
_SRGB_CURVE: Final = (2.4, 12.92)
#: Sides of a preview may differ from those of the picture by this share: cameras leave out a few rows.
_SHAPE: Final = 0.02
_CHUNK: Final = 1_000_000
#: glibc's number of the parameter, and the value of freed bytes; new bytes have its complement.
_M_PERTURB: Final = -6
_FREED: Final = 0xFF


def read_header(path: Path, _row: Format, _reading: Reading) -> Header:
    with _opened(path) as raw:
        width, height = _upright_size(raw)
        exif = _exif(path) or _exif_of(_jpeg(raw))
    return Header(
        width=width, height=height, frames=1, orientation=1, colour_space="srgb", has_alpha=False, exif=exif, held=True
    )


def decode(path: Path, _row: Format, reading: Reading) -> Image:
    """The picture, upright and in sRGB or in the colours of the preview."""
    with _opened(path) as raw:
        exif, may_preview = _exif(path), not (reading.develop or reading.deep)
        jpeg = _jpeg(raw) if may_preview or not exif else None
        exif = exif or _exif_of(jpeg)
        image = _preview(raw, jpeg, reading.needed) if may_preview else None
        if image is None:
            image = _developed(raw, deep=reading.deep)
    return with_blobs(image, exif=exif)


def _developed(raw: Any, *, deep: bool) -> Image:
    """Developed with the camera's white balance. The brightest hundredth is white, as in dcraw.

    Raises:
        DamagedError: all samples are 0. A sensor gives noise even in the dark; LibRaw gives zeros for samples that
            it cannot decode.
    """
    if not raw.raw_image_visible.any():
        raise DamagedError("all of its samples are 0")
    pixels = raw.postprocess(
        use_camera_wb=True,
        output_color=rawpy.ColorSpace.sRGB,
        gamma=_SRGB_CURVE,
        output_bps=16 if deep else 8,
    )
    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(pixels.tobytes(), width, height, bands, "ushort" if deep else "uchar")
    return mark(image.copy(interpretation="rgb16" if deep else "srgb"), SRGB)


def _preview(raw: Any, jpeg: bytes | None, needed: tuple[int, int]) -> Image | None:
    """The largest embedded JPEG, upright, if it has the shape of the picture and at least `needed` pixels a side."""
    if jpeg is None:
        return None
    try:
        image = pyvips.Image.jpegload_buffer(jpeg, fail_on="truncated")
        width, height = _upright_size(raw)
        image = _turned(image, _ORIENTATIONS.get(raw.sizes.flip, 1), portrait=height > width)
        fits = image.width >= needed[0] and image.height >= needed[1]
        same = abs(image.width * height / (image.height * width) - 1) <= _SHAPE
        return image.copy_memory() if fits and same else None
    except pyvips.Error:
        # A damaged preview is no reason to refuse a picture that can be developed.
        return None


def _turned(image: Image, orientation: int, *, portrait: bool) -> Image:
    """The preview upright. Its own EXIF decides, else the raw's orientation.

    LibRaw gives a preview without EXIF the orientation of the raw. A quarter turn is left out if the preview has the
    shape of the upright picture already.
    """
    own = orientation_of(image)
    chosen = own if own != 1 else orientation
    if chosen >= 5 and (image.height > image.width) == portrait:
        chosen = 1
    copy = image.copy()
    copy.set_type(pyvips.GValue.gint_type, "orientation", chosen)
    return copy.copy_memory().autorot() if chosen != 1 else copy


def _jpeg(raw: Any) -> bytes | None:
    with suppress(rawpy.LibRawError):
        preview = raw.extract_thumb()
        if preview.format == rawpy.ThumbFormat.JPEG:
            return bytes(preview.data)
    return None


def _exif_of(jpeg: bytes | None) -> bytes:
    if jpeg is None:
        return b""
    with suppress(pyvips.Error):
        return bytes(field(pyvips.Image.jpegload_buffer(jpeg), "exif-data", b""))
    return b""


def _exif(path: Path) -> bytes:
    """The EXIF of a raw with the structure of TIFF; empty for any other raw."""
    with reader_at(path) as read:
        first = next(TiffFile(read).chain(1), None) if read(0, 2) in (b"II", b"MM") else None
        return exif_of(read, first) if first else b""


def _upright_size(raw: Any) -> tuple[int, int]:
    """Pixels of the developed picture, as LibRaw's `flip` and pixel aspect make it."""
    sizes = raw.sizes
    width, height = sizes.width, sizes.height
    if sizes.pixel_aspect < 1:
        height = round(height / sizes.pixel_aspect)
    elif sizes.pixel_aspect > 1:
        width = round(width * sizes.pixel_aspect)
    return (height, width) if _ORIENTATIONS.get(sizes.flip, 1) >= 5 else (width, height)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """
    Raises:
        PermanentError: `unsupported_format` for a camera that LibRaw does not read, `truncated`, `too_many_pixels`.
        MemoryError, OSError: the machine's fault.
        DamagedError: LibRaw cannot read the samples.
    """
    try:
        with _zeroed_memory(), rawpy.imread(str(path)) as raw:
            yield raw
    except (rawpy.LibRawFileUnsupportedError, rawpy.LibRawNotImplementedError) as error:
        if breaks_off(path, "raw"):
            raise truncated("raw") from error
        raise PermanentError(
            Cause.UNSUPPORTED_FORMAT, "a raw of this camera or kind is not supported; export it as TIFF or JPEG"
        ) from error
    except rawpy.LibRawTooBigError as error:
        raise PermanentError(
            Cause.TOO_MANY_PIXELS, "the raw has more samples than LibRaw takes (2 GB); export it as TIFF"
        ) from error
    except (rawpy.LibRawUnsufficientMemoryError, rawpy.LibRawMemPoolOverflowError) as error:
        raise MemoryError from error
    except rawpy.LibRawIOError as error:
        # LibRaw has one error for the end of a file and for a disk that fails.
        _read_through(path)
        raise truncated("raw") from error
    except rawpy.LibRawDataError as error:
        # LibRaw's own text says "unsupported", too.
        raise DamagedError("its samples cannot be decoded") from error
    except rawpy.LibRawError as error:
        raise DamagedError(str(error)) from error


@contextmanager
def _zeroed_memory() -> Iterator[None]:
    """New memory is zero within. LibRaw leaves memory as it is where it cannot decode samples, and shows what was there
    before: another image. Of the C libraries, glibc alone can do this (mallopt(3), M_PERTURB)."""
    perturb = getattr(ctypes.CDLL(None), "mallopt", None)
    if perturb is None:
        yield
        return
    perturb(_M_PERTURB, _FREED)
    try:
        yield
    finally:
        perturb(_M_PERTURB, 0)


def _read_through(path: Path) -> None:
    """Raises OSError if the file cannot be read to its end."""
    with path.open("rb") as file:
        while file.read(_CHUNK):
            pass
