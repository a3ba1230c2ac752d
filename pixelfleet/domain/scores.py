"""Scores of quality by their metric. Records have whole numbers: ten-thousandths of SSIM, hundredths of SSIMULACRA2."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol, Self

from pixelfleet.errors import Cause, PermanentError, SetupError
from pixelfleet.recipes import SCALES, Metric

_UNITS: Final = {Metric.SSIM: 10_000, Metric.SSIMULACRA2: 100}
_PLACES: Final = {Metric.SSIM: 4, Metric.SSIMULACRA2: 2}


@dataclass(frozen=True, slots=True, order=True)
class Score:
    """A score and its metric. Only scores of one metric may be compared."""

    metric: Metric
    value: float

    @property
    def number(self) -> str:
        """The score with as many places as records have."""
        return f"{self.value:.{_PLACES[self.metric]}f}"

    def __str__(self) -> str:
        return f"{self.metric.label} {self.number}"

    @property
    def stored(self) -> int:
        """The score as records have it."""
        return round(self.value * _UNITS[self.metric])

    @classmethod
    def of_stored(cls, score: int | None, ssimulacra2: int | None) -> Self | None:
        """The score of a record, which has one by one of the metrics, or none."""
        if score is not None:
            return cls(Metric.SSIM, score / _UNITS[Metric.SSIM])
        if ssimulacra2 is not None:
            return cls(Metric.SSIMULACRA2, ssimulacra2 / _UNITS[Metric.SSIMULACRA2])
        return None


def least_score(value: float | None) -> Score | None:
    """The least score of a batch as people give it: up to 1 it is SSIM, from 30 on SSIMULACRA2.

    Raises:
        SetupError: the number is on neither scale.
    """
    if value is None:
        return None
    for metric, scale in SCALES.items():
        if scale.least <= value <= scale.most:
            return Score(metric, value)
    scales = " or ".join(f"{one.least:g} to {one.most:g} ({metric.label})" for metric, one in SCALES.items())
    raise SetupError(f"a least score is from {scales}, not {value:g}")


class Scored(Protocol):
    """A variant, as the engine describes it."""

    @property
    def name(self) -> str: ...
    @property
    def quality(self) -> int | None: ...
    @property
    def ssim(self) -> float | None: ...
    @property
    def ssimulacra2(self) -> float | None: ...


def score_of(variant: Scored) -> Score | None:
    """The score of a variant, rounded as records have it."""
    return Score.of_stored(as_stored_score(variant.ssim), as_stored_simulacra(variant.ssimulacra2))


def check_scores(variants: Iterable[Scored], least: Score | None) -> None:
    """
    Raises:
        PermanentError: `below_quality`, a variant that has a score of the metric of `least` scores less.
    """
    for variant in variants:
        score = score_of(variant)
        if least is not None and score is not None and score.metric is least.metric and score.stored < least.stored:
            setting = f"at setting {variant.quality}" if variant.quality is not None else "without a setting"
            raise PermanentError(
                Cause.BELOW_QUALITY,
                f"variant {variant.name!r} scores {score.number} {setting}, less than the "
                f"{least.number} ({least.metric.label}) that its batch asks for: raise max in the recipe, or lower the "
                "score with `pixelfleet batch gate`, then redrive the image",
            )


def as_stored_score(ssim: float | None) -> int | None:
    """SSIM as records have it."""
    return None if ssim is None else Score(Metric.SSIM, ssim).stored


def as_stored_simulacra(score: float | None) -> int | None:
    """SSIMULACRA2 as records have it."""
    return None if score is None else Score(Metric.SSIMULACRA2, score).stored


def as_ssim(score: int | None) -> float | None:
    """The SSIM of a record as a number from 0 to 1."""
    return None if score is None else score / _UNITS[Metric.SSIM]


def as_simulacra(score: int | None) -> float | None:
    """The SSIMULACRA2 of a record as a number up to 100."""
    return None if score is None else score / _UNITS[Metric.SSIMULACRA2]
