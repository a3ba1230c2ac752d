"""`pixelfleet rm`."""

from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any, Final

import typer

from pixelfleet.aws.errors import translated
from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, emit, say
from pixelfleet.cli.naming import batch_of, image_named
from pixelfleet.cli.selection import YesOption, confirm, who
from pixelfleet.cli.watch import look
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import SetupError
from pixelfleet.operations.batch_images import batch_images
from pixelfleet.settings import load_settings

#: Keys that DeleteObjects takes (S3 API reference).
DELETED_AT_ONCE: Final = 1_000
THERE: Final = tuple(status for status in Status if status is not Status.DELETED)


def rm(
    images: Annotated[
        list[str] | None, typer.Argument(metavar="[IMAGE...]", help="By id, by key, or as s3://BUCKET/KEY.")
    ] = None,
    *,
    batch: Annotated[str | None, typer.Option("--batch", help="Every image of a batch: NAME, or OWNER/NAME.")] = None,
    yes: YesOption = False,
    as_json: AsJson = False,
) -> None:
    """Remove originals; the fleet then removes their variants and marks the records deleted.

    The bucket keeps versions: an original can be had back from there until its lifecycle rule drops it.

        pixelfleet rm uploads/me/summer/a.jpg

        pixelfleet rm --batch me/summer
    """
    if bool(images) == bool(batch):
        raise SetupError("name either images or one --batch to remove")
    deployment = Deployment(load_settings())
    if batch:
        owner, name = batch_of(batch)
        found, counts = look(deployment, owner, name)
        confirm(f"All images of batch {found.batch_id} would be removed ({counts.accounted:,} so far).", yes=yes)
        meant: Iterable[Image] = batch_images(deployment.images, owner, name, THERE)
        on = found.batch_id
    else:
        named = [image_named(deployment, text) for text in images or []]
        confirm(f"{len(named):,} images would be removed: {', '.join(image.key for image in named[:3])}", yes=yes)
        meant, on = named, named[0].key if len(named) == 1 else f"{len(named)} images"
    removed, refused = _remove(deployment, meant)
    deployment.activity.note(who(), "rm", on, {"removed": removed, "refused": len(refused)})
    for line in refused:
        say(line, style="red")
    if as_json:
        emit({"removed": removed, "refused": refused})
    else:
        RESULTS.print(f"{removed:,} originals removed; their variants follow")
    if refused:
        raise typer.Exit(1)


def _remove(deployment: Deployment, images: Iterable[Image]) -> tuple[int, list[str]]:
    removed, refused = 0, []
    waiting = iter(images)
    with MESSAGES.status("removing") as status:
        while some := list(islice(waiting, DELETED_AT_ONCE)):
            for bucket in sorted({image.bucket for image in some}):
                keys: list[Any] = [{"Key": image.key} for image in some if image.bucket == bucket]
                with translated(f"remove from {bucket}"):
                    answer = deployment.s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
                errors = answer.get("Errors", [])
                refused += [f"{error.get('Key')}: {error.get('Message')}" for error in errors]
                removed += len(keys) - len(errors)
            status.update(f"removed {removed:,}")
    return removed, refused
