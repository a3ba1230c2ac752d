"""Writing JPEG XL by libjxl (the package `pyjpegxl`): an extra.

The colours are sRGB: the package puts a profile into a box of its own, which no decoder reads, and says sRGB in the
codestream. Metadata is written here, into the boxes of ISO/IEC 18181-2: the package's own are compressed, and its EXIF
lacks the offset in front.
"""

from functools import cache
from typing import Any, Final

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.extras import missing_library
from pixelfleet.images.jpeg_head import exif_of
from pixelfleet.images.metadata.choice import Blocks
from pixelfleet.images.one_thread import one_thread
from pixelfleet.images.spare_memory import check_spare_memory
from pixelfleet.images.vips import MEMORY_PIXELS, Image, pyvips
from pixelfleet.recipes import Variant

#: libjxl's names of its efforts from 1 on.
_SPEEDS: Final = (
    *("Lightning", "Thunder", "Falcon", "Cheetah", "Hare"),
    *("Wombat", "Squirrel", "Kitten", "Tortoise"),
)
#: The usual effort: effort 5 takes six times the CPU time for 7 % fewer bytes (docs/decisions/quality.md).
_EFFORT: Final = 3
#: Bytes of memory that libjxl takes for each pixel and beside them, up to an effort; measured with RGBA. It ends the
#: process with SIGABRT where some of its allocations fail.
_MEMORY: Final = ((4, 7, 300_000_000), (7, 52, 80_000_000), (9, 300, 16_000_000))
#: The most for a pixel at efforts up to 4, which decides for small pictures.
_SMALL_BYTES: Final = 76
#: The largest distance that the package takes as a distance.
_FARTHEST: Final = 15.0
#: The signature box and the file type box (ISO/IEC 18181-2, 9.1 and 9.2).
_CONTAINER: Final = b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0\0\0\x14ftypjxl \0\0\0\0jxl "


def distance_of(quality: int) -> float:
    """libjxl's distance for a quality from 1 to 100, which is near that of libjpeg (JxlEncoderDistanceFromQuality)."""
    if quality >= 100:
        return 0.0
    near = 0.1 + (100 - quality) * 0.09
    return near if quality >= 30 else min(53 / 3000 * quality**2 - 23 / 20 * quality + 25, _FARTHEST)


def file_of(image: Image, variant: Variant, quality: int, blocks: Blocks) -> bytes:
    """An 8-bit picture in grey or sRGB, with or without alpha, as JPEG XL with these blocks of metadata.

    Raises:
        PermanentError, MemoryError: as `encoded`.
    """
    codestream = encoded(image, variant, quality)
    if blocks.empty:
        return codestream
    exif = exif_of(image, blocks) if blocks.exif else b""
    boxes = [_box(b"Exif", bytes(4) + exif)] if exif else []
    boxes += [_box(b"xml ", blocks.xmp)] if blocks.xmp else []
    return b"".join([_CONTAINER, *boxes, _box(b"jxlc", codestream)])


def encoded(image: Image, variant: Variant, quality: int) -> bytes:
    """The picture as a codestream without metadata. The pixels are taken into memory.

    Raises:
        PermanentError: `recipe_unfit`, the extra `jxl` is not installed, or the pixels are too many for the memory.
        MemoryError: the process has too little memory left.
    """
    library, numpy = _libraries()
    if image.width * image.height > MEMORY_PIXELS:
        raise PermanentError(
            Cause.RECIPE_UNFIT,
            f"libjxl has the whole picture in memory, of at most {MEMORY_PIXELS:,} pixels, not {image.width:,} x "
            f"{image.height:,}: give variant {variant.name!r} a box or another format",
        )
    library.set_num_threads(1)
    effort = _EFFORT if variant.effort is None else max(variant.effort, 1)
    pixels = numpy.frombuffer(image.write_to_memory(), numpy.uint8)
    _check_memory(image, effort)
    try:
        codestream: bytes = library.encode_from_numpy(
            pixels.reshape(image.height, image.width, image.bands),
            lossless=variant.lossless or quality >= 100,
            quality=max(distance_of(quality), 0.1),
            speed=getattr(library.EncoderSpeed, _SPEEDS[effort - 1]),
        )
    except RuntimeError as error:
        # libjxl's only error for pixels and options that are valid.
        raise MemoryError(str(error)) from error
    return codestream


def decoded(codestream: bytes) -> Image:
    """The pixels, in memory, of what `encoded` returned."""
    library, _ = _libraries()
    meta, pixels = library.decode_to_numpy(codestream)
    bands = meta.num_color_channels + meta.has_alpha
    image = pyvips.Image.new_from_memory(pixels.tobytes(), meta.width, meta.height, bands, "uchar")
    return image.copy(interpretation="srgb" if bands > 2 else "b-w").copy_memory()


def _check_memory(image: Image, effort: int) -> None:
    pixel, fixed = next((pixel, fixed) for most, pixel, fixed in _MEMORY if effort <= most)
    small = image.width * image.height * _SMALL_BYTES
    if effort <= _MEMORY[0][0] and small < fixed:
        pixel, fixed = _SMALL_BYTES, 0
    check_spare_memory(image, pixel, fixed)


def _box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


@cache
def _libraries() -> tuple[Any, Any]:
    """libjxl and NumPy.

    Raises:
        PermanentError: `recipe_unfit`, the extra `jxl` is not installed.
    """
    try:
        with one_thread():
            import numpy as np  # noqa: PLC0415
            import pyjpegxl  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise PermanentError(Cause.RECIPE_UNFIT, missing_library(error, "writing JPEG XL") or str(error)) from error
    return pyjpegxl, np
