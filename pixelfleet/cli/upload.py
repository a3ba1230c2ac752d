"""`pixelfleet upload`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.filesize import decimal

from pixelfleet import recipes
from pixelfleet.cli.console import AsJson, count, emit, printable, say
from pixelfleet.cli.forecast import show_forecast
from pixelfleet.cli.sizes import bandwidth
from pixelfleet.cli.terminable import terminable
from pixelfleet.cli.upload_progress import UploadProgress
from pixelfleet.cli.watch import watch_batch
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import DEFAULT_OWNER, batch_prefix
from pixelfleet.domain.records import Batch
from pixelfleet.errors import SetupError, TransientError
from pixelfleet.files.sources import Source, find_sources
from pixelfleet.operations import completion
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.settings import load_settings
from pixelfleet.uploads.batch import BatchUpload, Choice, Tally, chosen
from pixelfleet.uploads.journal import Pending, Target, UploadJournal
from pixelfleet.uploads.uploader import Uploader

THREADS: Final = 8
#: Skipped files that are spelled out; --json lists them all.
SPELLED_OUT: Final = 10


def upload(
    sources: Annotated[list[Path], typer.Argument(metavar="SRC...", help="Files and folders.", show_default=False)],
    *,
    owner: Annotated[str, typer.Option(help="Whose images they are.")] = DEFAULT_OWNER,
    batch: Annotated[str | None, typer.Option(help="Name for what is uploaded together; default the time.")] = None,
    recipe: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="What the images become: a built-in recipe, or a TOML file.")
    ] = None,
    include: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Only such files; repeatable.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="No such files; repeatable.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, help="Files that are sent at once.")] = THREADS,
    max_bandwidth: Annotated[
        str | None, typer.Option(metavar="BYTES/S", help="At most so much, as 500k, 10M or 1.5G a second.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="With --dry-run: worker processes to predict for.")] = 8,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only read headers and predict time and cost.")] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Then wait until every image is accounted for.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put files into the uploads bucket as one batch, where the fleet takes them up.

    Each becomes `uploads/<owner>/<batch>/<path>`. Files whose first bytes are no image's are skipped. On AWS,
    PIXELFLEET_UPLOADS_BUCKET names the bucket; after `pixelfleet up`, the lines that it printed do.

        pixelfleet upload ~/Pictures --batch summer --dry-run

        pixelfleet upload ~/Pictures --batch summer --watch

    Killed at any point and run again, it puts only what is missing or changed. At its end the batch is sealed: when
    the last image is accounted for, it is announced as complete. A glob with a slash is held against the path below
    SRC, another against the file's name; `*` matches slashes too.

    Exit code 1 if a file could not be uploaded, each of which is listed with its reason; or, with --watch, if an image
    failed: `pixelfleet failures` shows why.
    """
    choice = Choice(tuple(include or ()), tuple(exclude or ()))
    # A mistyped path or name is an error before anything is read or made.
    find_sources(sources)
    batch_prefix(owner, batch or "any")

    def walk() -> Iterator[Source]:
        return chosen(find_sources(sources), choice)

    if next(walk(), None) is None:
        raise SetupError(f"nothing to upload: no file in {', '.join(map(printable, sources))} is selected")
    if dry_run:
        show_forecast(walk(), recipes.load(recipe or "web"), workers, as_json=as_json)
        return
    order = _UploadOrder(owner, batch, recipe, sources, jobs, bandwidth(max_bandwidth))
    deployment = Deployment(load_settings(), connections=2 * jobs)
    with terminable("what was put stays; run the same command again, and it puts only the rest"):
        done = _carry_out(deployment, order, walk, as_json=as_json)
    failed_images = 0
    if watch and done.sealed:
        with terminable(f"the fleet goes on; `pixelfleet batch watch {done.batch.batch_id}` watches again"):
            failed_images = watch_batch(deployment, done.batch.owner, done.batch.name, as_json=as_json).failed
    if done.tally.failed or failed_images or done.whole > done.sealed:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _UploadOrder:
    """The order of one upload; `max_bandwidth` in bytes a second."""

    owner: str
    batch: str | None
    recipe: str | None
    sources: list[Path]
    jobs: int
    max_bandwidth: float | None


@dataclass(frozen=True, slots=True)
class _Done:
    """`whole`: all images are in the bucket, so that the batch can be sealed."""

    batch: Batch
    tally: Tally
    whole: bool
    sealed: bool


def _carry_out(deployment: Deployment, order: _UploadOrder, walk: Any, *, as_json: bool) -> _Done:
    settings = deployment.settings
    bucket, cloud = deployment.upload_bucket, settings.endpoint_url or "aws"
    pending = Pending(cloud, settings.uploads_bucket, order.owner, order.sources)
    name = order.batch or pending.name(datetime.now(UTC).strftime("%Y%m%d-%H%M%S"))
    prefix = batch_prefix(order.owner, name)
    batch = _batch(deployment, order, name)
    with UploadJournal.open(Target(cloud, batch.created_at, settings.uploads_bucket, prefix)) as journal:
        if journal.has_any():
            journal.forget_absent(_present(deployment, prefix))
        with (
            UploadProgress(walk) as progress,
            Uploader(
                bucket,
                order.jobs,
                images_only=True,
                max_bandwidth=order.max_bandwidth,
                unfinished=journal.unfinished,
            ) as uploader,
        ):
            tally = BatchUpload(uploader, journal, prefix, progress).run(walk(), order.jobs)
        # A batch of nothing would be complete, and announced, at once.
        whole = not tally.may_pass and journal.has_any()
        sealed = whole and _seal(deployment, batch)
        if sealed and order.batch is None:
            pending.finished()
        _show(tally, journal, f"s3://{settings.uploads_bucket}/{prefix}", sealed=sealed, as_json=as_json)
    if not whole:
        why = "run the same again to put what failed" if tally.may_pass else "there is no image in it"
        say(f"the batch is not sealed: {why}", style="yellow")
    return _Done(batch, tally, whole, sealed)


def _present(deployment: Deployment, prefix: str) -> Iterator[tuple[str, int, str]]:
    """The objects of the batch that the bucket holds now, by key below the prefix, with their sizes and ETags."""
    for page in deployment.listings.pages(deployment.settings.uploads_bucket, prefix):
        yield from ((listed.key.removeprefix(prefix), listed.bytes, listed.etag) for listed in page)


def _seal(deployment: Deployment, batch: Batch) -> bool:
    try:
        completion.seal(deployment, batch.owner, batch.name)
    except TransientError as error:
        say(
            f"all files are uploaded, but the batch could not be sealed: {error}; run `pixelfleet batch seal "
            f"{batch.batch_id}`",
            style="yellow",
        )
        return False
    return True


def _batch(deployment: Deployment, order: _UploadOrder, name: str) -> Batch:
    """The batch with its recipe, which is written before the first image is put: every worker reads it."""
    if order.recipe is None:
        return deployment.batches.create(order.owner, name)
    ref = store_recipe(deployment, recipes.load(order.recipe))
    batch = deployment.batches.create(order.owner, name, ref)
    if batch.recipe != ref:
        has = f"recipe {batch.recipe.name!r} with another digest" if batch.recipe else "no recipe"
        raise SetupError(f"batch {name} was begun with {has}: leave --recipe out, or name another batch")
    return batch


def _show(tally: Tally, journal: UploadJournal, place: str, *, sealed: bool, as_json: bool) -> None:
    if as_json:
        emit(
            {
                "place": place,
                "uploaded": tally.uploaded,
                "bytes": tally.size,
                "there_before": tally.there,
                "skipped": [_line(path, why) for path, why in journal.left_out("skipped")],
                "failed": [_line(path, why) for path, why in journal.left_out("failed")],
                "unfinished": [_line(path, why) for path, why in journal.left_out("unfinished")],
                "sealed": sealed,
            }
        )
        return
    for path, why in islice(journal.left_out("skipped"), SPELLED_OUT):
        say(f"skipped {printable(path)}: {why}")
    if tally.skipped > SPELLED_OUT:
        say(f"and {tally.skipped - SPELLED_OUT:,} more that are no images; --json lists them all")
    for path, why in journal.left_out("failed"):
        say(f"{printable(path)}: {why}", style="red")
    for path, why in journal.left_out("unfinished"):
        say(f"unfinished {printable(path)}: {why}", style="yellow")
    others = {"there before": tally.there, "skipped": tally.skipped, "failed": tally.failed}
    more = "".join(f", {number:,} {what}" for what, number in others.items() if number)
    say(f"{count(tally.uploaded, 'file')}, {decimal(tally.size)}{more} -> {place}")


def _line(path: Path, why: str) -> dict[str, str]:
    return {"source": str(path), "message": why}
