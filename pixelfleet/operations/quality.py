"""The scores of a batch's variants, and the least score that a batch asks for."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Batch, Image, StoredVariant
from pixelfleet.domain.scores import as_ssim, as_stored_score
from pixelfleet.errors import SetupError
from pixelfleet.operations.batches import batch_with_counts
from pixelfleet.recipes import Recipe

#: Variants that are kept as the lowest of a batch, unless the caller asks for another number.
LOWEST: Final = 20


@dataclass(frozen=True, slots=True, order=True)
class VariantScore:
    """The score of one variant of an image, SSIM from 0 to 1; `quality` is the setting, if one was searched."""

    ssim: float
    path: str
    variant: str
    image_id: str
    quality: int | None = field(compare=False)


@dataclass(slots=True)
class VariantSummary:
    """The scores of all variants of one name."""

    count: int = 0
    lowest: float = 1.0
    total: float = 0.0

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0

    def add(self, ssim: float) -> None:
        self.count += 1
        self.lowest = min(self.lowest, ssim)
        self.total += ssim


@dataclass(slots=True)
class BatchScores:
    """`images` were read, of which `scored` have a score in their record, and `measured` were measured.

    `lowest` are the lowest scores, the lowest first.
    """

    images: int = 0
    scored: int = 0
    measured: int = 0
    by_variant: dict[str, VariantSummary] = field(default_factory=dict)
    lowest: list[VariantScore] = field(default_factory=list)

    def add(self, scores: Iterable[VariantScore], most: int = LOWEST) -> None:
        """Count one image with its scores. `most` scores are kept."""
        scores = list(scores)
        self.images += 1
        self.scored += bool(scores)
        self._take(scores, most)

    def add_measured(self, scores: Iterable[VariantScore], most: int = LOWEST) -> None:
        """Add the scores of an image that was counted before."""
        self.measured += 1
        self._take(list(scores), most)

    def _take(self, scores: list[VariantScore], most: int) -> None:
        for score in scores:
            self.by_variant.setdefault(score.variant, VariantSummary()).add(score.ssim)
        self.lowest = heapq.nsmallest(most, [*self.lowest, *scores])

    def lowest_images(self, most: int = LOWEST) -> list[str]:
        """The ids of the images of the lowest scores, each once."""
        return list(dict.fromkeys(score.image_id for score in self.lowest))[:most]


def recorded_scores(image: Image) -> Iterator[VariantScore]:
    """The scores that the record of an image has."""
    for variant in image.variants:
        ssim = as_ssim(variant.score)
        if ssim is not None:
            yield score_of(image, variant, ssim)


def score_of(image: Image, variant: StoredVariant, ssim: float) -> VariantScore:
    return VariantScore(ssim, image.path, variant.name, image.image_id, variant.quality)


def set_gate(deployment: Deployment, owner: str, name: str, min_score: float | None) -> Batch:
    """Set the least score of a batch, or remove it. Workers read it again within a minute.

    Raises:
        SetupError: there is no such batch.
        TransientError: DynamoDB does not answer.
    """
    deployment.batches.set_min_score(owner, name, as_stored_score(min_score))
    return batch_with_counts(deployment, owner, name)[0]


def check_scored(recipe: Recipe | None) -> None:
    """
    Raises:
        SetupError: no variant that the upload makes gets a score, so that a least score would never be compared.
    """
    if recipe is None:
        raise SetupError("--min-score needs --recipe: only variants whose quality has a target get a score")
    # A lazy variant is made when the image is ready, and cannot fail the image.
    if all(variant.quality_target is None or variant.lazy for variant in recipe.variants):
        raise SetupError(
            f"no variant of recipe {recipe.name!r} gets a score at the upload: give one that is not lazy "
            "quality = { target = 0.96 }, or leave --min-score out"
        )
