"""`pixelfleet render`."""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Annotated, Final

import typer

from pixelfleet import recipes
from pixelfleet.cli.console import AsJson
from pixelfleet.cli.progress import RunProgress
from pixelfleet.cli.summary import summarise
from pixelfleet.errors import SetupError
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import RenderedVariant
from pixelfleet.images.supervisor import Outcome, Supervisor
from pixelfleet.localcloud.folders import REPORT, SHEET, ResultFolders, folds_case
from pixelfleet.localcloud.waiting import terminable
from pixelfleet.recipes import Recipe
from pixelfleet.report import Report, ReportImage, ReportVariant, write_contact_sheet, write_report
from pixelfleet.settings import load_settings
from pixelfleet.sources import Source, find_sources

_MEGABYTE: Final = 1_000_000


def render(
    sources: Annotated[list[Path], typer.Argument(metavar="SRC...", help="Files and folders.", show_default=False)],
    out: Annotated[Path, typer.Option(metavar="DEST", help="Folder for the results; made if it is not there.")],
    recipe: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="Recipe: a built-in one by name, or a TOML file.")
    ] = "web",
    workers: Annotated[int, typer.Option(min=1, help="Processes that work on images.")] = 1,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the JSON report goes; default DEST/report.json.")
    ] = None,
    *,
    memory: Annotated[int, typer.Option(min=128, metavar="MB", help="Memory that one process may allocate.")] = 4000,
    time_limit: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="Time that one image may take.")] = 300,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if any image failed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Render files and folders with the engine alone: no cloud, no queue. Made for designing recipes.

    The variants of SRC/2024/a.jpg go to DEST/2024/a.jpg/. DEST/index.html shows originals and variants side by side.

        pixelfleet render photo.jpg --recipe shop.toml --out try

    Each image is decoded in a process of its own, with limits of memory and time: a file that crashes or hangs a
    decoder fails alone. Exit code 0 when every file is accounted for; with --strict 1 if any failed.
    """
    began = time.monotonic()
    chosen = recipes.load(recipe)
    found = [source for source in find_sources(sources, leave_out=out) if source.path != out.absolute()]
    if not found:
        raise SetupError(f"no files in {', '.join(map(str, sources))}")
    work = _Work(chosen, out, _limits(), memory * _MEGABYTE, time_limit)
    target = report or out / REPORT
    _check(out, target)
    with terminable(), RunProgress(len(found)) as progress:
        progress.working()
        images = []
        for image in work.images(found, workers):
            images.append(image)
            progress.add(image)
    result = Report(tuple(images), time.monotonic() - began)
    write_report(result, target)
    write_contact_sheet(result, out)
    if as_json:
        sys.stdout.write(result.to_json() + "\n")
    summarise(result, out / SHEET, target)
    if strict and result.failed:
        raise typer.Exit(1)


@dataclass(slots=True)
class _Work:
    recipe: Recipe
    dest: Path
    limits: Limits
    memory: int
    seconds: float
    _idle: SimpleQueue[Supervisor] = field(default_factory=SimpleQueue)

    def images(self, sources: list[Source], workers: int) -> Iterator[ReportImage]:
        """One report for each source, in their order, while up to `workers` are in progress."""
        folders = ResultFolders(self.dest, folds_case=folds_case(self.dest))
        places = [self.dest / folders.assign(source.relative) for source in sources]
        supervisors = [Supervisor(self.memory, self.seconds) for _ in range(workers)]
        for supervisor in supervisors:
            self._idle.put(supervisor)
        pool = ThreadPoolExecutor(workers)
        try:
            yield from pool.map(self._one, sources, places)
        finally:
            # On Ctrl-C: what waits is not begun, and what runs ends with its child.
            pool.shutdown(wait=False, cancel_futures=True)
            for supervisor in supervisors:
                supervisor.close()

    def _one(self, source: Source, folder: Path) -> ReportImage:
        began = time.monotonic()
        if source.problem is not None:
            return ReportImage(str(source.path), None, None, "failed", "unreadable", source.problem)
        supervisor = self._idle.get()
        try:
            # A failed attempt leaves nothing behind, and the folder of an earlier run is touched by a success alone.
            with tempfile.TemporaryDirectory(prefix=".pixelfleet-", dir=self.dest) as draft:
                outcome = supervisor.render(source.path, self.recipe, self.limits, Path(draft))
                if outcome.rendition:
                    _move(outcome.rendition.variants, folder)
        finally:
            self._idle.put(supervisor)
        return self._report(source, outcome, folder, time.monotonic() - began)

    def _report(self, source: Source, outcome: Outcome, folder: Path, seconds: float) -> ReportImage:
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
        return ReportVariant(variant.name, file, variant.format, variant.width, variant.height, variant.bytes)


def _move(variants: tuple[RenderedVariant, ...], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for variant in variants:
        if variant.tiles is not None:
            shutil.rmtree(folder / variant.tiles.name, ignore_errors=True)
            variant.tiles.rename(folder / variant.tiles.name)
        variant.path.replace(folder / variant.path.name)


def _limits() -> Limits:
    """Those of the largest lane: what this refuses, a fleet would refuse."""
    settings = load_settings()
    return Limits(settings.heavy_max_bytes, settings.heavy_max_pixels, settings.max_frames)


def _check(dest: Path, report: Path) -> None:
    try:
        dest.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"results cannot go to {dest}: {error.strerror}") from None
    if not report.parent.is_dir():
        raise SetupError(f"the report cannot go to {report}: there is no folder {report.parent}")
