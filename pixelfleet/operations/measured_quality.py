"""Scores of variants whose records have none: each is compared with the same pixels before the encode.

The original is rendered again by the recipe of its record, without loss, and the stored file is decoded. Both happen in
a child process with the limits of the heavy lane. This process reads only pixels that the child wrote.
"""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from pixelfleet.aws.objects import ObjectGoneError, ObjectVersion
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Image, StoredVariant
from pixelfleet.domain.scores import Score
from pixelfleet.errors import PixelfleetError
from pixelfleet.extras import check_extra
from pixelfleet.images.limits import Limits
from pixelfleet.images.machine_memory import machine_memory
from pixelfleet.operations.quality import VariantScore, score_of
from pixelfleet.operations.recipe_registry import recipe_of
from pixelfleet.recipes import Metadata, Metric, OutputFormat, Recipe, Variant

#: Formats that lose something.
_LOSSY: Final = frozenset({"jpeg", "webp", "avif", "jxl"})
_WHITE: Final = "#ffffff"


@dataclass(slots=True)
class SampleOfImages:
    """At most `most` images without a score, of all that were offered. Ids are digests, so that any of them are as
    good as others, and the same batch has the same sample."""

    most: int
    images: list[tuple[str, Image]] = field(default_factory=list)

    def offer(self, image: Image) -> None:
        if any(is_measurable(variant) for variant in image.variants):
            self.images = heapq.nsmallest(
                self.most, [*self.images, (image.image_id, image)], key=lambda entry: entry[0]
            )

    def __iter__(self) -> Iterator[Image]:
        return (image for _, image in self.images)


def is_measurable(variant: StoredVariant) -> bool:
    """Whether a variant has no score in its record and could have one."""
    return variant.score is None and variant.ssimulacra2 is None and variant.files == 1 and variant.format in _LOSSY


class NotMeasuredError(PixelfleetError):
    """The variants of an image cannot be compared with its original."""


class QualityMeter:
    """Measures the variants of images, one image after the other."""

    def __init__(self, deployment: Deployment) -> None:
        """
        Raises:
            SetupError: the libraries of the worker are not installed.
        """
        check_extra("worker", "measuring scores")
        # The import is here, so that libvips is loaded only where something is measured.
        from pixelfleet.images.supervisor import RenderSupervisor  # noqa: PLC0415

        self._deployment = deployment
        lane = deployment.settings.lanes[Lane.HEAVY]
        self._limits = Limits(lane.max_bytes, lane.max_pixels, deployment.settings.max_frames)
        self._supervisor = RenderSupervisor(min(lane.memory, machine_memory()), lane.time_limit)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._supervisor.close()

    def scores(self, image: Image) -> list[VariantScore]:
        """The scores of the image's variants that have none in its record.

        Raises:
            NotMeasuredError: the original is gone, or is too large.
            RecipeError: the recipe is not stored.
            SetupError: the extra of the metric is not installed.
            ProcessingError: a file cannot be decoded, or S3 does not answer.
        """
        unscored = [variant for variant in image.variants if is_measurable(variant)]
        if image.revision_recipe is None or not unscored:
            return []
        recipe = recipe_of(self._deployment, image.revision_recipe)
        metric = metric_of(recipe)
        if metric is Metric.SSIMULACRA2:
            check_extra("ssimulacra2", "measuring SSIMULACRA2")
        with tempfile.TemporaryDirectory(
            prefix="pixelfleet-quality-", dir=self._deployment.settings.scratch_dir
        ) as scratch:
            folder = Path(scratch)
            pairs = list(_lossless(recipe, unscored))
            if not pairs:
                return []
            original = self._fetched(image, folder)
            before = self._rendered(
                original, recipe.model_copy(update={"variants": tuple(v for _, v in pairs)}), folder
            )
            return [
                score_of(image, stored, score)
                for (stored, variant), reference in zip(pairs, before, strict=True)
                if (score := _compared(metric, reference, self._decoded(stored, variant, folder))) is not None
            ]

    def _fetched(self, image: Image, folder: Path) -> Path:
        source = ObjectVersion(image.bucket, image.key, image.version_id, image.etag, image.bytes or 0)
        path = folder / "original"
        try:
            self._deployment.objects.fetch(source, path, self._limits.max_bytes)
        except ObjectGoneError:
            raise NotMeasuredError("the original is gone, or was replaced") from None
        return path

    def _rendered(self, source: Path, recipe: Recipe, folder: Path) -> list[Path]:
        outcome = self._supervisor.render(source, recipe, self._limits, folder)
        if outcome.rendition is None:
            raise outcome.error or NotMeasuredError(outcome.too_large or "the image was not rendered")
        return [variant.path for variant in outcome.rendition.variants]

    def _decoded(self, stored: StoredVariant, variant: Variant, folder: Path) -> Path:
        """The pixels of a stored file."""
        file = folder / "stored"
        self._deployment.objects.download_result(stored.key, file)
        shown = Variant(name=f"{variant.name}-stored", format=(OutputFormat.PNG,), icc=variant.icc)
        [decoded] = self._rendered(file, Recipe(name="decoded", variants=(shown,)), folder)
        return decoded


def metric_of(recipe: Recipe) -> Metric:
    """The metric by which variants of a recipe are measured: that of its first target, so that the scores of a batch
    can be compared; SSIM for a recipe without a target."""
    targets = (variant.quality_target for variant in recipe.variants)
    return next((target.metric for target in targets if target is not None), Metric.SSIM)


def _compared(metric: Metric, reference: Path, decoded: Path) -> Score | None:
    """None for a picture without room for a window of the score."""
    from pixelfleet.images.quality.simulacra import simulacra, simulacra_sample  # noqa: PLC0415
    from pixelfleet.images.quality.ssim import WINDOW, ssim  # noqa: PLC0415
    from pixelfleet.images.vips import pyvips, ready  # noqa: PLC0415

    ready()
    before, after = (pyvips.Image.new_from_file(str(path)) for path in (reference, decoded))
    size = before.width, before.height
    if size != (after.width, after.height) or min(size) < WINDOW:
        return None
    if metric is Metric.SSIM:
        return Score(metric, round(ssim(before, after), 4))
    return Score(metric, round(simulacra(simulacra_sample(before), simulacra_sample(after)), 2))


def _lossless(recipe: Recipe, unscored: Iterable[StoredVariant]) -> Iterator[tuple[StoredVariant, Variant]]:
    """The stored variants that the recipe still has, each with the variant that writes the same pixels as PNG."""
    by_name = {variant.name: variant for variant in recipe.variants}
    for number, stored in enumerate(unscored):
        variant = by_name.get(stored.name)
        if variant is None or variant.copies or variant.depth > 8:
            continue
        # JPEG has no alpha: its transparent parts lie on a background.
        flat = {"background": variant.background or _WHITE} if stored.format == "jpeg" else {}
        same = {"name": f"v{number}", "formats": (OutputFormat.PNG,), "quality": None, "lossless": False, **flat}
        # A lazy variant that was requested is stored, too.
        same |= {"lazy": False, "never_larger": False, "metadata": Metadata.STRIP}
        yield stored, variant.model_copy(update=same)
