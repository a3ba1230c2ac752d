"""How much a variant looks like its original: SSIM of the luma, against the original scaled to the variant's size."""

from pathlib import Path
from typing import Final

from pixelfleet.images.base import Take, make_base
from pixelfleet.images.limits import Limits
from pixelfleet.images.open import Reading, format_of, guarded
from pixelfleet.images.probe import Probe, probe
from pixelfleet.images.ssim import luma, ssim
from pixelfleet.images.vips import Image

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


def _luma(path: Path, header: Probe, size: tuple[int, int]) -> Image:
    """The picture in memory, as floats."""
    with guarded(path, header.format):
        [frame] = make_base(path, header, format_of(path), Take(), size, Reading()).frames
        return luma(frame.flatten(background=[_WHITE] * (frame.bands - 1)) if frame.hasalpha() else frame)
