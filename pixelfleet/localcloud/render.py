"""Many files through the engine alone, each in a child process of its own: the work of `pixelfleet render`."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from pixelfleet.domain.scores import score_of
from pixelfleet.files.result_folders import ResultFolders, folds_case
from pixelfleet.files.sources import Source
from pixelfleet.images.limits import Limits
from pixelfleet.images.rendition import RenderedVariant
from pixelfleet.images.supervisor import RenderOutcome, RenderSupervisor
from pixelfleet.recipes import Recipe
from pixelfleet.report import ReportImage, ReportVariant
from pixelfleet.settings import load_settings


@dataclass(slots=True)
class Rendering:
    """The order for every file; `memory` in bytes and `seconds` are limits of one image's process."""

    recipe: Recipe
    dest: Path
    limits: Limits
    memory: int
    seconds: float
    _idle: SimpleQueue[RenderSupervisor] = field(default_factory=SimpleQueue)

    def images(self, sources: list[Source], workers: int) -> Iterator[ReportImage]:
        """One report for each source, in their order, while up to `workers` are in progress."""
        folders = ResultFolders(self.dest, folds_case=folds_case(self.dest))
        places = [self.dest / folders.assign(source.relative) for source in sources]
        supervisors = [RenderSupervisor(self.memory, self.seconds) for _ in range(workers)]
        for supervisor in supervisors:
            self._idle.put(supervisor)
        pool = ThreadPoolExecutor(workers)
        try:
            yield from pool.map(self._one, sources, places)
        finally:
            # On Ctrl-C, waiting images are not begun, and a running image ends with its child.
            pool.shutdown(wait=False, cancel_futures=True)
            for supervisor in supervisors:
                supervisor.close()

    def _one(self, source: Source, folder: Path) -> ReportImage:
        began = time.monotonic()
        if source.problem is not None:
            return ReportImage(str(source.path), None, None, "failed", "unreadable", source.problem)
        supervisor = self._idle.get()
        try:
            # A failed attempt leaves no file, and only a success changes the folder of an earlier run.
            with tempfile.TemporaryDirectory(prefix=".pixelfleet-", dir=self.dest) as draft:
                outcome = supervisor.render(source.path, self.recipe, self.limits, Path(draft))
                if outcome.rendition:
                    _move(outcome.rendition.variants, folder)
        finally:
            self._idle.put(supervisor)
        return self._report(source, outcome, folder, time.monotonic() - began)

    def _report(self, source: Source, outcome: RenderOutcome, folder: Path, seconds: float) -> ReportImage:
        variants = outcome.rendition.variants if outcome.rendition else ()
        return ReportImage(
            source=str(source.path),
            key=None,
            image_id=None,
            status="failed" if outcome.error else "ready",
            cause=outcome.error.cause.value if outcome.error else None,
            message=outcome.error.message if outcome.error else None,
            format=outcome.probe.format if outcome.probe else None,
            width=outcome.probe.width if outcome.probe else None,
            height=outcome.probe.height if outcome.probe else None,
            seconds=round(seconds, 3),
            variants=tuple(self._variant(variant, folder) for variant in variants),
        )

    def _variant(self, variant: RenderedVariant, folder: Path) -> ReportVariant:
        file = (folder / variant.path.name).relative_to(self.dest).as_posix()
        return ReportVariant.of(variant, file, score_of(variant))


def _move(variants: tuple[RenderedVariant, ...], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for variant in variants:
        if variant.tiles is not None:
            shutil.rmtree(folder / variant.tiles.name, ignore_errors=True)
            variant.tiles.rename(folder / variant.tiles.name)
        variant.path.replace(folder / variant.path.name)


def largest_limits() -> Limits:
    """The limits of the largest lane: a fleet would refuse the same files."""
    settings = load_settings()
    return Limits(settings.heavy_max_bytes, settings.heavy_max_pixels, settings.max_frames)
