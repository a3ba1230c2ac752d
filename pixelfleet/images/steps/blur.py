"""Blur."""

from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant


def blur(image: Image, variant: Variant, _first: Image) -> Image:
    """A Gaussian blur, in integers: 8-bit output shows no finer difference."""
    if not variant.blur:
        return image
    return image.gaussblur(variant.blur, precision="integer")
