"""`pixelfleet rm`."""

from collections.abc import Iterable
from itertools import chain
from typing import Annotated

import typer

from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, emit, printable, say
from pixelfleet.cli.naming import batch_of, image_named
from pixelfleet.cli.selection import YesOption, confirm, who
from pixelfleet.cli.terminable import terminable
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image
from pixelfleet.errors import SetupError
from pixelfleet.operations.batch_images import in_flow
from pixelfleet.operations.batches import batch_with_counts
from pixelfleet.operations.removal import PRESENT, Removal, remove_originals
from pixelfleet.settings import load_settings


def rm(
    images: Annotated[
        list[str] | None, typer.Argument(metavar="[IMAGE...]", help="By id, by key, or as s3://BUCKET/KEY.")
    ] = None,
    *,
    batch: Annotated[str | None, typer.Option("--batch", help="Every image of a batch: NAME, or OWNER/NAME.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be removed.")] = False,
    yes: YesOption = False,
    as_json: AsJson = False,
) -> None:
    """Remove originals; the fleet then removes their variants and marks the records deleted.

    The bucket keeps versions: an original can be restored until the lifecycle rule deletes its versions. Originals in
    other buckets, which `pixelfleet adopt` took on, stay: only their records and variants are removed.

    Exit code 1 if an original stays: S3 refuses to remove it, or another file was uploaded under its name meanwhile.

        pixelfleet rm uploads/me/summer/a.jpg

        pixelfleet rm --batch me/summer --dry-run
    """
    if bool(images) == bool(batch):
        raise SetupError("name either images or one --batch to remove")
    deployment = Deployment(load_settings())
    selected, what = _selected(deployment, images or [], batch)
    waiting = iter(selected)
    first = next(waiting, None)
    if first is None:
        _show_nothing(dry_run=dry_run, as_json=as_json)
        return
    selected = chain((first,), waiting)
    if dry_run:
        _show_plan(selected, as_json=as_json)
        return
    confirm(f"{what} would be removed.", yes=yes)
    again = "originals that were removed stay removed; run the same command again for the rest"
    with terminable(again), MESSAGES.status("removing") as status:
        removal = remove_originals(
            deployment, selected, who(), batch or what, lambda removed: status.update(f"removed {removed:,}")
        )
    _show(removal, as_json=as_json)
    if removal.refused:
        raise typer.Exit(1)


def _selected(deployment: Deployment, named: list[str], batch: str | None) -> tuple[Iterable[Image], str]:
    """The selected images, and the selection in words."""
    if batch is not None:
        owner, name = batch_of(batch)
        stored, counts = batch_with_counts(deployment, owner, name)
        present = in_flow(deployment.images, owner, name, PRESENT)
        settled = counts.accounted - counts.deleted
        return present, f"All images of batch {stored.batch_id} ({settled:,} settled so far)"
    named_images = [image_named(deployment, text) for text in named]
    images = [image for image in named_images if image.status in PRESENT]
    for image in named_images:
        if image.status not in PRESENT:
            say(f"{printable(image.key)} is deleted already")
    examples = ", ".join(printable(image.key) for image in images[:3])
    return images, f"{count(len(images), 'image')} ({examples}{', ...' if len(images) > 3 else ''})"


def _show_nothing(*, dry_run: bool, as_json: bool) -> None:
    if as_json:
        emit({"dry_run": True, "images": []} if dry_run else {"removed": 0, "released": 0, "refused": []})
    say(f"nothing {'would be' if dry_run else 'was'} removed: no selected image is there")


def _show_plan(images: Iterable[Image], *, as_json: bool) -> None:
    places = (f"s3://{image.bucket}/{image.key}" for image in images)
    if as_json:
        emit({"dry_run": True, "images": list(places)})
        return
    number = 0
    for place in places:
        number += 1
        RESULTS.print(printable(place), soft_wrap=True)
    say(f"{count(number, 'original')} would be removed")


def _show(removal: Removal, *, as_json: bool) -> None:
    refused = [f"{printable(one.key)}: {one.reason}" for one in removal.refused]
    for line in refused:
        say(line, style="red")
    if as_json:
        emit({"removed": removal.removed, "released": removal.released, "refused": refused})
        return
    if removal.removed or not removal.released:
        RESULTS.print(f"{count(removal.removed, 'original')} removed; the variants follow")
    if removal.released:
        RESULTS.print(
            f"{count(removal.released, 'image')} removed with the variants; the originals stay in their bucket "
            "(PIXELFLEET_DELETE_ADOPTED_ORIGINALS=true lets rm delete originals too)",
            soft_wrap=True,
        )
