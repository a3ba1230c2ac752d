"""Structural similarity of luma: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to
structural similarity", IEEE Transactions on Image Processing 13(4), 2004, equations 13 to 17.

The window has 11 x 11 pixels, a Gaussian of sigma 1.5; K1 = 0.01, K2 = 0.03, L = 255. Only windows that lie inside the
picture count, as in the authors' own program. The picture is not reduced before.
"""

import math
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pixelfleet.images.vips import Image

#: Pictures of one size, or pieces of one picture: number, rows, columns.
Pieces: TypeAlias = NDArray[np.float32]

#: The side of a window in pixels.
WINDOW: Final = 11
#: Pixels from the centre of a window to its edge.
_REACH: Final = WINDOW // 2
_SIGMA: Final = 1.5
_C1: Final = np.float32((0.01 * 255) ** 2)
_C2: Final = np.float32((0.03 * 255) ** 2)
#: ITU-R BT.601, as in JPEG.
_LUMA: Final = tuple(np.float32(weight) for weight in (0.299, 0.587, 0.114))
_BELL: Final = [math.exp(-(offset**2) / (2 * _SIGMA**2)) for offset in range(-_REACH, _REACH + 1)]
_WEIGHTS: Final = np.array(_BELL, np.float32) / np.float32(sum(_BELL))
#: The grey below transparent parts: bright and dark colours both differ from it.
_BELOW: Final = 128


class Reference:
    """Pieces that others are compared with. What depends on them alone is computed once."""

    def __init__(self, pieces: Pieces, step: int = 1) -> None:
        """`step`: the distance between two windows, along rows and columns; 1 for every window."""
        self._step = step
        self._pieces = pieces
        self._mean = _local(pieces, step)
        square = self._mean * self._mean
        self._brightness = square + _C1
        self._contrast = _local(pieces * pieces, step) - square + _C2

    def score(self, pieces: Pieces) -> float:
        """The mean of the index over all windows that lie inside one piece: 1 for equal pieces."""
        mean = _local(pieces, self._step)
        square, product = mean * mean, self._mean * mean
        covariance = _local(self._pieces * pieces, self._step) - product
        alike = (2 * product + _C1) * (2 * covariance + _C2)
        variance = _local(pieces * pieces, self._step) - square
        return float((alike / ((square + self._brightness) * (variance + self._contrast))).mean(dtype=np.float64))


def ssim(reference: Image, image: Image) -> float:
    """The mean of the index over all windows inside the picture: 1 for equal pictures.

    Raises:
        ValueError: the sizes differ, or a side is shorter than a window.
    """
    size = reference.width, reference.height
    if size != (image.width, image.height) or min(size) < WINDOW:
        raise ValueError(f"no windows of {WINDOW} pixels in both of {size} and {(image.width, image.height)}")
    return Reference(luma(reference)[None]).score(luma(image)[None])


def luma(image: Image) -> NDArray[np.float32]:
    """The luma of an 8-bit picture in grey or RGB: rows and columns. Transparent parts show a middle grey."""
    if image.hasalpha():
        image = image.flatten(background=[_BELOW] * (image.bands - 1))
    samples = np.frombuffer(image.write_to_memory(), np.uint8).reshape(image.height, image.width, image.bands)
    if image.bands < len(_LUMA):
        return samples[..., 0].astype(np.float32)
    red, green, blue = (samples[..., band] * weight for band, weight in enumerate(_LUMA))
    total: NDArray[np.float32] = red + green + blue
    return total


def _local(pieces: Pieces, step: int) -> Pieces:
    """The mean of each window, by its Gaussian weights: along columns, then along rows."""
    rows = _weighted(pieces.swapaxes(-1, -2), step).swapaxes(-1, -2)
    return _weighted(np.ascontiguousarray(rows), step)


def _weighted(pieces: Pieces, step: int) -> Pieces:
    """The weighted means along the last axis. Two samples as far from the centre have one weight."""
    count = pieces.shape[-1] - WINDOW + 1
    total: Pieces = pieces[..., _REACH : _REACH + count : step] * _WEIGHTS[_REACH]
    for offset in range(_REACH):
        far = WINDOW - 1 - offset
        pair = pieces[..., offset : offset + count : step] + pieces[..., far : far + count : step]
        total += pair * _WEIGHTS[offset]
    return total
