"""Cutting scaled frames to the box that they cover."""

from pixelfleet.images.geometry import Placement, corner
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Gravity


def crop(frames: tuple[Image, ...], placement: Placement, gravity: Gravity) -> tuple[Image, ...]:
    """The part that gravity names, the same of every frame. `attention` and `entropy` search the first frame for it."""
    first, size = frames[0], placement.crop
    if (first.width, first.height) == size:
        return frames
    if gravity in (Gravity.ATTENTION, Gravity.ENTROPY):
        cut = first.smartcrop(*size, interesting=gravity.value)
        # libvips gives the position of a piece in its source as a negative offset.
        left, top = -cut.xoffset, -cut.yoffset
    else:
        left, top = corner((first.width, first.height), size, gravity)
    return tuple(frame.crop(left, top, *size) for frame in frames)
