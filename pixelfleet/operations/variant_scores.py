"""The score of a variant: how much it looks like its original. Computed when somebody asks, by a decoder in a child.

Scores are not recorded: of a million images, somebody looks at a few. A result never changes under its key, so this
process keeps the scores that it computed by key. It computes one score at a time.
"""

import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pixelfleet import recipes
from pixelfleet.aws.objects import ObjectGoneError
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image, RecipeRef, StoredVariant
from pixelfleet.errors import RecipeError, SetupError
from pixelfleet.images.limits import LaneShare
from pixelfleet.operations import recipe_registry
from pixelfleet.operations.recipe_trial import BusyError
from pixelfleet.operations.trial_rendering import TrialLimits, fetch_original, lower_priority, problem_of
from pixelfleet.recipes import Recipe

#: Seconds for one score, of which a part is the start of the decoder.
SECONDS: Final = 15.0
#: Pixels of a variant that is compared in full, each of which takes some 30 bytes of the decoder's memory.
MOST_PIXELS: Final = 16_000_000
#: Scores that are kept; the score that was not asked for the longest time is dropped.
MOST_KEPT: Final = 10_000
#: Content types of files that are pictures, not documents or tiles.
_PICTURES: Final = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/avif", "image/jxl", "image/gif", "image/tiff"}
)


@dataclass(frozen=True, slots=True)
class VariantScore:
    """SSIM from -1 to 1, or the reason why there is none."""

    score: float | None
    reason: str | None = None


class VariantScores:
    """Scores of variants, one at a time. Safe for threads."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._place = threading.Lock()
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, VariantScore] = OrderedDict()

    def known(self, image: Image, variant: StoredVariant) -> VariantScore | None:
        """The score, if it is known without looking at pixels: it was computed before, or there is none."""
        if (reason := _not_comparable(image, variant)) is not None:
            return VariantScore(None, reason)
        with self._lock:
            kept = self._kept.get(variant.key)
            if kept is not None:
                self._kept.move_to_end(variant.key)
            return kept

    def of(self, image: Image, variant: StoredVariant, recipe: RecipeRef | None) -> VariantScore:
        """The score of a variant, which `recipe` made.

        Raises:
            BusyError: another score is being computed.
            SetupError: the original is gone or too large, or the decoder has no answer in time.
            TransientError: S3 or DynamoDB does not answer.
        """
        if (known := self.known(image, variant)) is not None:
            return known
        if not self._place.acquire(blocking=False):
            raise BusyError("another score is being computed; try again in a few seconds")
        try:
            computed = VariantScore(self._computed(image, variant, self._recipe(recipe)))
        finally:
            self._place.release()
        with self._lock:
            self._kept[variant.key] = computed
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return computed

    def _computed(self, image: Image, variant: StoredVariant, recipe: Recipe) -> float:
        allowed = TrialLimits.of(self._deployment.settings, SECONDS)
        with (
            tempfile.TemporaryDirectory(
                prefix="pixelfleet-score-", dir=self._deployment.settings.scratch_dir
            ) as folder,
            allowed.supervisor("computing a score") as supervisor,
        ):
            source, made = Path(folder, "original"), Path(folder, "variant")
            fetch_original(self._deployment, image, source, allowed.limits.max_bytes)
            self._fetch(variant, made, allowed.limits.max_bytes)
            # The child starts and reads a header.
            supervisor.render(source, recipe, allowed.limits, Path(folder), LaneShare(0, 0))
            lower_priority(supervisor.pid)
            outcome = supervisor.score(source, recipe, made, allowed.limits, allowed.share)
        if outcome.score is None:
            raise SetupError(f"the score cannot be computed: {problem_of(outcome)}")
        return outcome.score

    def _fetch(self, variant: StoredVariant, made: Path, most: int) -> None:
        if variant.bytes > most:
            raise SetupError(f"a score is computed for files of at most {most:,} bytes")
        try:
            opened = self._deployment.objects.open(self._deployment.settings.results_bucket, variant.key)
        except ObjectGoneError:
            raise SetupError("the variant is gone: load the page again") from None
        with made.open("wb") as file:
            file.writelines(opened.chunks)

    def _recipe(self, ref: RecipeRef | None) -> Recipe:
        """The recipe by which the original is opened; the built-in one if the text of the recipe is gone."""
        try:
            return recipe_registry.recipe_of(self._deployment, ref) if ref else recipes.builtin("web")
        except RecipeError:
            return recipes.builtin("web")


def _not_comparable(image: Image, variant: StoredVariant) -> str | None:
    if variant.files > 1 or variant.content_type not in _PICTURES:
        return "it is not one picture"
    if not image.width or not image.height:
        return "the size of the original is not known"
    if variant.width > image.width or variant.height > image.height:
        return "it is larger than the original"
    if variant.width * variant.height > MOST_PIXELS:
        return f"it has more than {MOST_PIXELS:,} pixels"
    # Each side is rounded to whole pixels.
    if abs(variant.width * image.height / image.width - variant.height) > 1 + image.height / image.width:
        return "it shows another crop than the original"
    return None
