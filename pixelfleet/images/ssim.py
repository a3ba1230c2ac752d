"""The structural similarity of two pictures (SSIM; Wang et al. 2004, Gaussian window of sigma 1.5), by their luma."""

from pathlib import Path
from typing import Final

from pixelfleet.images.vips import Image, pyvips

_SIGMA: Final = 1.5
#: The smallest weight of the window, relative to its centre: 11 pixels, as in the paper.
_LEAST_WEIGHT: Final = 0.003
#: The constants of the paper, for values from 0 to 255.
_C1: Final = (0.01 * 255) ** 2
_C2: Final = (0.03 * 255) ** 2
#: The background under transparent pixels of both pictures.
_WHITE: Final = [255, 255, 255]
#: Pixels by which the sides of two pictures may differ: encoders round sizes up or down.
_ROUNDING: Final = 2


def similarity(one: Path, other: Path) -> float | None:
    """The SSIM of two files, from -1 to 1; None if the sizes differ by more than rounding.

    The first frame of an animation is compared.

    Raises:
        pyvips.Error: a file cannot be decoded.
    """
    left, right = picture_luma(one), picture_luma(other)
    width, height = min(left.width, right.width), min(left.height, right.height)
    if max(left.width, right.width) - width > _ROUNDING or max(left.height, right.height) - height > _ROUNDING:
        return None
    return ssim(left.crop(0, 0, width, height), right.crop(0, 0, width, height))


def picture_luma(path: Path) -> Image:
    """The luma of a file in sRGB, on white."""
    picture = pyvips.Image.new_from_file(str(path))
    if picture.get_typeof("icc-profile-data"):
        picture = picture.icc_transform("srgb", embedded=True)
    picture = picture.colourspace("srgb")
    return luma(picture.flatten(background=_WHITE) if picture.hasalpha() else picture)


def luma(image: Image) -> Image:
    """Luma (ITU-R BT.601, as JPEG has it) as floats in memory."""
    bands = image[0] if image.bands < 3 else image[0] * 0.299 + image[1] * 0.587 + image[2] * 0.114
    return bands.cast("float").copy_memory()


def ssim(left: Image, right: Image) -> float:
    """The mean SSIM of two lumas of one size."""

    def blurred(image: Image) -> Image:
        return image.gaussblur(_SIGMA, min_ampl=_LEAST_WEIGHT, precision="float")

    mean_l, mean_r = blurred(left), blurred(right)
    var_l = blurred(left * left) - mean_l * mean_l
    var_r = blurred(right * right) - mean_r * mean_r
    both = blurred(left * right) - mean_l * mean_r
    similar = ((mean_l * mean_r * 2 + _C1) * (both * 2 + _C2)) / (
        (mean_l * mean_l + mean_r * mean_r + _C1) * (var_l + var_r + _C2)
    )
    return float(similar.avg())
