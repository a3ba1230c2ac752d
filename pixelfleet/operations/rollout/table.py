"""The figures of a sample: bytes, CPU, cost and SSIM of each recipe, for the images that both recipes make."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from pixelfleet.domain.rollout_sample import SampledImage, SampledRecipe, compared, is_bad, ratio_of
from pixelfleet.forecast import EVERY_IMAGE_MS, STORAGE, Work, cost, load_prices

#: A cost that a rollout does not have: the originals are there.
_ORIGINALS = "S3 PUT, originals"


@dataclass(frozen=True, slots=True)
class RecipeFigures:
    """Means for one image: bytes of results, milliseconds of one core, SSIM, with the lowest of all variants.

    `once` and `month` are US dollars to make all images of the rollout, and to store their results for a month.
    """

    bytes: float
    cpu_ms: float
    ssim: float | None
    lowest: float | None
    once: float
    month: float


@dataclass(frozen=True, slots=True)
class SampleTable:
    """`images` were compared; `failures` and `outliers` are bad; `ratio` is new bytes for an old byte."""

    sampled: int
    images: int
    skipped: int
    failures: int
    outliers: int
    ratio: float
    older: RecipeFigures | None
    newer: RecipeFigures | None

    @property
    def bad(self) -> int:
        return self.failures + self.outliers


def table_of(sample: Sequence[SampledImage], images: int) -> SampleTable:
    """The figures of a sample, for a rollout to so many images."""
    both = compared(sample)
    ratio = ratio_of(sample)
    failures = sum(image.is_failure for image in sample)
    return SampleTable(
        sampled=len(sample),
        images=len(both),
        skipped=sum(image.skipped is not None for image in sample),
        failures=failures,
        outliers=sum(is_bad(image, ratio) for image in sample) - failures,
        ratio=ratio,
        older=_figures([image.older for image in both], images),
        newer=_figures([image.newer for image in both], images),
    )


def _figures(made: Sequence[SampledRecipe], images: int) -> RecipeFigures | None:
    if not made:
        return None
    size, cpu = fmean(one.bytes for one in made), fmean(one.cpu_ms for one in made)
    outputs = fmean(sum(variant.files for variant in one.variants) for one in made)
    scores = [variant.ssim for one in made for variant in one.variants if variant.ssim is not None]
    work = Work(images, 0, size * images, round(outputs * images), (cpu + EVERY_IMAGE_MS) * images)
    positions = cost(work, load_prices())
    month = positions.pop(STORAGE)
    positions.pop(_ORIGINALS)
    return RecipeFigures(
        bytes=size,
        cpu_ms=cpu,
        ssim=fmean(scores) if scores else None,
        lowest=min(scores, default=None),
        once=sum(positions.values()),
        month=month,
    )
