"""JPEG by jpegli (the package `ajpegli`): fewer bytes than libjpeg-turbo for an equal look. An extra.

jpegli codes the pixels. The head of the file is that of libjpeg: libvips writes a black picture with the density, the
profile and the metadata of the variant, whose segments are put in front of jpegli's tables and scans.
"""

from functools import cache
from typing import Any, Final

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.extras import missing_library
from pixelfleet.images.containers.jpeg_segments import under_head_of
from pixelfleet.images.jpeg_head import head_of
from pixelfleet.images.metadata.choice import Blocks
from pixelfleet.images.one_thread import one_thread
from pixelfleet.images.spare_memory import check_spare_memory
from pixelfleet.images.vips import MEMORY_PIXELS, Image
from pixelfleet.recipes import Variant

#: libvips and Pillow halve the colours' resolution below this quality (libvips, vips_foreign_save_jpeg).
_FULL_COLOURS: Final = 90
#: Bytes of memory for each sample: 23.3 a pixel in full colours, 9.8 in grey, both measured. jpegli ends the process
#: with SIGSEGV where an allocation fails.
_BYTES_A_SAMPLE: Final = 10
#: Scans of a progressive file: the package's default.
_SCANS: Final = 2


def encoded(image: Image, quality: int, *, progressive: bool) -> bytes:
    """An 8-bit picture in grey or RGB as JPEG, without metadata. The pixels are taken into memory.

    Raises:
        PermanentError: `recipe_unfit`, the extra `jpegli` is not installed, or the pixels are too many for the memory.
        MemoryError: the process has too little memory left.
    """
    library, numpy = _libraries()
    if image.width * image.height > MEMORY_PIXELS:
        raise PermanentError(
            Cause.RECIPE_UNFIT,
            f"jpegli has the whole picture in memory, of at most {MEMORY_PIXELS:,} pixels, not {image.width:,} x "
            f"{image.height:,}: give the variant a box, or remove encoder = 'jpegli' from the recipe",
        )
    pixels = numpy.frombuffer(image.write_to_memory(), numpy.uint8)
    check_spare_memory(image, _BYTES_A_SAMPLE * image.bands)
    shape = (image.height, image.width, 3) if image.bands == 3 else (image.height, image.width)
    content: bytes = library.encode(
        pixels.reshape(shape),
        quality=quality,
        subsampling="444" if quality >= _FULL_COLOURS else "420",
        progressive=_SCANS if progressive else 0,
    )
    return content


def file_of(image: Image, variant: Variant, quality: int, blocks: Blocks, keep: str) -> bytes:
    """The file of a variant. `keep` is libvips' option for what the file keeps of the image's fields.

    Raises:
        PermanentError, MemoryError: as `encoded`.
    """
    content = encoded(image, quality, progressive=variant.progressive)
    whole = under_head_of(content, head_of(image, blocks, keep))
    if whole is None:
        raise ValueError("jpegli's file is no baseline or progressive JPEG")
    return whole


@cache
def _libraries() -> tuple[Any, Any]:
    """jpegli and NumPy.

    Raises:
        PermanentError: `recipe_unfit`, the extra `jpegli` is not installed.
    """
    try:
        with one_thread():
            import ajpegli  # noqa: PLC0415 - an extra
            import numpy as np  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise PermanentError(Cause.RECIPE_UNFIT, missing_library(error, "encoder = 'jpegli'") or str(error)) from error
    return ajpegli, np
