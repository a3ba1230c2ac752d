"""All size arithmetic, done before a pixel is decoded. Sizes are (width, height) in pixels as displayed."""

import math
from dataclasses import dataclass

from pixelfleet.recipes import Fit, Gravity, Variant

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Placement:
    """Scale the source to `resized`, crop to `crop` at the place of the gravity, put the result on `canvas`."""

    resized: Size
    crop: Size
    canvas: Size


def place(source: Size, variant: Variant) -> Placement:
    """The placement of a source of this size. Nothing is enlarged unless the variant sets `enlarge`."""
    if variant.box is None:
        return Placement(source, source, source)
    if variant.fit is Fit.COVER:
        box = variant.box if variant.enlarge else _shrunk(variant.box, source)
        scale = max(box[0] / source[0], box[1] / source[1])
        resized = max(box[0], round(source[0] * scale)), max(box[1], round(source[1] * scale))
        return Placement(resized, box, box)
    if variant.fit is Fit.EXACT:
        box = variant.box if variant.enlarge else _shrunk(variant.box, source)
        return Placement(box, box, box)
    scale = min(variant.box[0] / source[0], variant.box[1] / source[1])
    inside = scaled(source, scale if variant.enlarge else min(scale, 1.0))
    return Placement(inside, inside, variant.box if variant.pad else inside)


def scaled(source: Size, scale: float) -> Size:
    """`source` times `scale`. No side is below one pixel."""
    return max(1, round(source[0] * scale)), max(1, round(source[1] * scale))


def _shrunk(box: Size, source: Size) -> Size:
    """The largest box of the same shape that the source fills without being enlarged."""
    ratios = box[0] / source[0], box[1] / source[1]
    excess = max(ratios)
    if excess <= 1.0:
        return box
    width, height = scaled(box, 1 / excess)
    return min(width, source[0]), min(height, source[1])


def shrink_on_load(stored: Size, needed: Size) -> int:
    """The factor (1, 2, 4, 8) by which a JPEG decoder may shrink, so that twice the needed pixels are left.

    The decoder's shrink is a block average, which adds sharpness. So Lanczos does the last factor of two.
    """
    factor = min(stored[0] / needed[0], stored[1] / needed[1]) / 2
    return 1 if factor < 2 else min(8, 2 ** int(math.log2(factor)))


def corner(outer: Size, inner: Size, gravity: Gravity, margin: int = 0) -> tuple[int, int]:
    """Left and top of `inner` inside `outer`. If `inner` is larger, the numbers are negative."""
    name = gravity.value
    left = _along(outer[0] - inner[0], low="west" in name, high="east" in name, margin=margin)
    top = _along(outer[1] - inner[1], low="north" in name, high="south" in name, margin=margin)
    return left, top


def _along(room: int, *, low: bool, high: bool, margin: int) -> int:
    if low:
        return margin
    return room - margin if high else room // 2


def turned(size: Size, *, swap: bool) -> Size:
    """Convert between displayed and stored size: orientations 5 to 8 swap the sides."""
    return (size[1], size[0]) if swap else size
