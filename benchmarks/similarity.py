"""How near a variant is to the lossless Lanczos reduction of its source: SSIM and PSNR of its luma."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyvips
from PIL import Image, ImageOps

from pixelfleet.images.ssim import luma, ssim

__all__ = ["Quality", "compare", "luma", "reference"]


@dataclass(frozen=True, slots=True)
class Quality:
    """`ssim` from 0 to 1 (Wang et al. 2004, Gaussian window of sigma 1.5), `psnr` in dB."""

    ssim: float
    psnr: float


def reference(source: Path, side: int) -> Any:
    """The source inside a box of `side` pixels, by Pillow's Lanczos from the full image, not compressed."""
    with Image.open(source) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=None)
    return luma(pyvips.Image.new_from_memory(picture.tobytes(), picture.width, picture.height, 3, "uchar"))


def compare(expected: Any, variant: Path) -> Quality:
    actual = luma(pyvips.Image.new_from_file(str(variant)))
    if (actual.width, actual.height) != (expected.width, expected.height):
        # A contender that rounds the other way is off by one pixel: the common part is compared.
        width, height = min(actual.width, expected.width), min(actual.height, expected.height)
        actual, expected = actual.crop(0, 0, width, height), expected.crop(0, 0, width, height)
    error = ((actual - expected) ** 2).avg()
    return Quality(ssim(actual, expected), 10 * math.log10(255**2 / max(error, 1e-9)))
