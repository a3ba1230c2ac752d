"""The steps that change a variant's pixels after the resize, in this order. A step that the variant does not use
returns its image unchanged.

A step takes the image, the variant, and the first frame at the same stage. A step measures the first frame alone, so
that an animation does not flicker. Images are 8-bit grey or sRGB, with or without alpha.
"""

from collections.abc import Callable
from typing import Final

from pixelfleet.images.steps.blur import blur
from pixelfleet.images.steps.custom import check_alike, check_installed, steps
from pixelfleet.images.steps.denoise import denoise
from pixelfleet.images.steps.flatten import flatten
from pixelfleet.images.steps.levels import levels
from pixelfleet.images.steps.pad import pad
from pixelfleet.images.steps.saturation import saturation
from pixelfleet.images.steps.sharpen import sharpen
from pixelfleet.images.steps.watermark import watermark
from pixelfleet.images.steps.white_balance import white_balance
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant

__all__ = ["STEPS", "Step", "check_alike", "check_installed"]

Step = Callable[[Image, Variant, Image], Image]

STEPS: Final[tuple[Step, ...]] = (
    denoise,
    white_balance,
    levels,
    saturation,
    blur,
    sharpen,
    steps,
    flatten,
    pad,
    watermark,
)
