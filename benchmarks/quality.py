"""How near a variant is to the lossless Lanczos reduction of its source: SSIM and PSNR of its luma."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyvips
from PIL import Image, ImageOps


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
    return Quality(_ssim(actual, expected), 10 * math.log10(255**2 / max(error, 1e-9)))


def luma(image: Any) -> Any:
    """Luma (ITU-R BT.601, as JPEG has it) as floats in memory."""
    bands = image[0] if image.bands < 3 else image[0] * 0.299 + image[1] * 0.587 + image[2] * 0.114
    return bands.cast("float").copy_memory()


def _ssim(left: Any, right: Any) -> float:
    def blurred(image: Any) -> Any:
        return image.gaussblur(1.5, precision="float")

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_l, mean_r = blurred(left), blurred(right)
    var_l = blurred(left * left) - mean_l * mean_l
    var_r = blurred(right * right) - mean_r * mean_r
    both = blurred(left * right) - mean_l * mean_r
    similar = ((mean_l * mean_r * 2 + c1) * (both * 2 + c2)) / (
        (mean_l * mean_l + mean_r * mean_r + c1) * (var_l + var_r + c2)
    )
    return float(similar.avg())
