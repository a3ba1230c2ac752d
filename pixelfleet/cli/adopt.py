"""`pixelfleet adopt`."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from rich.filesize import decimal

from pixelfleet.cli.checks import show_checks
from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, duration, emit, printable, say
from pixelfleet.cli.forecast import cost_table, lazy_names, show_lazy
from pixelfleet.cli.named_recipe import loaded_recipe
from pixelfleet.cli.selection import YesOption, confirm, who
from pixelfleet.cli.sizes import per_second
from pixelfleet.cli.terminable import terminable
from pixelfleet.deployment import Deployment
from pixelfleet.domain.archives import RestoreTier
from pixelfleet.errors import SetupError
from pixelfleet.operations.adoption.check import check_adoption
from pixelfleet.operations.adoption.forecast import AdoptionForecast, forecast_adoption
from pixelfleet.operations.adoption.order import RESTORE_DAYS, Adoption, source_of
from pixelfleet.operations.adoption.run import AdoptionResult, Step, interrupted_position
from pixelfleet.operations.adoption.run import adopt as carry_out
from pixelfleet.settings import load_settings

GOES_ON: Final = "run the same command again: it goes on where it stopped"


def adopt(
    source: Annotated[str, typer.Argument(metavar="s3://BUCKET[/PREFIX]", help="The bucket, or a part of it.")],
    *,
    owner: Annotated[
        str | None, typer.Option(help="Whose images they are. Without --owner, the routes of the bucket say so.")
    ] = None,
    batch: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the batch; default the time.")] = None,
    recipe: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Recipe of the images; default the owner's.")
    ] = None,
    inventory: Annotated[
        str | None,
        typer.Option(metavar="s3://…/manifest.json", help="An S3 Inventory in CSV, instead of listing the bucket."),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the bucket, as without --inventory.")] = False,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only objects that were stored since (UTC)."),
    ] = None,
    max_rate: Annotated[str | None, typer.Option(metavar="N/s", help="At most so many jobs a second.")] = None,
    restore: Annotated[
        RestoreTier | None, typer.Option(help="Ask S3 to restore archived objects: bulk is cheaper, standard quicker.")
    ] = None,
    restore_days: Annotated[int, typer.Option(min=1, help="Days for which restored copies are kept.")] = RESTORE_DAYS,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes to predict for.")] = 8,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what the bucket lacks: rights, events, and the like.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only predict time, cost and rejects.")] = False,
    yes: YesOption = False,
    as_json: AsJson = False,
) -> None:
    """Process the images of a bucket that you have already. The originals stay where they are, and are only read.

    The forecast comes first: the whole bucket is listed, and the headers of a sample are read. Then the jobs go to the
    workers, as one batch. Objects that have a record are skipped.

        pixelfleet adopt s3://museum-masters/scans/ --owner museum --dry-run

        pixelfleet adopt s3://museum-masters --owner museum --batch masters --max-rate 50/s

        pixelfleet adopt s3://museum-masters --check

    The command may be killed at any point: the same command goes on where it stopped.
    """
    if inventory is not None and list_:
        raise SetupError("--list and --inventory exclude each other: the keys come from one of them")
    deployment = Deployment(load_settings(), connections=20)
    bucket, prefix = source_of(source)
    if check:
        show_checks(check_adoption(deployment, bucket, prefix), as_json=as_json)
        return
    order = Adoption(
        who=who(),
        bucket=bucket,
        prefix=prefix,
        owner=owner,
        batch=batch,
        recipe=loaded_recipe(recipe, deployment) if recipe is not None else None,
        inventory=inventory,
        since=since.replace(tzinfo=UTC) if since is not None else None,
        rate=per_second(max_rate),
        restore=restore,
        restore_days=restore_days,
    )
    if dry_run:
        _show_forecast(_forecast(deployment, order), order, workers, as_json=as_json)
        return
    position = interrupted_position(deployment, order)
    if position:
        say(f"going on after {printable(position)}")
    else:
        forecast = _forecast(deployment, order)
        if not as_json:
            _show_forecast(forecast, order, workers, as_json=False)
        confirm(f"{count(forecast.images, 'object')} of {order.source} would be queued.", yes=yes)
    result = _carry_out(deployment, order)
    _show(result, as_json=as_json)
    if result.refused:
        raise typer.Exit(1)


def _forecast(deployment: Deployment, order: Adoption) -> AdoptionForecast:
    with terminable("nothing was changed"), MESSAGES.status("listing") as status:

        def progress(so_far: AdoptionForecast) -> None:
            status.update(f"listing: {so_far.images:,} to queue, {so_far.there:,} there already")

        return forecast_adoption(deployment, order, progress)


def _carry_out(deployment: Deployment, order: Adoption) -> AdoptionResult:
    with terminable(GOES_ON), MESSAGES.status("adopting") as status:

        def progress(so_far: AdoptionResult) -> None:
            status.update(f"adopting: {so_far.listed:,} objects, {so_far.sent_in_all:,} queued")

        return carry_out(deployment, order, progress)


def _document(forecast: AdoptionForecast, order: Adoption, workers: int) -> dict[str, Any]:
    seconds, dollars = forecast.seconds(workers, order.rate), forecast.cost()
    return {
        "dry_run": True,
        "source": order.source,
        "recipe": forecast.sample.recipe.name,
        "lazy": lazy_names(forecast.sample.recipe),
        "images": forecast.images,
        "bytes": forecast.bytes,
        "there": forecast.there,
        "older": forecast.rejects.older,
        "rejects": {cause.value: number for cause, number in forecast.rejects.causes.most_common()},
        "examples": {cause.value: printable(key) for cause, key in forecast.rejects.examples.items()},
        "sampled": forecast.sampled,
        "sample_rejects": dict(forecast.sample.rejects.most_common()),
        "sample_formats": dict(forecast.sample.formats.most_common()),
        "archived": {archive.value: number for archive, number in forecast.archived.items()},
        "restore": {
            tier.value: {
                "hours": forecast.restore_hours(tier),
                "usd": round(forecast.restore_cost(tier, order.restore_days), 4),
            }
            for tier in RestoreTier
        }
        if forecast.archived
        else None,
        "workers": workers,
        "seconds": round(seconds, 1) if seconds is not None else None,
        "usd": {name: round(amount, 6) for name, amount in dollars.items()},
        "usd_in_all": round(sum(dollars.values()), 6),
        "prices_of": str(forecast.sample.prices["dated"]),
        "region": forecast.sample.prices["region"],
    }


def _show_forecast(forecast: AdoptionForecast, order: Adoption, workers: int, *, as_json: bool) -> None:
    document = _document(forecast, order, workers)
    if as_json:
        emit(document)
        return
    RESULTS.print(f"{order.source}: {count(forecast.images, 'object')} to queue, {decimal(forecast.bytes)}")
    if forecast.there:
        RESULTS.print(f"  {forecast.there:,} have a record already and are skipped")
    if forecast.rejects.older:
        RESULTS.print(f"  {forecast.rejects.older:,} are older than --since and are skipped")
    for cause, number in document["rejects"].items():
        RESULTS.print(f"  {number:,} skipped as {cause}, such as {document['examples'][cause]}", soft_wrap=True)
    _show_sample(forecast)
    _show_archived(forecast, order)
    if document["seconds"] is not None:
        about = duration(document["seconds"])
        RESULTS.print(f"recipe {document['recipe']}: about {about} at {count(workers, 'worker')}")
    show_lazy(document["lazy"])
    RESULTS.print(cost_table(document))


def _show_sample(forecast: AdoptionForecast) -> None:
    sample = forecast.sample
    if not forecast.sampled:
        return
    formats = ", ".join(f"{name} {number:,}" for name, number in sample.formats.most_common())
    RESULTS.print(f"sample of {count(forecast.sampled, 'header')}: {formats or 'no image'}")
    for cause, number in sample.rejects.most_common():
        about = round(forecast.images * number / forecast.sampled)
        RESULTS.print(
            f"  about {about:,} would fail as {cause}, such as {printable(sample.examples[cause])}", soft_wrap=True
        )


def _show_archived(forecast: AdoptionForecast, order: Adoption) -> None:
    if not forecast.archived:
        return
    classes = ", ".join(f"{archive.value} {number:,}" for archive, number in forecast.archived.items())
    RESULTS.print(f"archived, to be restored before they can be read: {classes}", soft_wrap=True)
    for tier in RestoreTier:
        hours, dollars = forecast.restore_hours(tier), forecast.restore_cost(tier, order.restore_days)
        RESULTS.print(f"  --restore {tier.value}: within about {hours} h, US$ {dollars:,.2f}")
    if order.restore is None:
        RESULTS.print("  without --restore, these objects fail as archived", soft_wrap=True)


def _show(result: AdoptionResult, *, as_json: bool) -> None:
    rejects = {cause.value: number for cause, number in result.rejects.causes.items()}
    if as_json:
        emit({
            "batch": result.batch.batch_id if result.batch is not None else None,
            "objects": result.listed,
            "steps": {step.value: number for step, number in result.steps.items()},
            "rejects": rejects,
            "older": result.rejects.older,
            "restores": {answer.value: number for answer, number in result.restores.items()},
            "sent": result.sent,
            "refused": result.refused,
            "sealed": result.sealed,
        })  # fmt: skip
        return
    RESULTS.print(f"{count(result.sent, 'job')} sent; {result.steps[Step.THERE]:,} objects have an outcome already")
    for cause, number in rejects.items():
        RESULTS.print(f"  {number:,} skipped as {cause}")
    if result.restores:
        RESULTS.print(f"{count(result.restores.total(), 'restore')} asked for: each image is processed when S3 is done")
    if result.refused:
        say(f"{count(result.refused, 'job')} not taken by SQS: run the same command again", style="yellow")
    if result.batch is not None and result.sealed:
        RESULTS.print(f"pixelfleet batch watch {result.batch.batch_id}", soft_wrap=True)
