"""The images of a sample are made by both recipes on this machine, and compared with their originals."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image
from pixelfleet.domain.rollout_sample import SampledImage, SampledRecipe, SampledVariant
from pixelfleet.errors import SetupError
from pixelfleet.images.comparison import Pair, similarities
from pixelfleet.operations.rollout.journal import RolloutJournal
from pixelfleet.operations.rollout.order import RolloutOrder
from pixelfleet.operations.trial_rendering import TrialLimits, fetch_original, problem_of
from pixelfleet.recipes import Recipe
from pixelfleet.recipes.lossless import lossless_twin

if TYPE_CHECKING:
    from pixelfleet.images.supervisor import RenderOutcome, RenderSupervisor

#: Seconds for one recipe of one image, and for the comparison of its variants.
SECONDS: Final = 120.0

#: The folders of one image: the variants by the old recipe, by the new one, and their lossless twins.
OLDER: Final = "older"
NEWER: Final = "newer"
_TWINS: Final = "-twin"


class SampleRenderer:
    """Renders and compares images, one after another, in children with the limits of the bulk lane."""

    def __init__(self, deployment: Deployment, order: RolloutOrder, supervisor: "RenderSupervisor") -> None:
        self._deployment = deployment
        self._order = order
        self._limits = TrialLimits.of(deployment.settings, SECONDS)
        self._supervisor = supervisor

    def of_image(self, image: Image, folder: Path) -> SampledImage:
        """The results of both recipes; the files stay in `folder`.

        Raises:
            TransientError: S3 does not answer.
        """
        of = {
            "image_id": image.image_id,
            "path": image.path,
            "owner": image.owner,
            "format": image.format or "unknown",
            "bytes": image.bytes or 0,
        }
        try:
            fetch_original(self._deployment, image, folder / "original", self._limits.limits.max_bytes)
        except SetupError as error:
            return SampledImage.model_validate(of | {"skipped": str(error)})
        outcomes = {name: self._rendered(recipe, folder, name) for name, recipe in self._recipes.items()}
        pairs: dict[Path, Pair] = {}
        for name, recipe in self._recipes.items():
            pairs |= self._pairs(recipe, outcomes[name], folder, name)
        scores = similarities(list(pairs.values()), self._limits.memory, SECONDS)
        by_path = dict(zip(pairs, scores, strict=True))
        return SampledImage.model_validate(of | {name: _sampled(one, by_path) for name, one in outcomes.items()})

    @property
    def _recipes(self) -> dict[str, Recipe]:
        return {OLDER: self._order.older, NEWER: self._order.newer}

    def _rendered(self, recipe: Recipe, folder: Path, name: str) -> "RenderOutcome":
        results = folder / name
        results.mkdir()
        return self._supervisor.render(folder / "original", recipe, self._limits.limits, results, self._limits.share)

    def _pairs(self, recipe: Recipe, outcome: "RenderOutcome", folder: Path, name: str) -> dict[Path, Pair]:
        """Each variant with the original at its size, by the path of the variant; tiles and copies are left out."""
        twin = lossless_twin(recipe)
        if outcome.rendition is None or twin is None:
            return {}
        made = self._rendered(twin, folder, f"{name}{_TWINS}").rendition
        twins = {variant.name: variant.path for variant in made.variants} if made is not None else {}
        compared = (one for one in outcome.rendition.variants if one.name in twins and one.files == 1)
        return {variant.path: (twins[variant.name], variant.path) for variant in compared}


def _sampled(outcome: "RenderOutcome", scores: Mapping[Path, float | None]) -> SampledRecipe:
    if outcome.rendition is None:
        return SampledRecipe(problem=problem_of(outcome))
    variants = tuple(
        SampledVariant(
            name=variant.name,
            file=variant.path.name,
            format=variant.format,
            width=variant.width,
            height=variant.height,
            bytes=variant.bytes,
            files=variant.files,
            ssim=scores.get(variant.path),
        )
        for variant in outcome.rendition.variants
    )
    return SampledRecipe(cpu_ms=outcome.cpu_ms, variants=variants)


def render_sample(
    deployment: Deployment,
    order: RolloutOrder,
    journal: RolloutJournal,
    chosen: Sequence[str],
    progress: Callable[[str], None],
) -> list[SampledImage]:
    """The images of the sample; those that the journal has are not made again.

    Raises:
        SetupError: the libraries of the worker are not installed.
        TransientError: S3 or DynamoDB does not answer; what is made so far is in the journal.
    """
    done = journal.sampled()
    left = [image_id for image_id in chosen if image_id not in done]
    records = deployment.images.get_many(left)
    limits = TrialLimits.of(deployment.settings, SECONDS)
    with limits.supervisor("a rollout") as supervisor:
        renderer = SampleRenderer(deployment, order, supervisor)
        for number, image_id in enumerate(left, len(chosen) - len(left) + 1):
            progress(f"making the sample by both recipes: {number:,} of {len(chosen):,}")
            if image_id not in records:
                continue
            with tempfile.TemporaryDirectory(
                prefix="pixelfleet-rollout-", dir=deployment.settings.scratch_dir
            ) as folder:
                done[image_id] = renderer.of_image(records[image_id], Path(folder))
            journal.add_sampled(done[image_id])
    return [done[image_id] for image_id in chosen if image_id in done]
