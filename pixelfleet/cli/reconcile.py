"""`pixelfleet reconcile`."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from pixelfleet import recipes
from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, emit, say
from pixelfleet.cli.selection import who
from pixelfleet.cli.terminable import terminable
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import RecipeRef
from pixelfleet.operations.completion import complete_if_full
from pixelfleet.operations.monitoring import lanes
from pixelfleet.operations.reconcile.checkpoint import Checkpoint
from pixelfleet.operations.reconcile.compare import Reconcile, ReconcileResult, Wishes
from pixelfleet.operations.reconcile.horizon import horizon
from pixelfleet.operations.reconcile.listing import BucketListing, InventoryListing, Listing
from pixelfleet.operations.reconcile.sweep import Sweep, Swept
from pixelfleet.operations.reconcile.verdict import Horizon
from pixelfleet.settings import load_settings


@dataclass(frozen=True, slots=True)
class _Where:
    """What is gone through, and whether from its beginning."""

    prefix: str
    inventory: str | None
    from_start: bool


def reconcile(
    *,
    prefix: Annotated[str, typer.Option(help="Only keys that begin so, as uploads/me/summer/.")] = "",
    recipe: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Make anew, by this recipe, what was made by another.")
    ] = None,
    inventory: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="manifest.json of an S3 Inventory, instead of listing the bucket."),
    ] = None,
    rate: Annotated[float | None, typer.Option(min=0.01, help="At most so many jobs a second.")] = None,
    older_than: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0, help="Leave alone what is younger; default: as old as what waits."),
    ] = None,
    outdated: Annotated[
        bool, typer.Option("--outdated", help="Also what was made by another recipe than it would get now.")
    ] = False,
    sweep: Annotated[bool, typer.Option("--sweep", help="Also delete results that no record names.")] = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Do not go on where an interrupted run ended.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the bucket with the catalog and queue what has no record, what is stuck, and what is outdated.

    It also adopts images that were in the bucket before pixelfleet was, and announces batches that are complete and
    were never announced. Interrupted, it goes on where it ended. Its jobs have a message group of their own, so that
    new uploads do not wait behind them. Failed images are left to `redrive`.

        pixelfleet reconcile --dry-run

        pixelfleet reconcile --recipe shop.toml --prefix uploads/me/ --rate 50
    """
    deployment = Deployment(load_settings(), connections=20)
    now = datetime.now(UTC)
    asked = timedelta(seconds=older_than) if older_than is not None else None
    limits = horizon(deployment.settings, lanes(deployment), now, asked)
    wishes = Wishes(who(), outdated, _stored(deployment, recipe, dry_run=dry_run), dry_run, rate)
    with terminable(), MESSAGES.status("listing") as status:
        found = _compare(deployment, limits, wishes, _Where(prefix, inventory, from_start), status)
        swept = _sweep(deployment, limits, status, dry_run=dry_run) if sweep else None
        if not dry_run:
            _check_batches(deployment)
    if not dry_run:
        details: dict[str, int | str] = {str(verdict): count for verdict, count in found.verdicts.items()}
        deployment.activity.note(who(), "reconcile", prefix or "everything", details | {"sent": found.sent})
    _tell(found, swept, limits, as_json=as_json, dry_run=dry_run)
    if found.refused:
        raise typer.Exit(1)


def _stored(deployment: Deployment, recipe: str | None, *, dry_run: bool) -> RecipeRef | None:
    """The recipe that was asked for; its text is stored before a job can name it."""
    if recipe is None:
        return None
    chosen = recipes.load(recipe)
    ref = RecipeRef(name=chosen.name, digest=chosen.digest)
    if not dry_run:
        deployment.recipe_texts.put(ref, chosen.to_text())
    return ref


def _compare(deployment: Deployment, limits: Horizon, wishes: Wishes, where: _Where, status: Any) -> ReconcileResult:
    bucket = deployment.settings.uploads_bucket
    listing: Listing = BucketListing(deployment.s3, bucket, where.prefix)
    if where.inventory:
        listing = InventoryListing(deployment.s3, where.inventory, bucket, where.prefix)
    recipe = wishes.recipe.digest if wishes.recipe else str(wishes.outdated)
    checkpoint = Checkpoint(
        deployment.settings.endpoint_url or "aws", bucket, where.prefix, where.inventory or "", recipe
    )
    after = "" if where.from_start or wishes.dry_run else checkpoint.read()
    if after:
        say(f"going on after {after}; --from-start begins anew")
    work = Reconcile(deployment, limits, wishes)

    def done(position: str) -> None:
        if not wishes.dry_run:
            checkpoint.write(position)
        status.update(f"{work.found.seen:,} objects, {work.found.to_queue:,} to queue, {work.found.sent:,} sent")

    found = work.run(listing.pages(after), done)
    if not wishes.dry_run:
        checkpoint.clear()
    return found


def _sweep(deployment: Deployment, limits: Horizon, status: Any, *, dry_run: bool) -> Swept:
    oldest = min(limits.events, *limits.lanes.values())

    def told(now: Swept) -> None:
        status.update(f"{now.seen:,} results looked at, {now.orphaned:,} without a record")

    return Sweep(deployment, oldest, dry_run=dry_run).run(told)


def _check_batches(deployment: Deployment) -> None:
    for batch in deployment.batches.all():
        if batch.sealed_at and (batch.completed_at is None or batch.notice is not None):
            complete_if_full(deployment, batch.owner, batch.name)


def _tell(found: ReconcileResult, swept: Swept | None, limits: Horizon, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        emit(
            {
                "dry_run": dry_run,
                "objects": found.seen,
                "found": {str(verdict): count for verdict, count in found.verdicts.items()},
                "examples": {str(verdict): keys for verdict, keys in found.examples.items()},
                "sent": found.sent,
                "refused": found.refused,
                "older_than": limits.events.isoformat(),
                "swept": asdict(swept) if swept else None,
            }
        )
        return
    RESULTS.print(f"{found.seen:,} objects; {found.to_queue:,} to queue, {found.sent:,} sent")
    for verdict, count in sorted(found.verdicts.items()):
        examples = "".join(f"\n    {key}" for key in found.examples.get(verdict, []))
        RESULTS.print(f"  {count:>9,} {verdict}{examples}", soft_wrap=True)
    if found.refused:
        say(f"{found.refused:,} jobs were not taken by SQS: run it again", style="yellow")
    if swept:
        what = "would be" if dry_run else "were"
        RESULTS.print(f"{swept.seen:,} revisions of results; {swept.orphaned:,} without a record {what} deleted")
        RESULTS.print(f"{swept.removed:,} of originals that are gone {what} removed; {swept.unexplained:,} left alone")
