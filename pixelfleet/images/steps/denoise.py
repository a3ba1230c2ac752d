"""Taking out grain."""

from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant


def denoise(image: Image, variant: Variant, _first: Image) -> Image:
    """A median filter: takes out grain and hot pixels and keeps edges, unlike a blur."""
    if not variant.denoise:
        return image
    return image.median(2 * variant.denoise + 1)
