"""Removal of grain."""

from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant


def denoise(image: Image, variant: Variant, _first: Image) -> Image:
    """A median filter. It removes grain and hot pixels, and unlike a blur it keeps edges."""
    radius = min(variant.denoise, (min(image.width, image.height) - 1) // 2)
    if not radius:
        return image
    return image.median(2 * radius + 1)
