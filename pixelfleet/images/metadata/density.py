"""The density of a picture, which libvips holds as pixels per millimetre."""

from typing import Final

from pixelfleet.images.vips import Image

#: EXIF 2.32, 4.6.4, XResolution: 72 pixels to the inch if the density is unknown.
_UNKNOWN: Final = 72 / 25.4
#: libvips' number for a source that declares no density.
_UNSET: Final = 1.0
_NEAR: Final = 0.01


def declares_density(image: Image) -> bool:
    """Whether the source declares a density. 72 pixels to the inch is no declaration: programs write it by default."""
    return not any(abs(image.xres - value) < _NEAR for value in (_UNSET, _UNKNOWN))


def with_density(image: Image) -> Image:
    """The image with a density, because PNG, TIFF and EXIF have one in any case. An unset density would become 25.4
    pixels to the inch."""
    return image if image.xres != _UNSET else image.copy(xres=_UNKNOWN, yres=_UNKNOWN)
