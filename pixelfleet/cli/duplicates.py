"""`pixelfleet duplicates`."""

from typing import Annotated, Final

import typer
from rich.filesize import decimal

from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, emit, say
from pixelfleet.cli.naming import batch_of
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import DEFAULT_OWNER
from pixelfleet.domain.similarity import MOST_DISTANCE, Look, same_bytes, same_look
from pixelfleet.errors import SetupError
from pixelfleet.operations import duplicates as operation
from pixelfleet.operations.batches import check_batch
from pixelfleet.settings import load_settings

#: Images of one group that are shown.
_SHOWN: Final = 5
#: Images between two lines of progress.
_EVERY: Final = 500


def duplicates(
    batch: Annotated[
        str | None,
        typer.Option("--batch", help="Only this batch: NAME, or OWNER/NAME. Without it: all images of --owner."),
    ] = None,
    *,
    exact: Annotated[
        bool, typer.Option("--exact", help="Images with the same bytes (SHA-256), which is also the default.")
    ] = False,
    near: Annotated[
        int | None,
        typer.Option(
            "--near",
            min=0,
            max=MOST_DISTANCE,
            metavar="BITS",
            help="Images that look the same: their hashes differ in at most so many of 64 bits. 4 suits photographs.",
        ),
    ] = None,
    owner: Annotated[str, typer.Option(help="Whose images.")] = DEFAULT_OWNER,
    as_json: AsJson = False,
) -> None:
    """Show groups of images with the same bytes, or with --near those that look the same. Changes nothing.

    An image without pixels (failed, or not processed yet) or of one colour has no hash, and is left out by --near.

        pixelfleet duplicates --owner ana

        pixelfleet duplicates --batch ana/summer --near 4
    """
    if exact and near is not None:
        raise SetupError("--exact and --near exclude each other: images with the same bytes also look the same")
    deployment = Deployment(load_settings())
    if batch is not None:
        owner, batch = batch_of(batch, owner)
        check_batch(deployment, owner, batch)
    looks = []
    with MESSAGES.status("reading images") as status:
        for look in operation.looks(deployment.images, owner, batch):
            looks.append(look)
            if len(looks) % _EVERY == 0:
                status.update(f"reading images: {len(looks):,}")
    groups = same_bytes(looks) if near is None else same_look(looks, near)
    if as_json:
        emit({"images": len(looks), "groups": [[_as_document(look) for look in group] for group in groups]})
        return
    if not looks and batch is None:
        say(f"{owner} has no images; --owner names another owner", style="yellow")
    _show(groups, len(looks))


def _show(groups: list[list[Look]], images: int) -> None:
    if not groups:
        RESULTS.print(f"no duplicates among {count(images, 'image')}")
        return
    for group in groups:
        RESULTS.print(f"{count(len(group), 'image')}, {decimal(_beyond_first(group))} beyond the first")
        for look in group[:_SHOWN]:
            RESULTS.print(f"  {look.key}", soft_wrap=True)
        if len(group) > _SHOWN:
            RESULTS.print(f"  and {len(group) - _SHOWN:,} more (--json shows them)")
    total = sum(_beyond_first(group) for group in groups)
    RESULTS.print(f"{count(len(groups), 'group')} among {count(images, 'image')}; {decimal(total)} beyond the first")


def _beyond_first(group: list[Look]) -> int:
    return sum(look.bytes for look in group[1:])


def _as_document(look: Look) -> dict[str, object]:
    return {
        "image_id": look.image_id,
        "key": look.key,
        "bytes": look.bytes,
        "sha256": look.sha256,
        "perceptual_hash": look.perceptual_hash,
    }
