"""`pixelfleet adopt`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from pixelfleet.aws.source_buckets import RestoreAnswer
from pixelfleet.cli.adopt_forecast import show_adoption_forecast
from pixelfleet.cli.checks import show_checks
from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, emit, printable, say
from pixelfleet.cli.grouped import grouped
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptOptions:
    """The options of `adopt`, in the order of its help."""

    source: Annotated[str, typer.Argument(metavar="s3://BUCKET[/PREFIX]", help="The bucket, or a part of it.")]
    owner: Annotated[
        str | None, typer.Option(help="Whose images they are. Without --owner, the routes of the bucket say so.")
    ] = None
    batch: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the batch; default the time.")] = None
    recipe: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Recipe of the images; default the owner's.")
    ] = None
    inventory: Annotated[
        str | None,
        typer.Option(metavar="s3://…/manifest.json", help="An S3 Inventory in CSV, instead of listing the bucket."),
    ] = None
    list_: Annotated[bool, typer.Option("--list", help="List the bucket, as without --inventory.")] = False
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only objects that were stored since (UTC)."),
    ] = None
    max_rate: Annotated[str | None, typer.Option(metavar="N/s", help="At most so many jobs a second.")] = None
    restore: Annotated[
        RestoreTier | None, typer.Option(help="Ask S3 to restore archived objects: bulk is cheaper, standard quicker.")
    ] = None
    restore_days: Annotated[int, typer.Option(min=1, help="Days for which restored copies are kept.")] = RESTORE_DAYS
    workers: Annotated[int, typer.Option(min=1, help="Worker processes to predict for.")] = 8
    check: Annotated[
        bool, typer.Option("--check", help="Only say what the bucket lacks: rights, events, and the like.")
    ] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only predict time, cost and rejects.")] = False
    yes: YesOption = False
    as_json: AsJson = False

    def order(self, deployment: Deployment) -> Adoption:
        """The adoption that the options ask for.

        Raises:
            SetupError: options contradict each other, or cannot be read.
        """
        if self.inventory is not None and self.list_:
            raise SetupError("--list and --inventory exclude each other: the keys come from one of them")
        bucket, prefix = source_of(self.source)
        return Adoption(
            who=who(),
            bucket=bucket,
            prefix=prefix,
            owner=self.owner,
            batch=self.batch,
            recipe=loaded_recipe(self.recipe, deployment) if self.recipe is not None else None,
            inventory=self.inventory,
            since=self.since.replace(tzinfo=UTC) if self.since is not None else None,
            rate=per_second(self.max_rate),
            restore=self.restore,
            restore_days=self.restore_days,
        )


@grouped(AdoptOptions)
def adopt(options: AdoptOptions) -> None:
    """Process the images of a bucket that you have already. The originals stay where they are, and are only read.

    The forecast comes first: the whole bucket is listed, and the headers of a sample are read. Then the jobs go to the
    workers, as one batch. Objects that have a record are skipped.

        pixelfleet adopt s3://museum-masters/scans/ --owner museum --dry-run

        pixelfleet adopt s3://museum-masters --owner museum --batch masters --max-rate 50/s

        pixelfleet adopt s3://museum-masters --check

    The command may be killed at any point: the same command goes on where it stopped.
    """
    deployment = Deployment(load_settings(), connections=20)
    if options.check:
        show_checks(check_adoption(deployment, *source_of(options.source)), as_json=options.as_json)
        return
    order = options.order(deployment)
    if options.dry_run:
        forecast = _forecast(deployment, order)
        _check_any(forecast, order)
        show_adoption_forecast(forecast, order, options.workers, as_json=options.as_json)
        return
    _confirm(deployment, order, options)
    result = _carry_out(deployment, order)
    _show(result, as_json=options.as_json)
    if result.refused:
        raise typer.Exit(1)


def _confirm(deployment: Deployment, order: Adoption, options: AdoptOptions) -> None:
    """Show the forecast and ask, unless an interrupted adoption goes on."""
    position = interrupted_position(deployment, order)
    if position:
        say(f"going on after {printable(position)}")
        return
    forecast = _forecast(deployment, order)
    _check_any(forecast, order)
    if not (forecast.images or forecast.there):
        raise SetupError(
            f"there is no image to adopt below {order.source}: {count(forecast.rejects.total, 'object')} cannot be an "
            f"image or {'is' if forecast.rejects.total == 1 else 'are'} too old; see them by --dry-run, and compare "
            f"the address with `aws s3 ls {order.source}`"
        )
    if not options.as_json:
        show_adoption_forecast(forecast, order, options.workers, as_json=False)
    confirm(f"{count(forecast.images, 'object')} of {order.source} would be queued.", yes=options.yes)


def _check_any(forecast: AdoptionForecast, order: Adoption) -> None:
    """
    Raises:
        SetupError: the address has no object at all.
    """
    if not (forecast.images or forecast.there or forecast.rejects.total):
        raise SetupError(f"there is no object at {order.source}: compare the address with `aws s3 ls {order.source}`")


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


def _show(result: AdoptionResult, *, as_json: bool) -> None:
    rejects = {cause.value: number for cause, number in result.rejects.causes.items()}
    if as_json:
        emit({
            "batch": result.batch.batch_id if result.batch is not None else None,
            "objects": result.listed,
            "steps": {step.value: number for step, number in result.steps.items()},
            "rejects": rejects,
            "older": result.rejects.older,
            "repeated": result.repeated,
            "others": dict(result.others),
            "restores": {answer.value: number for answer, number in result.restores.items()},
            "sent": result.sent,
            "refused": result.refused,
            "sealed": result.sealed,
        })  # fmt: skip
        return
    RESULTS.print(f"{count(result.sent, 'job')} sent; {result.steps[Step.THERE]:,} objects have an outcome already")
    for cause, number in rejects.items():
        RESULTS.print(f"  {number:,} skipped as {cause}")
    if result.others:
        owners = ", ".join(f"{printable(owner)} {number:,}" for owner, number in result.others.most_common(5))
        RESULTS.print(f"  images of other owners, who keep them: {owners}", soft_wrap=True)
    if result.repeated:
        RESULTS.print(f"{count(result.repeated, 'key')} listed again: each object counts once")
    if asked := result.restores.total() - result.restores[RestoreAnswer.GONE]:
        RESULTS.print(f"{count(asked, 'restore')} asked for: each image is processed when S3 is done")
    if result.refused:
        say(f"{count(result.refused, 'job')} not taken by SQS: run the same command again", style="yellow")
    if result.batch is not None and result.sealed:
        RESULTS.print(f"pixelfleet batch watch {result.batch.batch_id}", soft_wrap=True)
