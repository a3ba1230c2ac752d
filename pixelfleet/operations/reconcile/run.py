"""A whole reconcile: the listing, the records, the results, and the batches."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import RecipeRef
from pixelfleet.operations.completion import complete_sealed_batches
from pixelfleet.operations.invalidation import send_all_invalidations
from pixelfleet.operations.monitoring import lanes
from pixelfleet.operations.noted import Details, noted
from pixelfleet.operations.recipe_texts import reference, store_recipe
from pixelfleet.operations.reconcile.checkpoint import Checkpoint
from pixelfleet.operations.reconcile.compare import CompareOptions, Reconcile, ReconcileResult
from pixelfleet.operations.reconcile.horizon import horizon
from pixelfleet.operations.reconcile.listing import BucketListing, InventoryListing, Listing
from pixelfleet.operations.reconcile.records import UnsettledRecords, settle_records
from pixelfleet.operations.reconcile.sweep import Sweep, Swept
from pixelfleet.operations.reconcile.verdict import Horizon
from pixelfleet.operations.source_rules import check_no_output
from pixelfleet.recipes import Recipe

WAITS_FOR_CLOUDFRONT: Final = "waiting for CloudFront: the most invalidations that it allows are in progress"


@dataclass(frozen=True, slots=True)
class ReconcileOrder:
    """The order of one reconcile. `rate` in jobs a second; see the options of `pixelfleet reconcile`."""

    who: str
    prefix: str = ""
    recipe: Recipe | None = None
    inventory: str | None = None
    rate: float | None = None
    older_than: timedelta | None = None
    outdated: bool = False
    sweep: bool = False
    from_start: bool = False
    dry_run: bool = False
    bucket: str | None = None

    @property
    def takes_adopted(self) -> bool:
        """Whether outdated images of adopted buckets are queued too: the order names no part of the images."""
        return self.outdated and self.recipe is None and not (self.bucket or self.prefix or self.inventory)


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """The result of a reconcile; in a dry run, the planned result. `swept` is None without a sweep.

    `invalidated` is False if removed images are still noted, because CloudFront had no room for their invalidations.
    """

    result: ReconcileResult
    records: UnsettledRecords
    swept: Swept | None
    horizon: Horizon
    invalidated: bool = True

    @property
    def refused(self) -> int:
        """Jobs that SQS refused: another reconcile sends them."""
        return self.result.refused + self.records.refused


@dataclass(frozen=True, slots=True)
class Listener:
    """Callbacks: `progress` gets sentences about the progress; `resumed` gets the position of an interrupted run."""

    progress: Callable[[str], None] = lambda _: None
    resumed: Callable[[str], None] = lambda _: None


def reconcile(
    deployment: Deployment,
    order: ReconcileOrder,
    now: datetime,
    listener: Listener | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> ReconcileReport:
    """Carry out a reconcile, and note it unless it is a dry run.

    If CloudFront has no room for invalidations, the reconcile waits up to ten minutes.

    Raises:
        SetupError: the inventory cannot be used.
        TransientError: S3, DynamoDB, SQS or CloudFront does not answer; a repeated reconcile goes on where this
            reconcile stopped.
    """
    listener = listener or Listener()
    limits = horizon(deployment.settings, lanes(deployment), now, order.older_than)
    if order.dry_run:
        return _report(deployment, limits, order, listener, {})
    with noted(deployment, order.who, "reconcile", order.prefix or "everything") as details:
        report = _report(deployment, limits, order, listener, details)
        complete_sealed_batches(deployment)
        invalidated = send_all_invalidations(deployment, lambda: listener.progress(WAITS_FOR_CLOUDFRONT), sleep)
    return replace(report, invalidated=invalidated)


def _report(
    deployment: Deployment, limits: Horizon, order: ReconcileOrder, listener: Listener, details: Details
) -> ReconcileReport:
    """The objects, the records and the results. `details` gets the numbers of the objects after each page."""
    result = _compare(deployment, limits, order, listener, details)
    records = settle_records(
        deployment,
        limits,
        order.prefix,
        lambda done: listener.progress(f"{done.gone:,} objects gone, {done.unfinished:,} records unfinished"),
        dry_run=order.dry_run,
    )
    swept = _sweep(deployment, limits, order, listener) if order.sweep else None
    return ReconcileReport(result, records, swept, limits)


def _compare(
    deployment: Deployment, limits: Horizon, order: ReconcileOrder, listener: Listener, details: Details
) -> ReconcileResult:
    recipe = _recipe(deployment, order)
    checkpoint = _checkpoint(deployment, order, recipe)
    after = "" if order.from_start or order.dry_run else checkpoint.read()
    if after:
        listener.resumed(after)
    work = Reconcile(
        deployment, limits, CompareOptions(order.who, order.outdated, recipe, order.dry_run, order.rate, order.bucket)
    )

    def done(position: str) -> None:
        if not order.dry_run:
            checkpoint.write(position)
        report()

    def report() -> None:
        so_far = work.result
        details.update({str(verdict): count for verdict, count in so_far.verdicts.items()} | {"sent": so_far.sent})
        listener.progress(f"{so_far.seen:,} objects, {so_far.to_queue:,} to queue, {so_far.sent:,} sent")

    result = work.run(_listing(deployment, order).pages(after), done)
    if order.takes_adopted:
        work.run_records(deployment.images.ready_outside(deployment.settings.uploads_bucket), report)
    if not order.dry_run:
        checkpoint.clear()
    return result


def _recipe(deployment: Deployment, order: ReconcileOrder) -> RecipeRef | None:
    if order.recipe is None:
        return None
    return reference(order.recipe) if order.dry_run else store_recipe(deployment, order.recipe)


def _checkpoint(deployment: Deployment, order: ReconcileOrder, recipe: RecipeRef | None) -> Checkpoint:
    compared_by = recipe.digest if recipe else str(order.outdated)
    return Checkpoint(
        *deployment.settings.identity,
        order.bucket or deployment.settings.uploads_bucket,
        order.prefix,
        order.inventory or "",
        compared_by,
    )


def _listing(deployment: Deployment, order: ReconcileOrder) -> Listing:
    bucket = order.bucket or deployment.settings.uploads_bucket
    check_no_output(deployment.settings, bucket)
    if order.inventory:
        return InventoryListing(deployment.listings, order.inventory, bucket, order.prefix)
    if bucket != deployment.settings.uploads_bucket:
        deployment.source_buckets.check_readable(bucket, order.prefix)
    return BucketListing(deployment.listings, bucket, order.prefix)


def _sweep(deployment: Deployment, limits: Horizon, order: ReconcileOrder, listener: Listener) -> Swept:
    oldest = min(limits.events, *limits.lanes.values())

    def progress(done: Swept) -> None:
        listener.progress(f"{done.seen:,} results looked at, {done.orphaned:,} without a record")

    return Sweep(deployment, oldest, dry_run=order.dry_run).run(progress)
