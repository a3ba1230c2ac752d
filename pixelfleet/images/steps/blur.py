"""Softening."""

from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant


def blur(image: Image, variant: Variant, _first: Image) -> Image:
    """Gaussian; integer arithmetic, because 8-bit output hides nothing finer."""
    if not variant.blur:
        return image
    return image.gaussblur(variant.blur, precision="integer")
