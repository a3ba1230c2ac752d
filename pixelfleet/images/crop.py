"""Cutting a scaled frame to the box that it covers."""

from pixelfleet.images.geometry import Placement, corner
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Gravity


def crop(frame: Image, placement: Placement, gravity: Gravity) -> Image:
    """The part that gravity names; `attention` and `entropy` look for it (libvips smart crop)."""
    width, height = placement.crop
    if (frame.width, frame.height) == (width, height):
        return frame
    if gravity in (Gravity.ATTENTION, Gravity.ENTROPY):
        return frame.smartcrop(width, height, interesting=gravity.value)
    left, top = corner((frame.width, frame.height), (width, height), gravity)
    return frame.crop(left, top, width, height)
