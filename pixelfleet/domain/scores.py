"""Scores of quality in records: whole ten-thousandths of SSIM, because numbers of the catalog are whole."""

from collections.abc import Iterable
from typing import Final, Protocol

from pixelfleet.errors import Cause, PermanentError

UNIT: Final = 10_000


class Scored(Protocol):
    """A variant, as the engine describes it."""

    @property
    def name(self) -> str: ...
    @property
    def quality(self) -> int | None: ...
    @property
    def ssim(self) -> float | None: ...


def check_scores(variants: Iterable[Scored], min_score: int | None) -> None:
    """
    Raises:
        PermanentError: `below_quality`, a variant that has a score scores less than `min_score`.
    """
    for variant in variants:
        score = as_stored_score(variant.ssim)
        if min_score is not None and score is not None and score < min_score:
            setting = f"at setting {variant.quality}" if variant.quality is not None else "without a setting"
            raise PermanentError(
                Cause.BELOW_QUALITY,
                f"variant {variant.name!r} scores {as_ssim(score):.4f} {setting}, less than the "
                f"{as_ssim(min_score):.4f} that its batch asks for: raise max in the recipe, or lower the score with "
                "`pixelfleet batch gate`, then redrive the image",
            )


def as_stored_score(ssim: float | None) -> int | None:
    """A score from 0 to 1 as records keep it."""
    return None if ssim is None else round(ssim * UNIT)


def as_ssim(score: int | None) -> float | None:
    """The score of a record as a number from 0 to 1."""
    return None if score is None else score / UNIT
