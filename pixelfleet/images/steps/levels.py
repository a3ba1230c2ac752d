"""Tones over the full range."""

from typing import Final

from pixelfleet.images.bands import through_table, without_alpha
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant

#: Share of the pixels that may fall to pure black, and to pure white.
_CLIP: Final = 0.2
#: The darkest white and the brightest black that are stretched: a night scene stays one.
_WHITE_FLOOR: Final = 180
_BLACK_CEILING: Final = 40
#: Fewer tones than this are a flat colour or a fog that means to be one.
_LEAST_SPREAD: Final = 24
#: Statistics need no more than every n-th pixel of a large image.
_SAMPLE_SIDE: Final = 512


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
    step = max(1, min(image.width, image.height) // _SAMPLE_SIDE)
    sample = image.subsample(step, step) if step > 1 else image
    if sample.bands == 3:
        sample = sample.colourspace("b-w")
    sample = sample.copy_memory()
    black, white = int(sample.percent(_CLIP)), int(sample.percent(100 - _CLIP))
    if white - black < _LEAST_SPREAD:
        return 0, 255
    return min(black, _BLACK_CEILING), max(white, _WHITE_FLOOR)
