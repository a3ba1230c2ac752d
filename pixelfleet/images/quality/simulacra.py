"""SSIMULACRA2 of two pictures, by the package `ssimulacra2` (pure Python on SciPy): an extra.

100 is for equal pictures, 90 for differences that hardly anybody sees, 70 for high quality, 50 for medium, 30 for low;
below 0 is possible (https://github.com/cloudinary/ssimulacra2).
"""

import io
import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.extras import missing_library
from pixelfleet.images.one_thread import one_thread
from pixelfleet.images.vips import Image, pyvips

#: The metric has six scales, of which the last has no side below 8 pixels. Its weights belong to six scales.
LEAST_SIDE: Final = 8 * 2**5
#: The pixels that are compared: two squares of `LEAST_SIDE`, a square of the same number, or a smaller picture whole.
#: Measured: docs/decisions/quality.md.
_MOST: Final = 2 * LEAST_SIDE**2
#: Squares begin at multiples of a JPEG's unit, so that the blocks of the sample are blocks of the picture.
_UNIT: Final = 16
#: The grey below transparent parts: bright and dark colours both differ from it.
_BELOW: Final = 128


def simulacra_sample(image: Image) -> Image:
    """The pixels of an 8-bit picture in memory that are compared: whole if they are few, else two squares, from the
    two thirds of its longer side, or what is in the middle of a long strip."""
    width, height = image.width, image.height
    if width * height <= _MOST:
        return image.copy_memory()
    if min(width, height) < LEAST_SIDE:
        long = _MOST // min(width, height) // _UNIT * _UNIT
        across, down = min(width, long), min(height, long)
        return image.crop(_start(width, across, 1 / 2), _start(height, down, 1 / 2), across, down).copy_memory()
    lies = width >= height
    squares = [
        image.crop(
            _start(width, LEAST_SIDE, part if lies else 1 / 2),
            _start(height, LEAST_SIDE, 1 / 2 if lies else part),
            LEAST_SIDE,
            LEAST_SIDE,
        )
        for part in (1 / 4, 3 / 4)
    ]
    return pyvips.Image.arrayjoin(squares, across=2).copy_memory()


def simulacra(reference: Image, image: Image) -> float:
    """The score of an 8-bit picture in grey or RGB against another one of its size. The pictures are in memory.

    A picture of a side below 256 pixels is continued by its mirror image, so that the metric has all of its scales.

    Raises:
        PermanentError: `recipe_unfit`, the extra `ssimulacra2` is not installed.
    """
    score = _library()(_ppm(reference), _ppm(image))
    return score if math.isfinite(score) else 0.0


@cache
def _library() -> Callable[[io.BytesIO, io.BytesIO], float]:
    try:
        with one_thread():
            import ssimulacra2  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise PermanentError(
            Cause.RECIPE_UNFIT, missing_library(error, "a target of SSIMULACRA2") or str(error)
        ) from error
    compute: Any = ssimulacra2.compute_ssimulacra2
    return lambda reference, image: float(compute(reference, image))


def _ppm(image: Image) -> io.BytesIO:
    """The picture as the package reads it: Pillow opens the file."""
    if image.hasalpha():
        image = image.flatten(background=[_BELOW] * (image.bands - 1))
    image = image.extract_band(0, n=3) if image.bands >= 3 else image.extract_band(0).bandjoin([image[0], image[0]])
    width, height = max(image.width, LEAST_SIDE), max(image.height, LEAST_SIDE)
    if (width, height) != (image.width, image.height):
        image = image.embed(0, 0, width, height, extend="mirror")
    return io.BytesIO(b"P6 %d %d 255\n" % (width, height) + image.write_to_memory())


def _start(side: int, length: int, part: float) -> int:
    """Where a length begins along a side, with its middle at this part of the side."""
    return min(max(int((side * part - length / 2) // _UNIT) * _UNIT, 0), side - length)
