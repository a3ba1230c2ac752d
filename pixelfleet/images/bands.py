"""Operations on the colour bands of an image that leave its alpha unchanged; colours as band values for libvips."""

from collections.abc import Callable

from pixelfleet.images.vips import Image, pyvips


def on_colours(image: Image, change: Callable[[Image], Image]) -> Image:
    """Apply `change` to all bands except alpha."""
    if not image.hasalpha():
        return change(image)
    colours = image.extract_band(0, n=image.bands - 1)
    return change(colours).bandjoin(image.extract_band(image.bands - 1))


def from_limited_range(image: Image) -> Image:
    """Stretch colours from 16 to 235 of 8 bits, or the same part of 16 bits, to the whole range (ITU-R BT.2100,
    table 9)."""
    space, most, unit = image.interpretation, *((65_535, 256) if image.format == "ushort" else (255, 1))
    factor = most / ((235 - 16) * unit)
    stretched = on_colours(image, lambda colours: (colours - 16 * unit) * factor)
    return stretched.rint().cast(image.format).copy(interpretation=space)


def with_limited_alpha(image: Image) -> Image:
    """The same as `from_limited_range`, for the alpha alone."""
    alpha = image.extract_band(image.bands - 1).copy(interpretation="grey16" if image.format == "ushort" else "b-w")
    return without_alpha(image).bandjoin(from_limited_range(alpha)).copy(interpretation=image.interpretation)


def without_alpha(image: Image) -> Image:
    return image.extract_band(0, n=image.bands - 1) if image.hasalpha() else image


def through_table(image: Image, factors: list[float], offset: float = 0.0) -> Image:
    """Each colour band times its factor plus the offset, clipped to 8 bits. The cost is one look-up for each sample."""
    # A look-up in one table for all bands is faster than in one table for each band.
    shared = factors[:1] if len(set(factors)) == 1 else factors
    table = (pyvips.Image.identity(bands=len(shared)) * shared + offset).cast("uchar")
    return on_colours(image, lambda colours: colours.maplut(table).copy(interpretation=colours.interpretation))


def numbers(colour: str, bands: int) -> list[int]:
    """`#rrggbb` as band values: red, green and blue for three bands or more, else the luma (ITU-R BT.709)."""
    rgb = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    if bands >= 3:
        return rgb
    return [round(0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2])]


def is_grey(colour: str) -> bool:
    return colour[1:3].lower() == colour[3:5].lower() == colour[5:7].lower()
