"""The main colour of an image in one word, so that images can be looked for by colour."""

import colorsys
from enum import StrEnum
from itertools import pairwise
from typing import Final


class Colour(StrEnum):
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    CYAN = "cyan"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"
    BROWN = "brown"
    BLACK = "black"
    GREY = "grey"
    WHITE = "white"


#: Where each hue begins, in degrees; before the first and after the last is red.
_HUES: Final = (
    (15, Colour.ORANGE), (45, Colour.YELLOW), (70, Colour.GREEN), (165, Colour.CYAN), (195, Colour.BLUE),
    (255, Colour.PURPLE), (290, Colour.PINK), (345, Colour.RED), (361, Colour.RED),
)  # fmt: skip
#: Below this lightness everything is black, above the other everything is white (HLS, 0 to 1).
_BLACK: Final = 0.12
_WHITE: Final = 0.9
#: Below this chroma, the difference of the largest and the smallest channel, there is no hue.
_GREY: Final = 0.1
#: A dark orange is brown.
_BROWN: Final = 0.4


def colour_of(value: str | None) -> Colour | None:
    """The colour of `#rrggbb`; None for anything else."""
    try:
        red, green, blue = (byte / 255 for byte in bytes.fromhex((value or "").removeprefix("#")))
    except ValueError:
        return None
    hue, lightness, _ = colorsys.rgb_to_hls(red, green, blue)
    if lightness <= _BLACK:
        return Colour.BLACK
    if lightness >= _WHITE:
        return Colour.WHITE
    if max(red, green, blue) - min(red, green, blue) < _GREY:
        return Colour.GREY
    degrees = hue * 360
    name = next((name for (start, name), (end, _) in pairwise(_HUES) if start <= degrees < end), Colour.RED)
    dark = name in (Colour.ORANGE, Colour.RED) and degrees < 45 and lightness < _BROWN
    return Colour.BROWN if dark and degrees >= 10 else name
