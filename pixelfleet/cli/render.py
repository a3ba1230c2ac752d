"""`pixelfleet render`."""

import sys
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from pixelfleet.cli.console import AsJson
from pixelfleet.cli.named_recipe import check_recipe, loaded_recipe, made_at_once
from pixelfleet.cli.progress import RunProgress
from pixelfleet.cli.sources import SourcesArgument, fetched_sources, split_sources
from pixelfleet.cli.summary import check_report, write_outcome
from pixelfleet.cli.terminable import terminable
from pixelfleet.errors import SetupError
from pixelfleet.files.destination import own_destination
from pixelfleet.files.result_folders import REPORT
from pixelfleet.files.sources import find_sources
from pixelfleet.report import Report

_MEGABYTE: Final = 1_000_000


def render(
    sources: SourcesArgument,
    out: Annotated[Path, typer.Option(metavar="DEST", help="Folder for the results; made if it does not exist.")],
    recipe: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="A built-in or stored recipe by name, or a TOML file.")
    ] = "web",
    workers: Annotated[int, typer.Option(min=1, help="Processes that work on images.")] = 1,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the JSON report goes; default DEST/report.json.")
    ] = None,
    *,
    lazy: Annotated[bool, typer.Option("--lazy", help="Make the lazy variants of the recipe, too.")] = False,
    memory: Annotated[int, typer.Option(min=128, metavar="MB", help="Memory that one process may allocate.")] = 4000,
    time_limit: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="Time that one image may take.")] = 300,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if any image failed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Render files and folders with the engine alone, without cloud and queue, to design recipes.

    The variants of SRC/2024/a.jpg go to DEST/2024/a.jpg/. DEST/index.html shows originals and variants side by side.

        pixelfleet render photo.jpg --recipe shop.toml --out try

        pixelfleet render s3://museum-masters/scans/2024/ --out try

    Objects of a bucket are fetched to DEST/originals first, with the AWS credentials of this shell.

    Each image is decoded in a process of its own, with limits of memory and time: a file that crashes or hangs a
    decoder fails alone. Exit code 0 when every file is accounted for; with --strict 1 if any failed.
    """
    began = time.monotonic()
    chosen = made_at_once(loaded_recipe(recipe), lazy=lazy)
    check_recipe(chosen)
    paths, remote = split_sources(sources)
    files = [source for source in find_sources(paths, leave_out=out) if source.path != out.absolute()]
    if not files and not remote:
        raise SetupError(f"no files in {', '.join(sources)}")
    # Imported here: the help needs no image library, and not every installation has one.
    from pixelfleet.localcloud.render import Rendering, largest_limits  # noqa: PLC0415

    work = Rendering(chosen, out, largest_limits(), memory * _MEGABYTE, time_limit)
    target = report or out / REPORT
    with own_destination(out):
        check_report(target)
        files += fetched_sources(remote, out)
        if not files:
            raise SetupError(f"no image at {', '.join(remote)}")
        with terminable(f"what is rendered is in {out}"), RunProgress(len(files), "rendering") as progress:
            progress.working()
            images = []
            for image in work.images(files, workers):
                images.append(image)
                progress.add(image)
        result = Report(tuple(images), time.monotonic() - began)
        if as_json:
            sys.stdout.write(result.to_json() + "\n")
        write_outcome(result, result, out, target)
    if strict and result.failed:
        raise typer.Exit(1)
