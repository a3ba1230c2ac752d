"""A sample of a picture: square pieces from all over the picture, side by side, on which encoders are tried.

An encode and a score of the whole picture cost several times the final encode. Pieces at the picture's own scale have
its detail; a reduction of the picture has more detail in each pixel, so that scores of the reduction are too low
(measured: docs/decisions/quality.md).
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from pixelfleet.images.geometry import Size
from pixelfleet.images.quality.ssim import WINDOW, Pieces, luma
from pixelfleet.images.vips import Image, pyvips

#: The side of a piece in pixels: three units of a JPEG of half colour resolution (ITU T.81, A.2.3).
_PIECE: Final = 48
#: Pieces begin at multiples of a JPEG's unit, so that the blocks of the sample are blocks of the picture.
_UNIT: Final = 16
#: The sample has this part of the pixels, but no fewer and no more pixels than this.
_PART: Final = 1 / 8
_FEWEST: Final = 48_000
_MOST: Final = 128_000


@dataclass(frozen=True, slots=True)
class Sample:
    """`pixels` are in memory: pieces of `piece` pixels, `across` times `down` of them."""

    pixels: Image
    piece: Size
    across: int
    down: int

    def pieces(self, image: Image) -> Pieces:
        """The luma of each piece of `image`, which has the size of the sample: no window lies across a seam."""
        width, height = self.piece
        cells = luma(image).reshape(self.down, height, self.across, width)
        return np.ascontiguousarray(cells.swapaxes(1, 2).reshape(-1, height, width))


def sample_of(image: Image) -> Sample | None:
    """The sample of a picture; None for a picture with no room for a window of the score.

    A small picture is its own sample. Only the pixels of the sample are computed.
    """
    if min(image.width, image.height) < WINDOW:
        return None
    area = image.width * image.height
    pixels = min(max(area * _PART, _FEWEST), _MOST)
    if area <= pixels or min(image.width, image.height) < _PIECE:
        top = max(0, (image.height - _longest(image.width)) // 2)
        left = max(0, (image.width - _longest(image.height)) // 2)
        whole = image.crop(left, top, image.width - 2 * left, image.height - 2 * top).copy_memory()
        return Sample(whole, (whole.width, whole.height), 1, 1)
    pieces = pixels / _PIECE**2
    across = _between(1, round(math.sqrt(pieces * image.width / image.height)), image.width // _PIECE)
    down = _between(1, round(pieces / across), image.height // _PIECE)
    cells = [
        image.crop(left, top, _PIECE, _PIECE)
        for top in _starts(image.height, down)
        for left in _starts(image.width, across)
    ]
    return Sample(pyvips.Image.arrayjoin(cells, across=across).copy_memory(), (_PIECE, _PIECE), across, down)


def _longest(other: int) -> int:
    """The longest side of a sample in one piece: a strip of a few pixels may be thousands of pixels long."""
    return max(_MOST // other, _PIECE)


def _starts(side: int, count: int) -> list[int]:
    """Where `count` pieces begin along a side: each in the middle of its part of the side."""
    return [int((side / count * (number + 0.5) - _PIECE / 2) // _UNIT) * _UNIT for number in range(count)]


def _between(least: int, value: int, most: int) -> int:
    return max(least, min(value, most))
