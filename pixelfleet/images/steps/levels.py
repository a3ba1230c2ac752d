"""Stretching of tones."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from pixelfleet.images.bands import through_table, without_alpha
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant

#: The share of pixels that may become pure black, and the share that may become pure white.
_CLIP: Final = 0.002
#: Whites below the floor and blacks above the ceiling are not stretched fully: a night scene stays dark.
_WHITE_FLOOR: Final = 180
_BLACK_CEILING: Final = 40
#: An image with fewer tones than this is a flat colour or a fog, and stays unchanged.
_LEAST_SPREAD: Final = 24
#: The side in pixels of the sample for the statistics.
_SAMPLE_SIDE: Final = 256


def levels(image: Image, variant: Variant, first: Image) -> Image:
    """Stretch the tones to the full range. All colours are stretched alike, so that no hue changes."""
    if not variant.levels:
        return image
    black, white = _ends(without_alpha(first))
    if white == 255 and black == 0:
        return image
    gain = 255 / (white - black)
    return through_table(image, [gain] * without_alpha(image).bands, -black * gain)


def _ends(image: Image) -> tuple[int, int]:
    """The darkest and the brightest tone over all colours, so that no colour is clipped."""
    step = max(1, min(image.width, image.height) // _SAMPLE_SIDE)
    sample = image.subsample(step, step) if step > 1 else image
    counts = array("I", bytes(sample.hist_find().write_to_memory()))
    ends = [_ends_of(counts[band :: sample.bands]) for band in range(sample.bands)]
    if all(white - black < _LEAST_SPREAD for black, white in ends):
        return 0, 255
    return min(_BLACK_CEILING, *(black for black, _ in ends)), max(_WHITE_FLOOR, *(white for _, white in ends))


def _ends_of(counts: Sequence[int]) -> tuple[int, int]:
    running = list(accumulate(counts))
    return bisect_right(running, running[-1] * _CLIP), bisect_left(running, running[-1] * (1 - _CLIP))
