"""The trial of a recipe before it is stored: one image is rendered by a draft and by another recipe. Nothing is kept.

The decoder runs in a child process within the limits of the bulk lane, of this machine's memory, and of `SECONDS`. One
process carries out one trial at a time, so that nobody can stall the dashboard.
"""

import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pixelfleet.aws.objects import ObjectGoneError, ObjectVersion
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Image
from pixelfleet.errors import PixelfleetError, SetupError
from pixelfleet.extras import check_extra
from pixelfleet.images.limits import LaneShare, Limits
from pixelfleet.images.machine_memory import machine_memory
from pixelfleet.recipes import Recipe
from pixelfleet.recipes.lazy import lazy_variants

if TYPE_CHECKING:
    from pixelfleet.images.rendition import RenderedVariant, Rendition
    from pixelfleet.images.supervisor import RenderOutcome, RenderSupervisor

#: Seconds for one recipe. Two of them, and the fetch, end before CloudFront's 60 seconds for an answer.
SECONDS: Final = 15.0
#: Bytes of an uploaded sample.
MOST_SAMPLE: Final = 12_000_000
#: Bytes of the pictures of one recipe that an answer carries. Of further variants it carries only the sizes.
MOST_PICTURES: Final = 6_000_000
#: Bytes of memory that are left to the process that asks for the trial, and the least that a decoder is given.
_OWN_MEMORY: Final = 400_000_000
_LEAST_MEMORY: Final = 300_000_000
#: Bytes of one file that the child may write.
_FILE_BYTES: Final = 200_000_000
#: The niceness of the decoder, below the priority of the process that asks for the trial (setpriority(2): -20 to 19).
_NICE: Final = 10
_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/avif", "image/gif"})


class BusyError(PixelfleetError):
    """Another trial is under way in this process."""


@dataclass(frozen=True, slots=True)
class TriedVariant:
    """One output. `picture` is its content, if browsers can show it and the answer has room for it."""

    picture: bytes | None
    name: str
    format: str
    content_type: str
    width: int
    height: int
    bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class TriedRecipe:
    """The outputs of one recipe and its milliseconds, or the reason why there are no outputs."""

    name: str
    digest: str
    milliseconds: int
    variants: tuple[TriedVariant, ...] = ()
    problem: str | None = None
    #: The lazy variants, which a trial leaves out as an upload does.
    lazy: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        return sum(variant.bytes for variant in self.variants)


@dataclass(frozen=True, slots=True)
class Trial:
    """The original image, and the results of the recipes; `current` is None if there is nothing to compare with."""

    format: str
    width: int
    height: int
    bytes: int
    draft: TriedRecipe
    current: TriedRecipe | None


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
        most = self._limits.max_bytes

        def fetch(path: Path) -> None:
            source = ObjectVersion(image.bucket, image.key, image.version_id, image.etag, image.bytes or 0)
            try:
                fetched, _ = self._deployment.objects.fetch(source, path, most)
            except ObjectGoneError:
                raise SetupError("the original of this image is gone, or is being replaced: try another") from None
            if fetched.bytes > most:
                raise SetupError(f"the original has {fetched.bytes:,} bytes; one of at most {most:,} can be tried")

        return self._of(fetch, draft, current)

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
            check_extra("worker", "trying a recipe")
            # The import is here, so that libvips is loaded at the first trial and not with the dashboard.
            from pixelfleet.images.supervisor import RenderSupervisor  # noqa: PLC0415

            supervisor = stack.enter_context(RenderSupervisor(self._memory, SECONDS, _FILE_BYTES))
            return self._compared(supervisor, folder, draft, current)

    def _compared(self, supervisor: "RenderSupervisor", folder: Path, draft: Recipe, current: Recipe | None) -> Trial:
        source = folder / "original"
        # The child starts, and the file comes into the page cache, before anything is timed.
        header = supervisor.render(source, draft, self._limits, folder, LaneShare(0, 0))
        if header.probe is None:
            raise SetupError(f"this image cannot be tried: {_problem(header)}")
        if supervisor.pid is not None:
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, supervisor.pid, _NICE)
        before = self._tried(supervisor, folder, current, "current") if current is not None else None
        after = self._tried(supervisor, folder, draft, "draft")
        probe = header.probe
        return Trial(probe.format, probe.width, probe.height, source.stat().st_size, after, before)

    def _tried(self, supervisor: "RenderSupervisor", folder: Path, recipe: Recipe, name: str) -> TriedRecipe:
        results = folder / name
        results.mkdir()
        began = self._clock()
        outcome = supervisor.render(folder / "original", recipe, self._limits, results, self._share)
        milliseconds = round((self._clock() - began) * 1000)
        variants = _variants(outcome.rendition) if outcome.rendition is not None else ()
        problem = _problem(outcome) if outcome.rendition is None else None
        lazy = tuple(variant.name for variant in lazy_variants(recipe))
        return TriedRecipe(recipe.name, recipe.digest, milliseconds, variants, problem, lazy)

    @property
    def _limits(self) -> Limits:
        lane = self._deployment.settings.lanes[Lane.BULK]
        return Limits(lane.max_bytes, lane.max_pixels, self._deployment.settings.max_frames)

    @property
    def _memory(self) -> int:
        spare = max(machine_memory() - _OWN_MEMORY, _LEAST_MEMORY)
        return min(self._deployment.settings.lanes[Lane.BULK].memory, spare)

    @property
    def _share(self) -> LaneShare:
        return LaneShare(self._limits.max_pixels, self._memory)


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


def _problem(outcome: "RenderOutcome") -> str:
    if outcome.error is not None:
        return f"{outcome.error.cause}: {outcome.error.message}"
    return outcome.too_large or "the decoder gave no answer"
