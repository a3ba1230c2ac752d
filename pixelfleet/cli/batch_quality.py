"""`pixelfleet batch quality` and `pixelfleet batch gate`."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, emit, say
from pixelfleet.cli.naming import BatchArgument, OwnerOfBatch, batch_of
from pixelfleet.cli.terminable import terminable
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import DEFAULT_OWNER
from pixelfleet.domain.records import Batch, Status
from pixelfleet.domain.scores import Score, as_simulacra, as_ssim
from pixelfleet.errors import ProcessingError, RecipeError, SetupError
from pixelfleet.files.destination import own_destination
from pixelfleet.files.result_folders import ResultFolders, folds_case
from pixelfleet.operations.batch_images import batch_images
from pixelfleet.operations.batches import batch_with_counts
from pixelfleet.operations.downloads import BatchDownload
from pixelfleet.operations.measured_quality import NotMeasuredError, QualityMeter, SampleOfImages
from pixelfleet.operations.quality import LOWEST, BatchScores, recorded_scores, set_gate
from pixelfleet.operations.result_files import ResultFiles
from pixelfleet.operations.tile_sets import StoredTiles
from pixelfleet.recipes import Metric
from pixelfleet.report import Report, write_contact_sheet
from pixelfleet.settings import load_settings

_THREADS = 8
#: Images between two lines of progress.
_EVERY = 500


def quality(
    name: BatchArgument,
    *,
    owner: OwnerOfBatch = DEFAULT_OWNER,
    lowest: Annotated[int, typer.Option(min=1, max=10_000, help="Scores to list, the lowest first.")] = LOWEST,
    sheet: Annotated[
        Path | None, typer.Option(metavar="DEST", help="Fetch the images of the lowest scores, with a contact sheet.")
    ] = None,
    measure: Annotated[
        int, typer.Option(min=0, max=10_000, metavar="N", help="Measure up to N images whose records have no score.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Show the scores of a batch's variants, the lowest first.

    A score compares a variant with its pixels before the encode. The records of variants whose quality is a target in
    the recipe have it, by the metric of the target: SSIM or SSIMULACRA2, each listed for itself. Others are measured by
    --measure, by the metric of the recipe's first target, else by SSIM: originals and results are fetched and compared
    here.

        pixelfleet batch quality summer --measure 50

        pixelfleet batch quality summer --sheet lowest
    """
    deployment = Deployment(load_settings(), connections=2 * _THREADS)
    owner, name = batch_of(name, owner)
    stored, _ = batch_with_counts(deployment, owner, name)
    sample = SampleOfImages(measure)
    scores = _read(deployment, owner, name, lowest, sample)
    problems = _measured(deployment, sample, scores, lowest)
    if as_json:
        emit(_as_document(stored, scores))
    else:
        _show(scores)
    for problem in problems:
        say(problem, style="red")
    if sheet is not None and scores.by_metric:
        _write_sheet(deployment, scores.lowest_images(), sheet)
    if problems:
        raise typer.Exit(1)


def gate(
    name: BatchArgument,
    min_score: Annotated[
        float | None,
        typer.Argument(metavar="[SCORE]", help="The least score: 0.5 to 1 is SSIM, 30 to 100 is SSIMULACRA2."),
    ] = None,
    *,
    owner: OwnerOfBatch = DEFAULT_OWNER,
    none: Annotated[bool, typer.Option("--none", help="Take the least score away.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give a batch a least score: images with a variant below it fail with the cause below_quality.

    Variants have a score if the recipe gives their quality a target. A least score is compared with scores of its own
    metric alone. Workers read the least score within a minute; images that are done stay as they are.

        pixelfleet batch gate summer 0.93

        pixelfleet batch gate summer 70

        pixelfleet batch gate summer --none
    """
    if none == (min_score is not None):
        raise SetupError("give either a score, from 0.5 to 1 (SSIM) or from 30 to 100 (SSIMULACRA2), or --none")
    deployment = Deployment(load_settings())
    stored = set_gate(deployment, *batch_of(name, owner), min_score)
    if as_json:
        emit(_gate(stored))
    else:
        least = Score.of_stored(stored.min_score, stored.min_ssimulacra2)
        RESULTS.print(f"{stored.batch_id}: {'no least score' if least is None else f'least score {least}'}")


def _read(deployment: Deployment, owner: str, name: str, lowest: int, sample: SampleOfImages) -> BatchScores:
    scores = BatchScores()
    with MESSAGES.status("reading records") as status:
        for image in batch_images(deployment.images, owner, name, (Status.READY,)):
            scores.add(recorded_scores(image), lowest)
            sample.offer(image)
            if scores.images % _EVERY == 0:
                status.update(f"reading records: {scores.images:,}")
    return scores


def _measured(deployment: Deployment, sample: SampleOfImages, scores: BatchScores, lowest: int) -> list[str]:
    """Add the scores of the sample; returns what could not be measured."""
    images = list(sample)
    if not images:
        return []
    problems = []
    again = "measured scores are not stored; run the same command again, with a smaller --measure for fewer images"
    with terminable(again), QualityMeter(deployment) as meter, MESSAGES.status("measuring") as status:
        for number, image in enumerate(images, 1):
            status.update(f"measuring {number:,} of {len(images):,}")
            try:
                scores.add_measured(meter.scores(image), lowest)
            except (ProcessingError, RecipeError, NotMeasuredError) as error:
                problems.append(f"{image.path}: {error}")
    return problems


def _gate(batch: Batch) -> dict[str, object]:
    return {
        "batch": batch.batch_id,
        "min_score": as_ssim(batch.min_score),
        "min_ssimulacra2": as_simulacra(batch.min_ssimulacra2),
    }


def _as_document(batch: Batch, scores: BatchScores) -> dict[str, object]:
    """`variants` and `lowest` are of SSIM; `ssimulacra2` has the same two of that metric."""
    return {
        **_gate(batch),
        "images": scores.images,
        "scored": scores.scored,
        "measured": scores.measured,
        **_of_metric(scores, Metric.SSIM),
        "ssimulacra2": _of_metric(scores, Metric.SSIMULACRA2),
    }


def _of_metric(scores: BatchScores, metric: Metric) -> dict[str, object]:
    of_metric = scores.of_metric(metric)
    return {
        "variants": {
            name: {"scores": summary.count, "lowest": summary.lowest, "mean": round(summary.mean, 4)}
            for name, summary in of_metric.by_variant.items()
        },
        "lowest": [
            {
                metric.value: one.score.value,
                "quality": one.quality,
                "variant": one.variant,
                "path": one.path,
                "image_id": one.image_id,
            }
            for one in of_metric.lowest
        ],
    }


def _show(scores: BatchScores) -> None:
    for metric, of_metric in scores.by_metric.items():
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column, justify in ((metric.label, "right"), ("quality", "right"), ("variant", "left"), ("image", "left")):
            table.add_column(column, justify=justify, no_wrap=column != "image", overflow="fold")  # type: ignore[arg-type]
        for one in of_metric.lowest:
            setting = "-" if one.quality is None else str(one.quality)
            table.add_row(one.score.number, setting, one.variant, one.path)
        RESULTS.print(table)
        for name, summary in of_metric.by_variant.items():
            lowest, mean = Score(metric, summary.lowest), Score(metric, summary.mean)
            RESULTS.print(f"{name}: {count(summary.count, 'score')}, lowest {lowest.number}, mean {mean.number}")
    measured = f", {scores.measured:,} measured" if scores.measured else ""
    RESULTS.print(f"{scores.scored:,} of {count(scores.images, 'ready image')} with a score{measured}")
    if not scores.by_metric:
        say("records have scores if the recipe gives the quality a target; --measure 20 measures 20 images")


def _write_sheet(deployment: Deployment, image_ids: list[str], dest: Path) -> None:
    """The contact sheet shows the images in the order of their scores."""
    began = time.monotonic()
    records = deployment.images.get_many(image_ids)
    images = [records[image_id] for image_id in image_ids if image_id in records]
    with own_destination(dest), terminable("run the same command again for the rest"):
        files = ResultFiles(deployment.objects, StoredTiles(deployment.inspection, deployment.listings), dest)
        work = BatchDownload(files, dest, ResultFolders(dest, folds_case=folds_case(dest)), _THREADS)
        place = {image_id: number for number, image_id in enumerate(image_ids)}
        rows = sorted(work.run(images), key=lambda row: place.get(row.image_id or "", len(place)))
        report = Report(tuple(rows), time.monotonic() - began)
        if work.refused is not None:
            raise work.refused
        path = write_contact_sheet(report, dest)
    say(f"contact sheet  {path}")
    if report.failed:
        raise typer.Exit(1)
