"""Chooses the setting of the encoder for a variant whose quality is a target."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pixelfleet.images.encode import decoded_again
from pixelfleet.images.jpegxl_output import distance_of
from pixelfleet.images.quality.sample import sample_of
from pixelfleet.images.quality.search import Curve, lowest_that_reaches
from pixelfleet.images.quality.simulacra import simulacra, simulacra_sample
from pixelfleet.images.quality.ssim import WINDOW, Reference
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Metric, OutputFormat, Variant


def _jpeg_step(setting: int) -> float:
    """The factor of the quantisation tables (libjpeg, jpeg_quality_scaling). Below 1, tables are of ones."""
    return 5_000 / setting if setting < 50 else max(200 - 2 * setting, 1)


def _webp_step(setting: int) -> float:
    """The step of the coarsest segment (libwebp, QualityToCompression)."""
    share = setting / 100
    linear = share * 2 / 3 if share < 0.75 else 2 * share - 1
    return max(1 - math.pow(linear, 1 / 3), 0.005)


def _avif_step(setting: int) -> float:
    """AV1's steps grow about exponentially with its quantiser, of which libheif takes a linear part of the setting."""
    return math.exp(-setting / 10)


def _jxl_step(setting: int) -> float:
    """libjxl's distance, in proportion to which it quantises."""
    return max(distance_of(setting), 0.1)


#: The geometric means of the losses of 24 photographs, for JPEG XL of 16 (docs/decisions/quality.md). The scale of a
#: search ends at 1.
_USUAL: Final = {
    (OutputFormat.JPEG, Metric.SSIM): Curve(80, 0.980, 0.64, _jpeg_step),
    (OutputFormat.WEBP, Metric.SSIM): Curve(80, 0.977, 0.70, _webp_step),
    (OutputFormat.AVIF, Metric.SSIM): Curve(65, 0.978, 0.29, _avif_step),
    (OutputFormat.JPEG, Metric.SSIMULACRA2): Curve(80, 0.79, 0.75, _jpeg_step),
    (OutputFormat.WEBP, Metric.SSIMULACRA2): Curve(80, 0.73, 0.58, _webp_step),
    (OutputFormat.AVIF, Metric.SSIMULACRA2): Curve(65, 0.78, 0.25, _avif_step),
    (OutputFormat.JXL, Metric.SSIM): Curve(80, 0.977, 0.72, _jxl_step),
    (OutputFormat.JXL, Metric.SSIMULACRA2): Curve(80, 0.815, 0.69, _jxl_step),
}
#: Every second window along rows and columns: neighbours share nearly all of their pixels.
_STEP: Final = 2
#: Scores of a search are from 0 to 1; those of SSIMULACRA2 are up to 100.
_SCALE: Final = {Metric.SSIM: 1, Metric.SSIMULACRA2: 100}


@dataclass(frozen=True, slots=True)
class Aimed:
    """The variant with the chosen setting, and the score of that setting by the metric of the target; None where
    nothing can be measured."""

    variant: Variant
    score: float | None = None


def aimed(image: Image, variant: Variant) -> Aimed:
    """The variant with the lowest setting that reaches its target on a sample of `image`, else with the highest.

    The variant's format is settled. A picture that is smaller than a window of the score gets the highest setting.
    """
    target = variant.quality_target
    if target is None:
        return Aimed(variant)
    score = (_by_ssim if target.metric is Metric.SSIM else _by_simulacra)(image, variant)
    if score is None:
        return Aimed(variant.with_setting(target.most))
    scale, usual = _SCALE[target.metric], _USUAL[variant.format, target.metric]
    best = lowest_that_reaches(target.target / scale, target.least, target.most, usual, score)
    return Aimed(variant.with_setting(best.setting), best.score * scale)


def _by_ssim(image: Image, variant: Variant) -> Callable[[int], float] | None:
    """The score of a setting; None for a picture without room for a window of the score."""
    sample = sample_of(image)
    if sample is None:
        return None
    reference = Reference(sample.pieces(sample.pixels), _STEP)

    def score(setting: int) -> float:
        return reference.score(sample.pieces(decoded_again(sample.pixels, variant.with_setting(setting))))

    return score


def _by_simulacra(image: Image, variant: Variant) -> Callable[[int], float] | None:
    """As `_by_ssim`, from 1 for equal pictures down to below 0."""
    if min(image.width, image.height) < WINDOW:
        return None
    sample = simulacra_sample(image)
    scale = _SCALE[Metric.SSIMULACRA2]
    return lambda setting: simulacra(sample, decoded_again(sample, variant.with_setting(setting))) / scale
