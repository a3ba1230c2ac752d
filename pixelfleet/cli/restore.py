"""`pixelfleet restore`."""

from collections.abc import Iterator
from typing import Annotated

import typer

from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, emit, printable, say
from pixelfleet.cli.naming import batch_of, image_named
from pixelfleet.cli.selection import who
from pixelfleet.cli.terminable import terminable
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import SetupError
from pixelfleet.operations.batch_images import batch_images
from pixelfleet.operations.batches import batch_with_counts
from pixelfleet.operations.bulk import BulkResult, restore_images
from pixelfleet.operations.restoring import may_be_restored
from pixelfleet.settings import load_settings


def restore(
    images: Annotated[
        list[str] | None, typer.Argument(metavar="[IMAGE...]", help="By id, by key, or as s3://BUCKET/KEY.")
    ] = None,
    *,
    batch: Annotated[
        str | None, typer.Option("--batch", help="Every deleted image of a batch: NAME, or OWNER/NAME.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be restored.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring deleted images back, as long as the bucket keeps the old versions of their originals.

    S3 copies the old version to the same key, and a worker makes the variants again. The bucket keeps old versions for
    30 days, unless the deployment says otherwise.

        pixelfleet restore --batch me/summer --dry-run

        pixelfleet restore uploads/me/summer/a.jpg

    Exit code 1 if an image cannot be restored: it is not deleted, its version is gone, or there is a new file of its
    name.
    """
    if bool(images) == bool(batch):
        raise SetupError("name either images or one --batch to restore")
    deployment = Deployment(load_settings())
    selected, what = _selected(deployment, images or [], batch)
    if dry_run:
        _show_plan(deployment, selected, as_json=as_json)
        return
    again = "restored images stay restored; run the same command again for the rest"
    with terminable(again), MESSAGES.status("restoring") as status:

        def progress(result: BulkResult) -> bool:
            status.update(f"restored {result.done:,}")
            return True

        result = restore_images(deployment, selected, who(), what, progress)
    _show(result, as_json=as_json)


def _selected(deployment: Deployment, named: list[str], batch: str | None) -> tuple[Iterator[Image], str]:
    """The selected images, and the selection in words."""
    if batch is not None:
        owner, name = batch_of(batch)
        stored, _ = batch_with_counts(deployment, owner, name)
        return batch_images(deployment.images, owner, name, (Status.DELETED,)), stored.batch_id
    images = [image_named(deployment, text) for text in named]
    return iter(images), count(len(images), "image")


def _show_plan(deployment: Deployment, images: Iterator[Image], *, as_json: bool) -> None:
    """Without a look at S3: what an expired version or a new file of the same name prevents is shown by the command."""
    possible: list[str] = []
    impossible: list[str] = []
    for image in images:
        (possible if may_be_restored(deployment, image) else impossible).append(f"s3://{image.bucket}/{image.key}")
    if as_json:
        emit({"dry_run": True, "images": possible, "not_restorable": impossible})
    else:
        for place in possible:
            RESULTS.print(printable(place), soft_wrap=True)
        for place in impossible:
            say(f"{printable(place)}: not deleted, or without an old version", style="red")
        say(f"{count(len(possible), 'image')} would be restored")
    if impossible:
        raise typer.Exit(1)


def _show(result: BulkResult, *, as_json: bool) -> None:
    refused = [printable(key) for key in result.unchanged]
    if as_json:
        emit({"restored": result.done, "not_restored": result.gone, "examples": refused})
    else:
        for key in refused:
            say(f"{key}: not deleted, without an old version, or replaced by a new file", style="red")
        if result.gone > len(refused):
            say(f"and {result.gone - len(refused):,} more", style="red")
        again = "; workers make the variants again" if result.done else ""
        RESULTS.print(f"{count(result.done, 'image')} restored{again}")
        if not result.done and not result.gone:
            say("nothing is restored: no image of this batch is deleted", style="yellow")
    if result.gone:
        raise typer.Exit(1)
