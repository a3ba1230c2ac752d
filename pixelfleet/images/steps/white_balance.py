"""Taking out a colour cast."""

from typing import Final

from pixelfleet.images.bands import through_table, without_alpha
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant

#: A cast is corrected by this much at most: a sunset is no mistake.
_LIMIT: Final = 1.35


def white_balance(image: Image, variant: Variant, first: Image) -> Image:
    """Grey world: scale each colour so that the averages agree."""
    colours = without_alpha(first)
    if not variant.white_balance or colours.bands < 3:
        return image
    means = [max(colours.extract_band(band).avg(), 1.0) for band in range(3)]
    grey = sum(means) / 3
    factors = [min(max(grey / mean, 1 / _LIMIT), _LIMIT) for mean in means]
    return through_table(image, factors)
