"""Cutting scaled frames to the box that they cover."""

from pixelfleet.images.geometry import Placement, corner
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Gravity


def crop(frames: tuple[Image, ...], placement: Placement, left: int, top: int) -> tuple[Image, ...]:
    """The part of every frame that begins at this corner."""
    if (frames[0].width, frames[0].height) == placement.crop:
        return frames
    return tuple(frame.crop(left, top, *placement.crop) for frame in frames)


def crop_corner(first: Image, placement: Placement, gravity: Gravity) -> tuple[int, int]:
    """Left and top of the part that gravity names. `attention` and `entropy` search the first frame for it."""
    size = placement.crop
    if (first.width, first.height) == size:
        return 0, 0
    if gravity in (Gravity.ATTENTION, Gravity.ENTROPY):
        cut = first.smartcrop(*size, interesting=gravity.value)
        # libvips gives the position of a piece in its source as a negative offset.
        return -cut.xoffset, -cut.yoffset
    return corner((first.width, first.height), size, gravity)
