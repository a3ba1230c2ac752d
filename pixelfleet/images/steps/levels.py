"""Tones over the full range."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from pixelfleet.images.bands import through_table, without_alpha
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant

#: Share of the pixels that may fall to pure black, and to pure white.
_CLIP: Final = 0.002
#: The darkest white and the brightest black that are stretched: a night scene stays one.
_WHITE_FLOOR: Final = 180
_BLACK_CEILING: Final = 40
#: Fewer tones than this are a flat colour or a fog that means to be one.
_LEAST_SPREAD: Final = 24
#: Statistics need no more than every n-th pixel of a large image.
_SAMPLE_SIDE: Final = 256


def levels(image: Image, variant: Variant, first: Image) -> Image:
    """Stretch the tones to the full range, all colours alike so that none shifts."""
    if not variant.levels:
        return image
    black, white = _ends(without_alpha(first))
    if white == 255 and black == 0:
        return image
    gain = 255 / (white - black)
    return through_table(image, [gain] * without_alpha(image).bands, -black * gain)


def _ends(image: Image) -> tuple[int, int]:
    """The darkest and the brightest tone of any colour, so that none is driven beyond its end."""
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
