"""The scores of a batch's variants, and the least score that a batch asks for."""

import heapq
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Batch, Image, StoredVariant
from pixelfleet.domain.scores import Score, least_score
from pixelfleet.errors import SetupError
from pixelfleet.operations.batches import batch_with_counts
from pixelfleet.recipes import SCALES, Metric, Recipe

#: Variants that are kept as the lowest of a batch, unless the caller asks for another number.
LOWEST: Final = 20


@dataclass(frozen=True, slots=True, order=True)
class VariantScore:
    """The score of one variant of an image; `quality` is the setting, if one was searched."""

    score: Score
    path: str
    variant: str
    image_id: str
    quality: int | None = field(compare=False)


@dataclass(slots=True)
class VariantSummary:
    """The scores of all variants of one name, by one metric."""

    count: int = 0
    lowest: float = math.inf
    total: float = 0.0

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0

    def add(self, score: float) -> None:
        self.count += 1
        self.lowest = min(self.lowest, score)
        self.total += score


@dataclass(slots=True)
class MetricScores:
    """The scores of a batch by one metric; `lowest` are the lowest, the lowest first."""

    by_variant: dict[str, VariantSummary] = field(default_factory=dict)
    lowest: list[VariantScore] = field(default_factory=list)


@dataclass(slots=True)
class BatchScores:
    """`images` were read, of which `scored` have a score in their record, and `measured` were measured.

    `by_metric` has the metrics of which there is a score. Scores of two metrics are never compared.
    """

    images: int = 0
    scored: int = 0
    measured: int = 0
    by_metric: dict[Metric, MetricScores] = field(default_factory=dict)

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
        for one in scores:
            of_metric = self.by_metric.setdefault(one.score.metric, MetricScores())
            of_metric.by_variant.setdefault(one.variant, VariantSummary()).add(one.score.value)
            of_metric.lowest = heapq.nsmallest(most, [*of_metric.lowest, one])

    def of_metric(self, metric: Metric) -> MetricScores:
        return self.by_metric.get(metric, MetricScores())

    def lowest_images(self, most: int = LOWEST) -> list[str]:
        """The ids of the images of the lowest scores by each metric, each once."""
        ids = (one.image_id for metric in Metric for one in self.of_metric(metric).lowest[:most])
        return list(dict.fromkeys(ids))


def recorded_scores(image: Image) -> Iterator[VariantScore]:
    """The scores that the record of an image has."""
    for variant in image.variants:
        score = Score.of_stored(variant.score, variant.ssimulacra2)
        if score is not None:
            yield score_of(image, variant, score)


def score_of(image: Image, variant: StoredVariant, score: Score) -> VariantScore:
    return VariantScore(score, image.path, variant.name, image.image_id, variant.quality)


def set_gate(deployment: Deployment, owner: str, name: str, min_score: float | None) -> Batch:
    """Set the least score of a batch, or remove it: SSIM up to 1, SSIMULACRA2 from 30 on. Workers read it again within
    a minute.

    Raises:
        SetupError: there is no such batch, or the score is on no metric's scale.
        TransientError: DynamoDB does not answer.
    """
    deployment.batches.set_min_score(owner, name, least_score(min_score))
    return batch_with_counts(deployment, owner, name)[0]


def check_scored(recipe: Recipe | None, min_score: float) -> None:
    """
    Raises:
        SetupError: no variant that the upload makes gets a score by the metric of `min_score`, so that the least score
            would never be compared; or `min_score` is on no metric's scale.
    """
    least = least_score(min_score)
    if recipe is None:
        raise SetupError("--min-score needs --recipe: only variants whose quality has a target get a score")
    # A lazy variant is made when the image is ready, and cannot fail the image.
    made = (variant.quality_target for variant in recipe.variants if not variant.lazy)
    metrics = {target.metric for target in made if target is not None}
    if least is not None and least.metric not in metrics:
        usual, metric = SCALES[least.metric].usual, least.metric.value
        other = f" ({least} is compared with no score of {', '.join(sorted(metrics))})" if metrics else ""
        raise SetupError(
            f"no variant of recipe {recipe.name!r} gets a score by {metric} at the upload{other}: give one that is not "
            f'lazy quality = {{ target = {usual:g}, metric = "{metric}" }}, or leave --min-score out'
        )
