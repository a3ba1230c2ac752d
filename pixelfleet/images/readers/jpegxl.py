"""JPEG XL: libjxl (pyjpegxl) decodes the picture upright."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyjpegxl

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.codec_errors import DamagedError
from pixelfleet.images.colour_space import SRGB, Space, Transfer, mark
from pixelfleet.images.containers.jxl_header import is_animation
from pixelfleet.images.fields import with_blobs
from pixelfleet.images.formats import Format
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.vips import Image, pyvips

#: libjxl's text for a file that ends too early.
_INCOMPLETE: Final = "incomplete"
#: Bytes of memory that libjxl and the samples take for a pixel, at most.
_BYTES_A_PIXEL: Final = 12
#: The colour engine that a profile by libjxl names (ICC.1, 7.2.3), and the ends of the names of grey profiles.
_BY_LIBJXL: Final = b"jxl "
_GREY_TRANSFERS: Final = {"PeQ": Transfer.PQ, "HLG": Transfer.HLG}
#: The colours of an ICC profile (ICC.1, 7.2.6) that its pixels can have here.
_PROFILES: Final = {b"RGB ": 3, b"GRAY": 1}


def read_header(path: Path, _row: Format, _reading: Reading) -> Header:
    meta = _probed(path)
    return Header(
        width=meta.width,
        height=meta.height,
        frames=1,
        orientation=1,
        colour_space=_interpretation(meta),
        has_alpha=meta.has_alpha,
        exif=_exif(meta) or b"",
        held=True,
    )


def decode(path: Path, _row: Format, _reading: Reading) -> Image:
    pyjpegxl.set_num_threads(1)
    header = _probed(path)
    deep = header.bits_per_sample > 8
    with _translated(header.width * header.height * _BYTES_A_PIXEL):
        meta, pixels = pyjpegxl.read(path, dtype="uint16" if deep else "uint8")
    bands = meta.num_color_channels + meta.has_alpha
    if len(pixels) != meta.width * meta.height * bands * (2 if deep else 1):
        raise OSError("not supported: JPEG XL with channels beyond colour and alpha")
    image = pyvips.Image.new_from_memory(pixels, meta.width, meta.height, bands, "ushort" if deep else "uchar")
    image = mark(image.copy(interpretation=_interpretation(meta)), _space(meta.icc))
    return with_blobs(image, exif=_exif(meta), xmp=meta.xmp)


def _space(profile: bytes | None) -> Space:
    """The space of the profile that libjxl gives. It writes a profile for a picture that declares code points: of RGB
    with a `cicp` tag, of grey with a curve alone. A curve of PQ or HLG ends at its peak, so that a picture by the curve
    is too dark. The profile's name has the transfer function (libjxl, ColorEncoding's description)."""
    if profile and profile[4:8] == _BY_LIBJXL and profile[16:20] == b"GRAY":
        for ending, transfer in _GREY_TRANSFERS.items():
            if f"Gra_D65_Rel_{ending}".encode("utf-16-be") in profile:
                return Space(transfer=transfer)
    return Space(profile) if profile else SRGB


def _interpretation(meta: Any) -> str:
    """libvips' name of the samples. Floats are read as 16 bits."""
    names = ("grey16", "rgb16") if meta.bits_per_sample > 8 else ("b-w", "srgb")
    return names[meta.num_color_channels > 1]


def _probed(path: Path) -> Any:
    """
    Raises:
        PermanentError: `unsupported_format`, for an animation, and for colours that are neither grey nor RGB.
    """
    with reader_at(path) as read:
        if is_animation(read):
            raise PermanentError(
                Cause.UNSUPPORTED_FORMAT,
                "an animated JPEG XL is not supported, because its decoder gives the last frame alone; "
                "save it as WebP or GIF",
            )
    with _translated(0):
        meta = pyjpegxl.probe_file(path)
    profile = meta.icc
    if profile and _PROFILES.get(profile[16:20]) != meta.num_color_channels:
        space = profile[16:20].decode("latin-1").strip() or "unknown"
        raise PermanentError(
            Cause.UNSUPPORTED_FORMAT, f"a JPEG XL in the colours {space} is not supported; save it as TIFF or JPEG"
        )
    return meta


def _exif(meta: Any) -> bytes | None:
    """The Exif box without the offset in front (ISO/IEC 18181-2, 9.4), and with the usual prefix."""
    block: bytes | None = meta.exif
    if not block:
        return None
    for at in (0, 4):
        if block[at : at + 4] in (b"II*\0", b"MM\0*"):
            return b"Exif\0\0" + block[at:]
    return None


@contextmanager
def _translated(memory: int) -> Iterator[None]:
    """Distinguish a damaged file from a machine without memory: libjxl reports the same error for both.

    `memory`: bytes that the call takes. After an error, the bytes are allocated once for a test.

    Raises:
        MemoryError: they cannot be allocated.
        OSError: the file ends too early.
        DamagedError: libjxl cannot read the bytes.
    """
    try:
        yield
    except (RuntimeError, ValueError) as error:
        bytearray(memory)
        if _INCOMPLETE in str(error).lower():
            raise OSError(f"unexpected end of data: {error}") from error
        raise DamagedError(str(error)) from error
