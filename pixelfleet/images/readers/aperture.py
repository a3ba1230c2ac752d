"""Applies the transformations of a HEIF item (ISO/IEC 23008-12, 6.5.9, 6.5.10 and 6.5.12)."""

from typing import Final

from pixelfleet.images.codec_errors import DamagedError
from pixelfleet.images.containers.heif_alpha import Transform
from pixelfleet.images.vips import Image

#: `irot` counts quarter turns anticlockwise; libvips counts clockwise.
_CLOCKWISE: Final = ("d0", "d270", "d180", "d90")


def transformed(image: Image, transforms: tuple[Transform, ...]) -> Image:
    """The image cropped, rotated and mirrored, in the order of the properties."""
    for kind, content in transforms:
        if kind == b"clap":
            image = _cropped(image, content)
        elif kind == b"irot" and content:
            image = image.copy_memory().rot(_CLOCKWISE[content[0] & 3])
        elif kind == b"imir" and content:
            image = image.copy_memory().flip("horizontal" if content[0] & 1 else "vertical")
    return image


def _cropped(image: Image, content: bytes) -> Image:
    """Crops to the clean aperture: its size, and the distance of its centre from the picture's (ISO/IEC 14496-12,
    12.1.4).

    Raises:
        DamagedError: no part of the picture lies in the aperture, or the aperture has a denominator of 0.
    """
    parts = [int.from_bytes(content[at : at + 4], "big", signed=at in (16, 24)) for at in range(0, 32, 4)]
    if not all(parts[1::2]):
        raise DamagedError("a clean aperture has a fraction over 0")
    width, height, across, down = (parts[at] / parts[at + 1] for at in range(0, 8, 2))
    left = max(round((image.width - width) / 2 + across), 0)
    top = max(round((image.height - height) / 2 + down), 0)
    width, height = min(round(width), image.width - left), min(round(height), image.height - top)
    if width < 1 or height < 1:
        raise DamagedError("a clean aperture lies outside of its picture")
    return image.crop(left, top, width, height)
