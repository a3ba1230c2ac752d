"""White balance."""

from typing import Final

from pixelfleet.images.bands import through_table, without_alpha
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant

#: The largest correction of one colour: a sunset is not an error.
_LIMIT: Final = 1.35


def white_balance(image: Image, variant: Variant, first: Image) -> Image:
    """Scale each colour so that the averages of all three are equal (the grey-world assumption)."""
    colours = without_alpha(first)
    if not variant.white_balance or colours.bands < 3:
        return image
    means = [max(colours.extract_band(band).avg(), 1.0) for band in range(3)]
    grey = sum(means) / 3
    factors = [min(max(grey / mean, 1 / _LIMIT), _LIMIT) for mean in means]
    return through_table(image, factors)
