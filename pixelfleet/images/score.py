"""How much a variant looks like its original: SSIM of the luma, against the original scaled to the variant's size."""

from pathlib import Path
from typing import Final

from pixelfleet.images.base import Take, make_base
from pixelfleet.images.limits import Limits
from pixelfleet.images.open import Reading, format_of, guarded
from pixelfleet.images.probe import Probe, probe
from pixelfleet.images.vips import Image

#: Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004: K1, K2 and L of
#: section III.B, and the Gaussian window of section III.C.
_C1: Final = (0.01 * 255) ** 2
_C2: Final = (0.03 * 255) ** 2
_SIGMA: Final = 1.5
#: Red, green and blue in luma (ITU-R BT.601, as JPEG has it).
_LUMA: Final = (0.299, 0.587, 0.114)
#: Transparent parts are compared on white.
_WHITE: Final = 255


def score(source: Path, header: Probe, variant: Path, limits: Limits) -> float:
    """The mean SSIM, from -1 to 1; 1 for equal pictures. The first frames or pages are compared.

    Args:
        source: the original, and `header` its probe.
        variant: a picture of the whole original that is no larger than the original.
        limits: the limits of the variant's file.

    Raises:
        PermanentError: a file is damaged, or beyond a limit.
        TransientError: memory or disk ran out.
    """
    other = probe(variant, limits)
    size = min(other.width, header.width), min(other.height, header.height)
    return ssim(_luma(source, header, size), _luma(variant, other, size))


def ssim(left: Image, right: Image) -> float:
    """The mean SSIM of two pictures of one band and of equal size."""
    mean_left, mean_right = _blurred(left), _blurred(right)
    spread_left = _blurred(left * left) - mean_left * mean_left
    spread_right = _blurred(right * right) - mean_right * mean_right
    both = _blurred(left * right) - mean_left * mean_right
    likeness = ((mean_left * mean_right * 2 + _C1) * (both * 2 + _C2)) / (
        (mean_left * mean_left + mean_right * mean_right + _C1) * (spread_left + spread_right + _C2)
    )
    return float(likeness.avg())


def _blurred(image: Image) -> Image:
    return image.gaussblur(_SIGMA, precision="float")


def _luma(path: Path, header: Probe, size: tuple[int, int]) -> Image:
    """The picture in memory, as floats."""
    with guarded(path, header.format):
        [frame] = make_base(path, header, format_of(path), Take(), size, Reading()).frames
        if frame.hasalpha():
            frame = frame.flatten(background=[_WHITE] * (frame.bands - 1))
        bands = frame[0] if frame.bands < 3 else sum(frame[band] * share for band, share in enumerate(_LUMA))
        return bands.cast("float").copy_memory()
