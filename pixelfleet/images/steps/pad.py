"""Padding."""

from pixelfleet.images.bands import is_grey, numbers
from pixelfleet.images.encode import keeps_alpha
from pixelfleet.images.geometry import corner
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant

_WHITE = "#ffffff"


def pad(image: Image, variant: Variant, _first: Image) -> Image:
    """Fill the box around a smaller image: with the background, else with transparency, else with white."""
    if not variant.pad or variant.box is None or (image.width, image.height) == variant.box:
        return image
    left, top = corner(variant.box, (image.width, image.height), variant.gravity)
    if variant.background is None and keeps_alpha(variant):
        image = image if image.hasalpha() else image.addalpha()
        return image.embed(left, top, *variant.box, extend="background", background=[0] * image.bands)
    background = variant.background or _WHITE
    if image.bands < 3 and not is_grey(background):
        image = image.colourspace("srgb")
    return image.embed(left, top, *variant.box, extend="background", background=numbers(background, image.bands))
