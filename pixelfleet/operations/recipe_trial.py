"""The trial of a recipe before it is stored: one image is rendered by a draft and by another recipe. Nothing is kept.

The decoder runs in a child process within the limits of the bulk lane, of this machine's memory, and of `SECONDS`. One
process carries out one trial at a time, so that nobody can stall the dashboard.
"""

import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image
from pixelfleet.errors import PixelfleetError, SetupError
from pixelfleet.extras import check_extra
from pixelfleet.images.limits import LaneShare
from pixelfleet.operations.trial_rendering import TrialLimits, fetch_original, lower_priority, problem_of
from pixelfleet.operations.trial_results import Trial, TriedRecipe, TriedVariant
from pixelfleet.recipes import Recipe, needed_extras
from pixelfleet.recipes.lazy import lazy_variants

if TYPE_CHECKING:
    from pixelfleet.images.rendition import RenderedVariant, Rendition
    from pixelfleet.images.supervisor import RenderSupervisor

#: Seconds for one recipe. Two of them, and the fetch, end before CloudFront's 60 seconds for an answer.
SECONDS: Final = 15.0
#: Bytes of an uploaded sample.
MOST_SAMPLE: Final = 12_000_000
#: Bytes of the pictures of one recipe that an answer carries. Of further variants it carries only the sizes.
MOST_PICTURES: Final = 6_000_000
_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/avif", "image/gif"})


class BusyError(PixelfleetError):
    """Another trial is under way in this process."""


class Trials:
    """Carries out trials, one at a time."""

    def __init__(self, deployment: Deployment, clock: Callable[[], float] = time.monotonic) -> None:
        self._deployment = deployment
        self._clock = clock
        self._place = threading.Lock()

    def of_image(self, image: Image, draft: Recipe, current: Recipe | None) -> Trial:
        """Try a draft on the original of an image.

        Raises:
            BusyError: another trial is under way.
            SetupError: the original is gone or too large, or no image that a decoder reads.
            TransientError: S3 does not answer.
        """
        most = self._limits.limits.max_bytes
        return self._of(lambda path: fetch_original(self._deployment, image, path, most), draft, current)

    def of_sample(self, content: bytes, draft: Recipe, current: Recipe | None) -> Trial:
        """Try a draft on the content of a file.

        Raises:
            BusyError, SetupError: as `of_image`.
        """

        def fill(path: Path) -> None:
            path.write_bytes(content)

        return self._of(fill, draft, current)

    def _of(self, fill: Callable[[Path], None], draft: Recipe, current: Recipe | None) -> Trial:
        if not self._place.acquire(blocking=False):
            raise BusyError("another recipe is being tried; try again in a few seconds")
        with ExitStack() as stack:
            stack.callback(self._place.release)
            folder = Path(
                stack.enter_context(
                    tempfile.TemporaryDirectory(prefix="pixelfleet-trial-", dir=self._deployment.settings.scratch_dir)
                )
            )
            fill(folder / "original")
            for recipe in filter(None, (draft, current)):
                for extra, use in needed_extras(recipe).items():
                    check_extra(extra, f"trying a recipe that {use}")
            supervisor = stack.enter_context(self._limits.supervisor("trying a recipe"))
            return self._compared(supervisor, folder, draft, current)

    def _compared(self, supervisor: "RenderSupervisor", folder: Path, draft: Recipe, current: Recipe | None) -> Trial:
        source = folder / "original"
        # The child starts, and the file comes into the page cache, before anything is timed.
        header = supervisor.render(source, draft, self._limits.limits, folder, LaneShare(0, 0))
        if header.probe is None:
            raise SetupError(f"this image cannot be tried: {problem_of(header)}")
        lower_priority(supervisor.pid)
        before = self._tried(supervisor, folder, current, "current") if current is not None else None
        after = self._tried(supervisor, folder, draft, "draft")
        probe = header.probe
        return Trial(
            format=probe.format,
            width=probe.width,
            height=probe.height,
            bytes=source.stat().st_size,
            draft=after,
            current=before,
        )

    def _tried(self, supervisor: "RenderSupervisor", folder: Path, recipe: Recipe, name: str) -> TriedRecipe:
        results = folder / name
        results.mkdir()
        began = self._clock()
        outcome = supervisor.render(folder / "original", recipe, self._limits.limits, results, self._limits.share)
        milliseconds = round((self._clock() - began) * 1000)
        made = outcome.rendition
        return TriedRecipe(
            name=recipe.name,
            digest=recipe.digest,
            milliseconds=milliseconds,
            problem=problem_of(outcome) if made is None else None,
            variants=_variants(made) if made is not None else (),
            lazy=tuple(variant.name for variant in lazy_variants(recipe)),
        )

    @property
    def _limits(self) -> TrialLimits:
        return TrialLimits.of(self._deployment.settings, SECONDS)


def _variants(rendition: "Rendition") -> tuple[TriedVariant, ...]:
    left, tried = MOST_PICTURES, []
    for variant in rendition.variants:
        shown = variant.content_type in _PICTURES and variant.files == 1 and variant.bytes <= left
        left -= variant.bytes if shown else 0
        tried.append(_variant(variant, variant.path.read_bytes() if shown else None))
    return tuple(tried)


def _variant(variant: "RenderedVariant", picture: bytes | None) -> TriedVariant:
    return TriedVariant(
        name=variant.name,
        format=variant.format,
        content_type=variant.content_type,
        width=variant.width,
        height=variant.height,
        bytes=variant.bytes,
        files=variant.files,
        picture=picture,
    )
