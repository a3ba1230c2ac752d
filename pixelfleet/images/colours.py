"""Convert the colours of a source to grey or sRGB of 8 bits, which all steps and browsers expect, or of 16 bits."""

from typing import Final

from pixelfleet.images.bands import on_colours
from pixelfleet.images.colour_space import PROFILE, SRGB, mark, space_of
from pixelfleet.images.profiles import RGB, data_space, is_plausible, is_srgb, is_well_formed
from pixelfleet.images.tone import as_signals, to_sdr
from pixelfleet.images.vips import Image, pyvips, readable_twice

_FLOATS: Final = ("float", "double", "complex", "dpcomplex")
#: Without signed samples. No file declares their zero level, so signed samples are handled like samples of 8 bits.
_DEEP: Final = ("ushort", "uint", *_FLOATS)
_WIDE: Final = 65_535


def to_srgb(image: Image, *, keep_profile: bool, deep: bool = False, keep_hdr: bool = False) -> Image:
    """Convert to one to four bands of 8 bits, after the image is scaled down: a profile has a cost for each pixel.

    Args:
        keep_profile: leave colours and profile unchanged where the image is RGB or grey. CMYK is always converted. A
            picture of high dynamic range is converted, unless `keep_hdr` is set.
        deep: 16 bits, where the source has more than 8.
        keep_hdr: leave samples of PQ and HLG as they are, in 16 bits, and marked with their space.
    """
    image = _usual_bands(image)
    deep = deep and image.format in _DEEP
    space = space_of(image)
    if space.transfer and keep_hdr:
        return mark(as_signals(image), space)
    if space.transfer:
        return _finished(to_sdr(mark(image, SRGB), space), deep=deep, keep=False)
    if image.format == "uint":
        image = _upper_half(image)
    if image.format in _FLOATS:
        image = _sixteen_bits(image) if space.profile else _counted_from_one(image)
        deep = deep and image.interpretation not in ("b-w", "srgb")
    keep = keep_profile and _can_be_kept(image, space.profile)
    if image.interpretation in ("lab", "labs"):
        image = _from_lab(image, deep=deep)
    elif space.profile and not keep and not is_srgb(space.profile) and is_plausible(space.profile):
        image = _by_profile(_in_colours_of(image, space.profile), deep=deep)
    return _finished(image, deep=deep, keep=keep)


def _can_be_kept(image: Image, profile: bytes | None) -> bool:
    """False for a profile that encoders refuse: the image is converted, and the profile is removed."""
    if profile is None or image.interpretation in ("cmyk", "lab", "labs"):
        return False
    return is_plausible(profile) and is_well_formed(profile, grey=image.interpretation in ("b-w", "grey16"))


def _from_lab(image: Image, *, deep: bool) -> Image:
    """Lab in a file is relative to D50 (TIFF 6.0, section 23; ICC's connection space), unlike libvips' own Lab."""
    colours, alpha = image, None
    if image.bands > 3:
        colours, alpha = image.extract_band(0, n=3), image.extract_band(3)
    rgb = colours.icc_export(pcs="lab", output_profile="srgb", intent="relative", depth=16 if deep else 8)
    rgb = _without_profile(rgb)
    return rgb if alpha is None else rgb.bandjoin((alpha * (257 if deep else 1)).cast(rgb.format))


def _finished(image: Image, *, deep: bool, keep: bool) -> Image:
    grey, colour, sample = ("grey16", "rgb16", "ushort") if deep else ("b-w", "srgb", "uchar")
    space = grey if image.interpretation in ("b-w", "grey16") else colour
    if image.interpretation != space:
        image = image.colourspace(space)
    image = image if image.format == sample else image.cast(sample)
    return image if keep else _without_profile(image)


def drop_opaque_alpha(image: Image) -> Image:
    """Many PNGs have an alpha that is opaque everywhere. Without alpha, JPEG is enough and every step is cheaper."""
    opaque = _WIDE if image.format == "ushort" else 255
    if not image.hasalpha() or image.extract_band(image.bands - 1).min() < opaque:
        return image
    return image.extract_band(0, n=image.bands - 1)


def _usual_bands(image: Image) -> Image:
    """The bands of scientific TIFFs have no meaning that is known here. The first, or the first three, are shown."""
    if image.interpretation not in ("multiband", "matrix", "histogram", "fourier") and image.bands <= 5:
        return image
    if image.bands >= 3:
        return image.extract_band(0, n=3).copy(interpretation="rgb16" if image.format == "ushort" else "srgb")
    return image.extract_band(0).copy(interpretation="grey16" if image.format == "ushort" else "b-w")


def _upper_half(image: Image) -> Image:
    """The upper 16 bits of 32-bit integers, which use their whole range (TIFF 6.0, SampleFormat)."""
    grey = image.bands < 3
    return (image >> 16).cast("ushort").copy(interpretation="grey16" if grey else "rgb16")


def _sixteen_bits(image: Image) -> Image:
    """Float samples with a profile range from 0 to 1 in the profile's own space; other values are clipped."""
    if image.interpretation not in ("b-w", "srgb", "scrgb", "grey16", "rgb16"):
        return image
    grey = image.interpretation in ("b-w", "grey16")
    # In libvips the alpha of scRGB ranges from 0 to 1, like the colours.
    alpha_unit = 1.0 if image.interpretation == "scrgb" else 255.0
    colours = image.extract_band(0, n=image.bands - 1) if image.hasalpha() else image
    wide = (colours * _WIDE).rint()
    if image.hasalpha():
        wide = wide.bandjoin(image.extract_band(image.bands - 1) * (_WIDE / alpha_unit))
    return wide.cast("ushort").copy(interpretation="grey16" if grey else "rgb16")


def _counted_from_one(image: Image) -> Image:
    """Float samples without a profile: 0 to 1 become 0 to 255.

    No tag declares white. Samples range to 255 already where more than half of the samples above 0 are above 1. A few
    highlights above white do not count as such a range, because the rest would then be shown as black.
    """
    if image.interpretation not in ("b-w", "srgb"):
        return image
    image = readable_twice(image)
    colours = image.extract_band(0, n=image.bands - 1) if image.hasalpha() else image
    if colours.max() > 1.0 and 2 * (colours > 1.0).avg() > (colours > 0).avg():
        return image
    return on_colours(image, lambda samples: samples * 255)


def _in_colours_of(image: Image, profile: bytes) -> Image:
    """A grey image with a profile of RGB as RGB. Programs save a grey picture with the profile of its colours, and
    browsers apply this profile; the colour engine refuses it for one band."""
    if data_space(profile) != RGB or image.interpretation not in ("b-w", "grey16"):
        return image
    grey = image.extract_band(0)
    bands = [grey, grey, *([image.extract_band(1)] if image.bands > 1 else [])]
    return grey.bandjoin(bands).copy(interpretation="rgb16" if image.interpretation == "grey16" else "srgb")


def _by_profile(image: Image, *, deep: bool) -> Image:
    try:
        converted = image.icc_transform(
            "srgb", embedded=True, intent="relative", black_point_compensation=True, depth=16 if deep else 8
        )
    except pyvips.Error:
        # The profile is damaged, or is for other colours than these: the pixels are used unchanged.
        return image
    # Pixels are decoded only here, so that an error of the decoder is not taken for an error of the profile.
    return converted.copy_memory()


def _without_profile(image: Image) -> Image:
    if not image.get_typeof(PROFILE):
        return image
    bare = image.copy()
    bare.remove(PROFILE)
    return bare
