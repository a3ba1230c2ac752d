"""The sample of a rollout: the results of both recipes for each image, and the order from the worst image on. Pure."""

from collections.abc import Iterable, Sequence
from statistics import median

from pydantic import BaseModel, ConfigDict

from pixelfleet.domain.rollout import OUTLIER_SSIM, is_outlier


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SampledVariant(_Part):
    """One file. `ssim` compares it with the original scaled to its size; None for tiles and copies."""

    name: str
    file: str
    format: str
    width: int
    height: int
    bytes: int
    files: int = 1
    ssim: float | None = None


class SampledRecipe(_Part):
    """The results of one recipe for an image; `problem` says why there are none."""

    cpu_ms: int = 0
    variants: tuple[SampledVariant, ...] = ()
    problem: str | None = None

    @property
    def bytes(self) -> int:
        return sum(variant.bytes for variant in self.variants)

    @property
    def worst_ssim(self) -> float | None:
        return min((variant.ssim for variant in self.variants if variant.ssim is not None), default=None)


class SampledImage(_Part):
    """One image of the sample. `skipped`: the reason why neither recipe was tried on this machine."""

    image_id: str
    path: str
    owner: str
    format: str
    bytes: int
    older: SampledRecipe = SampledRecipe()
    newer: SampledRecipe = SampledRecipe()
    skipped: str | None = None

    @property
    def is_failure(self) -> bool:
        """Whether the new recipe makes nothing of an image of which the old recipe makes something."""
        return self.newer.problem is not None and self.older.problem is None

    @property
    def lost(self) -> float:
        """The SSIM that the worst variant loses by the new recipe; negative if the variant gains. 0 if unknown."""
        before, after = self.older.worst_ssim, self.newer.worst_ssim
        return before - after if before is not None and after is not None else 0.0


def compared(images: Iterable[SampledImage]) -> list[SampledImage]:
    """The images of which both recipes make something."""
    return [
        image
        for image in images
        if image.skipped is None and image.newer.problem is None and image.older.problem is None
    ]


def ratio_of(images: Iterable[SampledImage]) -> float:
    """The median of new bytes for one old byte; 1 without an image to compare."""
    ratios = [image.newer.bytes / image.older.bytes for image in compared(images) if image.older.bytes]
    return median(ratios) if ratios else 1.0


def is_bad(image: SampledImage, ratio: float) -> bool:
    """Whether an image is a failure or an outlier: it loses quality, or weighs far from what the sample expects."""
    if image.is_failure:
        return True
    both = image.skipped is None and image.older.problem is None and image.newer.problem is None
    return both and (image.lost > OUTLIER_SSIM or is_outlier(image.older.bytes, image.newer.bytes, ratio))


def worst_first(images: Sequence[SampledImage]) -> list[SampledImage]:
    """Failures, then the largest loss of SSIM, then the lowest new SSIM; skipped images are left out."""
    tried = [image for image in images if image.skipped is None]
    return sorted(tried, key=lambda image: (not image.is_failure, -image.lost, _lowest(image), image.image_id))


def _lowest(image: SampledImage) -> float:
    lowest = image.newer.worst_ssim
    return lowest if lowest is not None else 1.0
