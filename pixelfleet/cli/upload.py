"""`pixelfleet upload`."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.filesize import decimal

from pixelfleet.cli.console import AsJson, count, emit, printable, say
from pixelfleet.cli.forecast import show_forecast
from pixelfleet.cli.named_recipe import loaded_recipe
from pixelfleet.cli.sizes import bandwidth
from pixelfleet.cli.terminable import terminable
from pixelfleet.cli.upload_progress import UploadProgress
from pixelfleet.cli.watch import as_document, complete_in_words, watch_batch
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import DEFAULT_OWNER, check_place
from pixelfleet.domain.records import Batch, Counts
from pixelfleet.errors import SetupError
from pixelfleet.files.sources import Source, find_sources
from pixelfleet.operations.known_images import KnownImages
from pixelfleet.operations.upload import UploadOrder, UploadResult, uploaded
from pixelfleet.settings import load_settings
from pixelfleet.uploads.batch import Choice, Tally, chosen

THREADS: Final = 8
#: Skipped files that are listed; --json lists all.
SPELLED_OUT: Final = 10


def upload(
    sources: Annotated[list[Path], typer.Argument(metavar="SRC...", help="Files and folders.", show_default=False)],
    *,
    owner: Annotated[str, typer.Option(help="Whose images they are.")] = DEFAULT_OWNER,
    batch: Annotated[str | None, typer.Option(help="Name of the batch; default the time.")] = None,
    recipe: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Recipe of the images: a recipe by name, or a TOML file."),
    ] = None,
    include: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Only matching files; repeatable.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="No matching files; repeatable.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, help="Files that are sent at once.")] = THREADS,
    max_bandwidth: Annotated[
        str | None, typer.Option(metavar="BYTES/S", help="The most bytes a second, as 500k, 10M or 1.5G.")
    ] = None,
    skip_known: Annotated[
        bool, typer.Option("--skip-known", help="Leave files out whose bytes the owner has already.")
    ] = False,
    min_score: Annotated[
        float | None,
        typer.Option(
            metavar="SCORE",
            help="Fail images with a variant of a lower score: below_quality. 0.5 to 1 is SSIM, 30 to 100 SSIMULACRA2.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="With --dry-run: worker processes to predict for.")] = 8,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only read headers and predict time and cost.")] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Wait until every image is accounted for.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put files into the uploads bucket as one batch, which the fleet then processes.

    Each file becomes `uploads/<owner>/<batch>/<path>`. Files that do not begin like an image are skipped. On AWS,
    PIXELFLEET_UPLOADS_BUCKET names the bucket; after `pixelfleet up`, the printed lines name the bucket.

        pixelfleet upload ~/Pictures --batch summer --dry-run

        pixelfleet upload ~/Pictures --batch summer --watch

    The command may be killed at any point: the next run puts only files that are missing or changed. At the end the
    batch is sealed: it is announced as complete when the last image is accounted for. A glob with a slash is matched
    with the path below SRC, another glob with the file's name; `*` matches slashes too.

    With --skip-known a file is left out if an image of the owner, in any batch, has the same bytes (SHA-256) and is
    ready or being processed again. The batch does not wait for such files. Images that the fleet has not processed yet,
    and equal files of one run, are not known. If the known image is deleted, the next run uploads the file. The look-up
    of a million new files costs about US$ 0.06, of a million known files about US$ 0.55 (one index query each; for
    known files also the record and a HEAD of the object).

    Exit code 1 if a file could not be uploaded; each such file is listed with the reason. With --watch also if an image
    failed; `pixelfleet failures` shows why. With --watch and --json, the one document is printed at the end: `watched`
    is the batch as `batch show --json` shows it, null where the batch was not sealed.
    """
    choice = Choice(tuple(include or ()), tuple(exclude or ()))
    # A mistyped path or name is an error before any file is read and any batch is made.
    find_sources(sources)
    check_place(owner, batch)

    def walk() -> Iterator[Source]:
        return chosen(find_sources(sources), choice)

    if next(walk(), None) is None:
        raise SetupError(f"nothing to upload: no file in {', '.join(map(printable, sources))} is selected")
    if dry_run:
        lookup = KnownImages(Deployment(load_settings(), connections=2 * jobs), owner) if skip_known else None
        show_forecast(walk(), loaded_recipe(recipe or "web"), workers, lookup, as_json=as_json)
        return
    loaded = None if recipe is None else loaded_recipe(recipe)
    order = UploadOrder(owner, batch, loaded, sources, jobs, bandwidth(max_bandwidth), skip_known, min_score)
    deployment = Deployment(load_settings(), connections=2 * jobs)
    with (
        terminable("the files that were put stay; run the same command again to put the rest"),
        uploaded(deployment, order, walk(), UploadProgress(walk)) as result,
    ):
        document = _document(result) if as_json else None
        _show(result, as_json=as_json)
    watched = _watched(deployment, result) if watch and result.sealed else None
    if document is not None:
        emit(document | ({"watched": as_document(*watched) if watched else None} if watch else {}))
    elif watched:
        say(complete_in_words(*watched))
    if result.tally.failed or (watched and watched[1].failed) or result.seal_error:
        raise typer.Exit(1)


def _watched(deployment: Deployment, result: UploadResult) -> tuple[Batch, Counts]:
    with terminable(f"the fleet goes on; `pixelfleet batch watch {result.batch.batch_id}` watches again"):
        return watch_batch(deployment, result.batch.owner, result.batch.name)


def _show(result: UploadResult, *, as_json: bool) -> None:
    if result.seal_error:
        say(
            f"all files are uploaded, but the batch could not be sealed: {result.seal_error}; "
            f"run `pixelfleet batch seal {result.batch.batch_id}`",
            style="yellow",
        )
    if not as_json:
        _show_files(result)
    if not result.whole:
        say(f"the batch is not sealed: {_why_not_sealed(result.tally)}", style="yellow")


def _why_not_sealed(tally: Tally) -> str:
    if tally.may_pass:
        return "run the same command again to put the files that failed"
    if tally.known:
        return "it has no image, since the owner has every image already"
    return "no file is an image"


def _document(result: UploadResult) -> dict[str, object]:
    return {
        "place": result.place,
        "uploaded": result.tally.uploaded,
        "bytes": result.tally.size,
        "there_before": result.tally.there,
        "skipped": [_line(path, why) for path, why in result.left_out("skipped")],
        "known": [{"source": str(path), "key": key} for path, key in result.left_out("known")],
        "failed": [_line(path, why) for path, why in result.left_out("failed")],
        "unfinished": [_line(path, why) for path, why in result.left_out("unfinished")],
        "sealed": result.sealed,
    }


def _show_files(result: UploadResult) -> None:
    tally = result.tally
    for path, why in islice(result.left_out("skipped"), SPELLED_OUT):
        say(f"skipped {printable(path)}: {why}")
    if tally.skipped > SPELLED_OUT:
        say(f"and {tally.skipped - SPELLED_OUT:,} more that are no images; --json lists them all")
    for path, why in result.left_out("failed"):
        say(f"{printable(path)}: {why}", style="red")
    for path, why in result.left_out("unfinished"):
        say(f"unfinished {printable(path)}: {why}", style="yellow")
    others = {"there before": tally.there, "known": tally.known, "skipped": tally.skipped, "failed": tally.failed}
    more = "".join(f", {number:,} {what}" for what, number in others.items() if number)
    say(f"{count(tally.uploaded, 'file')}, {decimal(tally.size)}{more} -> {result.place}")


def _line(path: Path, why: str) -> dict[str, str]:
    return {"source": str(path), "message": why}
