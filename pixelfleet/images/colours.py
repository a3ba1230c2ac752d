"""From whatever colours a source has to grey or sRGB of 8 bits, which is what all steps and browsers expect, or 16."""

from typing import Final

from pixelfleet.images.bands import on_colours
from pixelfleet.images.profiles import is_srgb
from pixelfleet.images.vips import MEMORY_PIXELS, Image, pyvips

_PROFILE: Final = "icc-profile-data"
_FLOATS: Final = ("float", "double", "complex", "dpcomplex")
#: What signed samples count from, no file says: they are taken as 8 bits are.
_DEEP: Final = ("ushort", "uint", *_FLOATS)


def to_srgb(image: Image, *, keep_profile: bool, deep: bool = False) -> Image:
    """One to four bands of 8 bits. Done after the image is scaled down: a profile is costly by the pixel.

    Args:
        keep_profile: leave colours and profile as they are where the image is RGB or grey; CMYK is converted.
        deep: 16 bits, where the source has more than 8.
    """
    image = _usual_bands(image)
    deep = deep and image.format in _DEEP
    if image.format in _FLOATS:
        image = _counted_from_one(image)
        deep = deep and image.interpretation not in ("b-w", "srgb")
    profiled = bool(image.get_typeof(_PROFILE))
    kept = keep_profile and profiled and image.interpretation != "cmyk"
    if profiled and not kept and not is_srgb(bytes(image.get(_PROFILE))):
        image = _by_profile(image, deep=deep)
    grey, colour, sample = ("grey16", "rgb16", "ushort") if deep else ("b-w", "srgb", "uchar")
    space = grey if image.interpretation in ("b-w", "grey16") else colour
    if image.interpretation != space:
        image = image.colourspace(space)
    image = image if image.format == sample else image.cast(sample)
    return image if kept else _without_profile(image)


def drop_opaque_alpha(image: Image) -> Image:
    """Many PNGs carry an alpha that hides nothing; without it JPEG will do, and every step is cheaper."""
    opaque = 65_535 if image.format == "ushort" else 255
    if not image.hasalpha() or image.extract_band(image.bands - 1).min() < opaque:
        return image
    return image.extract_band(0, n=image.bands - 1)


def _usual_bands(image: Image) -> Image:
    """Scientific TIFFs have bands without a meaning that is known here: the first, or the first three, are shown."""
    if image.interpretation not in ("multiband", "matrix", "histogram", "fourier") and image.bands <= 5:
        return image
    if image.bands >= 3:
        return image.extract_band(0, n=3).copy(interpretation="rgb16" if image.format == "ushort" else "srgb")
    return image.extract_band(0).copy(interpretation="grey16" if image.format == "ushort" else "b-w")


def _counted_from_one(image: Image) -> Image:
    """Float samples from 0 to 1 become 0 to 255; larger ones are taken to count from 0 to 255 already."""
    if image.interpretation not in ("b-w", "srgb"):
        return image
    image = _readable_twice(image)
    if image.max() > 1.0:
        return image
    return on_colours(image, lambda colours: colours * 255)


def _readable_twice(image: Image) -> Image:
    """A source is read from top to bottom once: what is looked at first and used then must lie somewhere."""
    if image.width * image.height <= MEMORY_PIXELS:
        return image.copy_memory()
    spooled = pyvips.Image.new_temp_file("%s.v")
    image.write(spooled)
    return spooled


def _by_profile(image: Image, *, deep: bool) -> Image:
    try:
        return image.icc_transform(
            "srgb", embedded=True, intent="relative", black_point_compensation=True, depth=16 if deep else 8
        ).copy_memory()
    except pyvips.Error:
        # A damaged profile, or one for other colours than these, says nothing: the pixels are taken as they are.
        return image


def _without_profile(image: Image) -> Image:
    if not image.get_typeof(_PROFILE):
        return image
    bare = image.copy()
    bare.remove(_PROFILE)
    return bare
