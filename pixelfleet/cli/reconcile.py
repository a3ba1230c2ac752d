"""`pixelfleet reconcile`."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, emit, say
from pixelfleet.cli.named_recipe import loaded_recipe
from pixelfleet.cli.selection import who
from pixelfleet.cli.terminable import terminable
from pixelfleet.deployment import Deployment
from pixelfleet.operations.reconcile.run import Listener, ReconcileOrder, ReconcileReport
from pixelfleet.operations.reconcile.run import reconcile as carry_out
from pixelfleet.operations.reconcile.sweep import Swept
from pixelfleet.settings import load_settings


def reconcile(
    *,
    bucket: Annotated[
        str | None, typer.Option(metavar="BUCKET", help="An adopted bucket; default the uploads bucket.")
    ] = None,
    prefix: Annotated[str, typer.Option(help="Only keys that begin so, as uploads/me/summer/.")] = "",
    recipe: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Process images of other recipes again, by this recipe.")
    ] = None,
    inventory: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="manifest.json of an S3 Inventory, instead of listing the bucket."),
    ] = None,
    rate: Annotated[float | None, typer.Option(min=0.01, help="At most so many jobs a second.")] = None,
    older_than: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0, help="Skip younger objects; default: the age of the oldest message."),
    ] = None,
    outdated: Annotated[
        bool,
        typer.Option("--outdated", help="Also queue images whose recipe is another now, those of adopted buckets too."),
    ] = False,
    sweep: Annotated[bool, typer.Option("--sweep", help="Also delete results that no record names.")] = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Begin anew, not where an interrupted run ended.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the bucket with the catalog; queue objects without a record, stuck images and outdated images.

    Reconcile also announces complete batches that were never announced. In an adopted bucket (--bucket), it queues
    objects without a record too: the routes of that bucket give them their owners. After an interruption, the next run
    goes on at the same place. The jobs have a message group of their own, so that new uploads do not wait behind these
    jobs. Failed images are left to `redrive`.

        pixelfleet reconcile --dry-run

        pixelfleet reconcile --recipe shop.toml --prefix uploads/me/ --rate 50
    """
    order = ReconcileOrder(
        who=who(),
        bucket=bucket,
        prefix=prefix,
        recipe=loaded_recipe(recipe) if recipe else None,
        inventory=inventory,
        rate=rate,
        older_than=timedelta(seconds=older_than) if older_than is not None else None,
        outdated=outdated,
        sweep=sweep,
        from_start=from_start,
        dry_run=dry_run,
    )
    deployment = Deployment(load_settings(), connections=20)
    with terminable("run the same command again: it goes on where it stopped"), MESSAGES.status("listing") as status:
        listener = Listener(status.update, lambda after: say(f"going on after {after}; --from-start begins anew"))
        report = carry_out(deployment, order, datetime.now(UTC), listener)
    if as_json:
        emit(_as_document(report, dry_run=dry_run))
    else:
        _show(report, dry_run=dry_run)
    if report.refused:
        raise typer.Exit(1)


def _as_document(report: ReconcileReport, *, dry_run: bool) -> dict[str, object]:
    result = report.result
    return {
        "dry_run": dry_run,
        "objects": result.seen,
        "found": {str(verdict): number for verdict, number in result.verdicts.items()},
        "examples": {str(verdict): keys for verdict, keys in result.examples.items()},
        "sent": result.sent,
        "refused": report.refused,
        "gone": report.records.gone,
        "unfinished": report.records.unfinished,
        "waiting": report.records.waiting,
        "older_than": report.horizon.events.isoformat(),
        "swept": asdict(report.swept) if report.swept else None,
        "invalidated": report.invalidated,
    }


def _show(report: ReconcileReport, *, dry_run: bool) -> None:
    result, records, swept = report.result, report.records, report.swept
    RESULTS.print(f"{count(result.seen, 'object')}; {result.to_queue:,} to queue, {result.sent:,} sent")
    for verdict, number in sorted(result.verdicts.items()):
        examples = "".join(f"\n    {key}" for key in result.examples.get(verdict, []))
        RESULTS.print(f"  {number:>9,} {verdict}{examples}", soft_wrap=True)
    would = "would be" if dry_run else "were"
    if records.gone:
        RESULTS.print(f"{count(records.gone, 'image')} without an object {would} sent to be removed")
    if records.unfinished:
        RESULTS.print(
            f"{count(records.unfinished, 'record')} with a notice, results or an alias left over {would} sent again"
        )
    if records.waiting:
        RESULTS.print(f"{count(records.waiting, 'image')} with a lost job or a restored object {would} sent")
    if report.refused:
        say(f"{count(report.refused, 'job')} not taken by SQS: run reconcile again", style="yellow")
    if not report.invalidated:
        say(
            "CloudFront had no room for all invalidations: removed images may still be in its edge caches. "
            "Run reconcile again, or leave it to the scheduled one",
            style="yellow",
        )
    if swept:
        _show_swept(swept, would)


def _show_swept(swept: Swept, would: str) -> None:
    RESULTS.print(f"{swept.seen:,} revisions of results; {swept.orphaned:,} without a record {would} deleted")
    if swept.expired:
        RESULTS.print(f"{swept.expired:,} of these had been kept, and their days are over")
    RESULTS.print(f"{swept.removed:,} of originals that are gone {would} removed; {swept.unexplained:,} left alone")
    if swept.aliases:
        RESULTS.print(f"{count(swept.aliases, 'image')} with a missing or old alias {would} sent")
    if swept.stray_aliases:
        RESULTS.print(f"{swept.stray_aliases:,} aliases of no image {would} deleted")
    if swept.stray_claims:
        RESULTS.print(f"{swept.stray_claims:,} aliases of removed images or former results {would} given up")
