"""`pixelfleet run`."""

import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.filesize import decimal

from pixelfleet.cli.console import AsJson, say
from pixelfleet.cli.named_recipe import check_recipe, loaded_recipe, made_at_once
from pixelfleet.cli.progress import RunProgress
from pixelfleet.cli.sources import SourcesArgument, fetched_sources, split_sources
from pixelfleet.cli.summary import check_report, write_outcome
from pixelfleet.cli.terminable import say_stopped, terminable
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import DEFAULT_OWNER
from pixelfleet.errors import SetupError
from pixelfleet.files.destination import DestinationError, own_destination
from pixelfleet.files.result_folders import REPORT, ResultFolders, folds_case
from pixelfleet.files.sources import Source, find_sources
from pixelfleet.localcloud.embedded import EmbeddedFleet, Plan, cores, embedded_fleet
from pixelfleet.localcloud.folder import temporary_data_folder
from pixelfleet.localcloud.run import Run
from pixelfleet.localcloud.supervise import FleetLostError
from pixelfleet.localcloud.watch import Watch
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.operations.result_files import ResultFiles
from pixelfleet.operations.tile_sets import StoredTiles
from pixelfleet.recipes import Recipe
from pixelfleet.report import Report, ReportImage
from pixelfleet.uploads import Uploader, batch_prefix

THREADS: Final = 4
BATCH: Final = "run"
LOGS: Final = "pixelfleet-logs"
#: The embedded cloud holds originals and variants while the run lasts.
ROOM: Final = 1.5


def run(
    sources: SourcesArgument,
    out: Annotated[Path, typer.Option(metavar="DEST", help="Folder for the results; made if it does not exist.")],
    recipe: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="A built-in or stored recipe by name, or a TOML file.")
    ] = "web",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that work on images; default one for each core.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the JSON report goes; default DEST/report.json.")
    ] = None,
    *,
    lazy: Annotated[bool, typer.Option("--lazy", help="Make the lazy variants of the recipe, too.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if any image failed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Process files and folders on this machine, by a whole fleet that runs as long as the command.

    The variants of SRC/2024/a.jpg go to DEST/2024/a.jpg/. DEST/index.html shows originals and variants side by side.

        pixelfleet run ~/Pictures --out out

        pixelfleet run scans/ photo.jpg --out out --recipe shop.toml --strict

        pixelfleet run s3://museum-masters/scans/2024/ --out out

    Objects of a bucket are fetched to DEST/originals first, with the AWS credentials of this shell.

    Exit code 0 when every file is accounted for, as ready or as failed with a cause; with --strict 1 if any failed.
    Ctrl-C stops the command and leaves no process behind; results that are ready stay in DEST.
    """
    began = time.monotonic()
    chosen = made_at_once(loaded_recipe(recipe), lazy=lazy)
    check_recipe(chosen)
    paths, remote = split_sources(sources)
    local = list(_files(paths, out)) if paths else []
    with own_destination(out):
        originals = fetched_sources(remote, out)
        if not local and not originals:
            raise SetupError(f"no files in {', '.join(sources)}")
        order = _RunOrder(out, report or out / REPORT, chosen, [*local, *originals], workers or cores())
        with terminable(), temporary_data_folder() as data:
            order.check(data)
            result = _carry_out(order, data, began)
        if as_json:
            sys.stdout.write(result.report.to_json() + "\n")
        write_outcome(result.report, result.report, out, order.report, result.lost)
    if strict and result.report.failed:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _RunOrder:
    """The order of one run."""

    dest: Path
    report: Path
    recipe: Recipe
    sources: list[Source]
    workers: int

    def check(self, data: Path) -> None:
        """Check at the start for errors that would otherwise come at the end.

        Raises:
            SetupError: the report cannot be written, or there is too little room for the embedded cloud.
        """
        check_report(self.report)
        needed, free = ROOM * sum(source.bytes for source in self.sources), shutil.disk_usage(data).free
        if needed > free:
            raise SetupError(
                f"about {decimal(int(needed))} are needed below {data.parent} while the run lasts, and {decimal(free)} "
                "are free: set TMPDIR to a folder with more room"
            )


@dataclass(frozen=True, slots=True)
class _Result:
    report: Report
    lost: FleetLostError | DestinationError | None = None


@dataclass(slots=True)
class _Collected:
    images: list[ReportImage] = field(default_factory=list)
    lost: FleetLostError | DestinationError | None = None


def _files(sources: list[Path], out: Path) -> Iterator[Source]:
    for source in sources:
        if source.is_dir() and source.resolve() == out.resolve():
            raise SetupError(f"--out {out} is also a source: results would mix with originals")
    files = list(find_sources(sources, leave_out=out))
    if not files:
        raise SetupError(f"no files in {', '.join(map(str, sources))}")
    return iter(files)


def _carry_out(order: _RunOrder, data: Path, began: float) -> _Result:
    collected = _Collected()
    plan = Plan(data, order.workers, keeps=False, heavy_on_demand=True)
    try:
        with RunProgress(len(order.sources), "starting the fleet") as progress, embedded_fleet(plan) as embedded:
            progress.working()
            for image in _images(order, embedded, collected):
                collected.images.append(image)
                progress.add(image)
            seconds = time.monotonic() - began
    except KeyboardInterrupt as stop:
        ready = sum(image.status == "ready" for image in collected.images)
        say_stopped(stop, f"{ready:,} of {len(order.sources):,} ready; the variants are in {order.dest}")
        raise
    place = {str(source.path): number for number, source in enumerate(order.sources)}
    images = sorted(collected.images, key=lambda image: place[image.source])
    return _Result(Report(tuple(images), seconds), collected.lost)


def _images(order: _RunOrder, embedded: EmbeddedFleet, collected: _Collected) -> Iterator[ReportImage]:
    deployment = Deployment(embedded.settings, connections=4 * THREADS)
    deployment.batches.create(DEFAULT_OWNER, BATCH, store_recipe(deployment, order.recipe))
    tiles = StoredTiles(deployment.inspection, deployment.listings)
    sources = iter(order.sources)
    with Uploader(deployment.upload_bucket, THREADS) as uploader:
        run_ = Run(
            deployment,
            uploader,
            batch_prefix(DEFAULT_OWNER, BATCH),
            order.dest,
            ResultFolders(order.dest, folds_case=folds_case(order.dest)),
            ResultFiles(deployment.objects, tiles, order.dest),
            Watch(embedded, deployment, say),
        )
        try:
            yield from run_.images(sources, THREADS)
        except FleetLostError as error:
            logs = order.dest / LOGS
            shutil.copytree(embedded.folder.logs, logs, dirs_exist_ok=True)
            collected.lost = FleetLostError(f"{error}\nall logs were kept in {logs}")
            yield from run_.give_up(sources, "the fleet broke down before this image was done")
        except DestinationError as error:
            collected.lost = error
            yield from run_.give_up(sources, str(error))
