"""A custom step for pixelfleet: shadows in one colour, lights in another, and every grey in between."""

from typing import Annotated, Any

import pyvips
from pydantic import Field

from pixelfleet.steps import Options, Step

Colour = Annotated[str, Field(pattern=r"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")]


class Duotone(Options):
    """The two colours."""

    dark: Colour = Field("#101030", description="#rgb or #rrggbb of the shadows")
    light: Colour = Field("#fff5e0", description="#rgb or #rrggbb of the lights")


def duotone(image: Any, options: Duotone) -> Any:
    """Red, green and blue of a grey lie on the line from `dark` to `light`. Alpha stays."""
    grey = image.extract_band(0, n=3).copy(interpretation="srgb").colourspace("b-w")
    dark, light = _numbers(options.dark), _numbers(options.light)
    slopes = [(end - start) / 255 for start, end in zip(dark, light, strict=True)]
    # One look-up in a table of 256 colours is all the work on a pixel.
    table = (pyvips.Image.identity() * slopes + dark).rint().cast("uchar")
    coloured = grey.maplut(table)
    return coloured.bandjoin(image.extract_band(3)) if image.hasalpha() else coloured


def _numbers(colour: str) -> list[int]:
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return [int(digits[at : at + 2], 16) for at in (0, 2, 4)]


STEP = Step(options=Duotone, apply=duotone)
