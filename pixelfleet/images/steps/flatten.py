"""The background of transparent parts."""

from pixelfleet.images.bands import is_grey, numbers
from pixelfleet.images.encode import keeps_alpha
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant

_WHITE = "#ffffff"


def flatten(image: Image, variant: Variant, _first: Image) -> Image:
    """Lay the image on a background, if the variant names a background or the output format has no alpha."""
    if not image.hasalpha():
        return image
    if variant.background is None and keeps_alpha(variant):
        return image
    background = variant.background or _WHITE
    if image.bands == 2 and not is_grey(background):
        image = image.colourspace("srgb")
    return image.flatten(background=numbers(background, image.bands - 1))
