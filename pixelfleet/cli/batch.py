"""`pixelfleet batch list|show|watch|download|manifest`; `seal`, `gate` and `quality` have files of their own."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from pixelfleet.catalog.background import is_rollout_id
from pixelfleet.cli.app import App
from pixelfleet.cli.batch_quality import gate, quality
from pixelfleet.cli.batch_rollouts import rollout_document, show_rollout, watch_rollout
from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, emit, local, say
from pixelfleet.cli.naming import BatchArgument, OwnerOfBatch, batch_of
from pixelfleet.cli.progress import RunProgress
from pixelfleet.cli.seal import seal
from pixelfleet.cli.summary import write_outcome
from pixelfleet.cli.terminable import terminable
from pixelfleet.cli.watch import as_document, complete_in_words, in_words, watch_batch
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import DEFAULT_OWNER
from pixelfleet.domain.records import Batch, Counts, Image, Status
from pixelfleet.domain.scores import Score
from pixelfleet.errors import SetupError
from pixelfleet.files.destination import own_destination, replacing
from pixelfleet.files.result_folders import REPORT, ResultFolders, folds_case
from pixelfleet.operations.batch_images import batch_images
from pixelfleet.operations.batch_rows import RolloutRow, batch_rows
from pixelfleet.operations.batches import batch_state, batch_with_counts
from pixelfleet.operations.downloads import BatchDownload
from pixelfleet.operations.lazy_variants import LazyRecipes
from pixelfleet.operations.manifest import ManifestVerifier, manifest_line
from pixelfleet.operations.result_files import ResultFiles
from pixelfleet.operations.tile_sets import StoredTiles
from pixelfleet.report import Report
from pixelfleet.settings import load_settings

THREADS: Final = 8
#: The most images on a contact sheet: a browser does not show more.
ON_SHEET: Final = 5_000
#: Columns in which every list has room.
_WIDEST: Final = 10_000

batch = App(
    name="batch",
    help="Images that were uploaded together: list, show, watch, seal, download, prove, judge.",
)


batch.command()(seal)
batch.command()(gate)
batch.command()(quality)


@batch.command("list")
def list_batches(
    *,
    owner: Annotated[str | None, typer.Option(help="Only batches of this owner.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show batches and rollouts, newest first.

    A rollout is a row of its own: its images are in their own batches, too. With --json, `kind` is upload or rollout.
    """
    deployment = Deployment(load_settings())
    rows = list(islice(batch_rows(deployment, owner), limit))
    counts = {
        row.batch_id: deployment.batches.counts(row.owner, row.name) for row in rows if not isinstance(row, RolloutRow)
    }
    if as_json:
        emit([_document(row, counts) for row in rows])
        return
    RESULTS.print(_table([_cells(row, counts) for row in rows]) if rows else _no_batches(owner))


def _table(rows: list[tuple[str, ...]]) -> Table:
    """A line for each row. On a narrow terminal, time and recipe are below the id, which has its whole line."""
    wide = _columns(("batch", "begun", "recipe"), rows)
    if RESULTS.measure(wide, options=RESULTS.options.update(width=_WIDEST)).maximum <= RESULTS.width:
        return wide
    return _columns(
        ("batch, begun, recipe",), [(f"{name}\n{begun}  {recipe}", *numbers) for name, begun, recipe, *numbers in rows]
    )


def _columns(texts: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in texts:
        table.add_column(column, overflow="fold")
    for column in ("images", "ready", "failed", "state"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _no_batches(owner: str | None) -> str:
    whose = "there are no batches" if owner is None else f"{owner} has no batches"
    return f"{whose}; `pixelfleet upload` makes one"


def _document(row: Batch | RolloutRow, counts: dict[str, Counts]) -> dict[str, object]:
    return rollout_document(row) if isinstance(row, RolloutRow) else as_document(row, counts[row.batch_id])


def _cells(row: Batch | RolloutRow, counts: dict[str, Counts]) -> tuple[str, ...]:
    if isinstance(row, RolloutRow):
        numbers = (f"{row.facts.images:,}", f"{row.counts.made:,}", f"{row.counts.failed:,}", row.state)
        return row.id, local(row.created_at), row.facts.versions, *numbers
    expected = f"{row.expected:,}" if row.expected is not None else "?"
    counted = counts[row.batch_id]
    numbers = (expected, f"{counted.ready:,}", f"{counted.failed:,}", batch_state(row, counted))
    return row.batch_id, local(row.created_at), row.recipe.name if row.recipe else "-", *numbers


@batch.command()
def show(name: BatchArgument, *, owner: OwnerOfBatch = DEFAULT_OWNER, as_json: AsJson = False) -> None:
    """Show the progress of one batch, and its failures by cause; or of a rollout, by the id that `batch list` shows."""
    deployment = Deployment(load_settings())
    if is_rollout_id(name):
        show_rollout(deployment, name, as_json=as_json)
        return
    stored, counts = batch_with_counts(deployment, *batch_of(name, owner))
    if as_json:
        emit(as_document(stored, counts))
        return
    RESULTS.print(f"{stored.batch_id}: {batch_state(stored, counts)}")
    sealed = local(stored.sealed_at) if stored.sealed_at else f"-, by: pixelfleet batch seal {stored.batch_id}"
    RESULTS.print(f"begun     {local(stored.created_at)}")
    RESULTS.print(f"sealed    {sealed}", soft_wrap=True)
    RESULTS.print(f"completed {local(stored.completed_at)}")
    if least := Score.of_stored(stored.min_score, stored.min_ssimulacra2):
        RESULTS.print(f"gate      {least}: an image with a lower score fails")
    images = count(stored.expected, "image") if stored.expected is not None else "? images"
    RESULTS.print(f"{images}: {in_words(counts)}", soft_wrap=True)
    RESULTS.print(f"{deployment.settings.dashboard_url.rstrip('/')}/batches/{stored.batch_id}", soft_wrap=True)


@batch.command()
def watch(name: BatchArgument, *, owner: OwnerOfBatch = DEFAULT_OWNER, as_json: AsJson = False) -> None:
    """Wait until every image of a sealed batch is accounted for, with throughput and the time that is left.

    A rollout is watched by the id that `pixelfleet batch list` shows, until it is done or stops.

    Exit code 1 if an image of the batch failed; `pixelfleet batch show` shows the causes. Also if a rollout stopped.
    """
    with terminable("the fleet goes on; run the same command again to watch"):
        if is_rollout_id(name):
            watch_rollout(Deployment(load_settings()), name, as_json=as_json)
            return
        watched, counts = watch_batch(Deployment(load_settings()), *batch_of(name, owner))
    if as_json:
        emit(as_document(watched, counts))
    else:
        say(complete_in_words(watched, counts))
    if counts.failed:
        raise typer.Exit(1)


@batch.command()
def download(
    name: BatchArgument,
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="Folder for the results; made if it does not exist.")],
    *,
    owner: OwnerOfBatch = DEFAULT_OWNER,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, help="Files that are fetched at once.")] = THREADS,
    as_json: AsJson = False,
) -> None:
    """Fetch the results of a batch, with the report and contact sheet that `run` makes.

    The variants of a/b.jpg go to DEST/a/b.jpg/. A second run fetches only files that are missing or differ. Each file
    is compared with the SHA-256 of its record.

        pixelfleet batch download summer results

    Exit code 1 if anything could not be fetched; images that failed in the fleet are in the report.
    """
    began = time.monotonic()
    deployment = Deployment(load_settings(), connections=2 * jobs)
    owner, name = batch_of(name, owner)
    _, counts = batch_with_counts(deployment, owner, name)
    with own_destination(dest):
        images = batch_images(deployment.images, owner, name, (Status.READY, Status.FAILED))
        files = ResultFiles(deployment.objects, StoredTiles(deployment.inspection, deployment.listings), dest)
        folders = ResultFolders(dest, folds_case=folds_case(dest))
        work = BatchDownload(files, dest, folders, jobs, LazyRecipes(deployment))
        again = f"the fetched files are in {dest}; run the same command again for the rest"
        with (
            terminable(again),
            RunProgress(counts.ready + counts.failed, f"fetching the results of {name}") as progress,
        ):
            results = []
            for result in work.run(images):
                results.append(result)
                progress.add(result)
        results.sort(key=lambda result: (result.status != "ready", result.key or ""))
        report = Report(tuple(results), time.monotonic() - began)
        if as_json:
            sys.stdout.write(report.to_json() + "\n")
        write_outcome(report, Report(report.images[:ON_SHEET], report.seconds), dest, dest / REPORT, work.refused)
    say(f"fetched  {count(files.fetched, 'variant')}; {files.there:,} were there")
    if work.not_made:
        names = ", ".join(f"{variant} of {count(number, 'image')}" for variant, number in work.not_made.items())
        say(f"lazy, and not made yet: {names}; a download makes none, a request to a stable address does")
    if report.ready < counts.ready:
        raise typer.Exit(1)


@batch.command()
def manifest(
    name: BatchArgument,
    *,
    owner: OwnerOfBatch = DEFAULT_OWNER,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; default standard output.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare every line with the objects in the buckets.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write one JSON line for each image of a batch: source, version, SHA-256, recipe, variants, status and cause.

        pixelfleet batch manifest summer --verify --out summer.jsonl

    With --out and --json, a summary is printed as one JSON document on standard output.

    Exit code 1 if the batch is not complete, if a line is missing, or if --verify finds a difference.
    """
    deployment = Deployment(load_settings(), connections=2 * THREADS)
    owner, name = batch_of(name, owner)
    stored, _ = batch_with_counts(deployment, owner, name)
    images = batch_images(deployment.images, owner, name)
    try:
        lines, mismatches = _write(deployment, images, out, verify=verify)
    except OSError as error:
        if out is None:
            raise
        raise SetupError(f"the manifest cannot go to {out}: {error.strerror}") from None
    if as_json and out:
        summary = {"lines": lines, "expected": stored.expected, "completed_at": stored.completed_at}
        emit(summary | {"differences": mismatches if verify else None})
    for mismatch in mismatches:
        say(mismatch, style="red")
    verified = f"; {count(len(mismatches), 'difference')} from the buckets" if verify else ""
    say(f"{lines:,} of {count(stored.expected, 'image') if stored.expected is not None else '? images'}{verified}")
    if mismatches or stored.completed_at is None or lines < (stored.expected or 0):
        if stored.completed_at is None:
            say("the batch is not complete: the manifest shows its present state", style="yellow")
        raise typer.Exit(1)


def _write(deployment: Deployment, images: Iterator[Image], out: Path | None, *, verify: bool) -> tuple[int, list[str]]:
    bucket = deployment.settings.results_bucket
    verifier = ManifestVerifier(deployment.inspection, StoredTiles(deployment.inspection, deployment.listings))
    checked = verifier.mismatches(images) if verify else ((image, []) for image in images)
    lines, mismatches = 0, []
    with MESSAGES.status("reading records") as status, replacing(out) if out else nullcontext(sys.stdout) as file:
        for image, differences in checked:
            file.write(json.dumps(manifest_line(image, bucket), separators=(",", ":")) + "\n")
            mismatches += [f"{one.path}: {one.variant or 'the original'} {one.problem}" for one in differences]
            lines += 1
            if lines % 1_000 == 0:
                status.update(f"{lines:,} lines")
    return lines, mismatches
