"""Cutting scaled frames to the box that they cover."""

from collections.abc import Sequence

from pixelfleet.images.faces.boxes import Box, focus
from pixelfleet.images.geometry import Placement, Size, corner
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Gravity


def crop(frames: tuple[Image, ...], placement: Placement, left: int, top: int) -> tuple[Image, ...]:
    """The part of every frame that begins at this corner."""
    if (frames[0].width, frames[0].height) == placement.crop:
        return frames
    return tuple(frame.crop(left, top, *placement.crop) for frame in frames)


def crop_corner(first: Image, placement: Placement, gravity: Gravity, faces: Sequence[Box] = ()) -> tuple[int, int]:
    """Left and top of the part that gravity names. `attention` and `entropy` search the first frame for it.

    `faces` are those of the first frame, the largest first; without any, `face` is as `attention`.
    """
    outer, size = (first.width, first.height), placement.crop
    if outer == size:
        return 0, 0
    if gravity is Gravity.FACE and faces:
        return _around(faces, outer, size)
    if gravity.is_searched:
        interesting = Gravity.ATTENTION if gravity is Gravity.FACE else gravity
        cut = first.smartcrop(*size, interesting=interesting.value)
        # libvips gives the position of a piece in its source as a negative offset.
        return -cut.xoffset, -cut.yoffset
    return corner(outer, size, gravity)


def _around(faces: Sequence[Box], outer: Size, size: Size) -> tuple[int, int]:
    """Left and top of a view with the faces in its middle, as far as the image goes."""
    across, down = focus(faces, (size[0] / outer[0], size[1] / outer[1]))
    return _within(across, outer[0], size[0]), _within(down, outer[1], size[1])


def _within(middle: float, outer: int, length: int) -> int:
    return min(outer - length, max(0, round(middle * outer - length / 2)))
