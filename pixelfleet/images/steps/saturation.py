"""Saturation."""

from pixelfleet.images.bands import on_colours, without_alpha
from pixelfleet.images.vips import Image, pyvips
from pixelfleet.recipes import Variant

#: The parts of red, green and blue in luma (ITU-R BT.709). Saturation must not change luma.
_LUMA = (0.2126, 0.7152, 0.0722)


def saturation(image: Image, variant: Variant, _first: Image) -> Image:
    """Move colours towards their own grey, or away from grey."""
    if variant.saturation == 1.0 or without_alpha(image).bands < 3:
        return image
    amount = variant.saturation
    rows = [
        [(1 - amount) * luma + (amount if row == column else 0) for column, luma in enumerate(_LUMA)]
        for row in range(3)
    ]
    matrix = pyvips.Image.new_from_array(rows)
    return on_colours(image, lambda colours: colours.recomb(matrix).cast("uchar").copy(interpretation="srgb"))
