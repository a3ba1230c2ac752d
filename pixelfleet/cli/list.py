"""`pixelfleet list`."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError
from rich.filesize import decimal
from rich.table import Table

from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, emit, local, say
from pixelfleet.cli.naming import batch_of
from pixelfleet.deployment import Deployment
from pixelfleet.domain.colours import Colour
from pixelfleet.domain.image_filters import EVERYBODY, FileSize, Filters, ImageOrder, Shape
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import Cause, SetupError
from pixelfleet.operations.batches import check_batch
from pixelfleet.operations.image_pages import first_of
from pixelfleet.operations.manifest import manifest_line
from pixelfleet.settings import load_settings

#: The most images of one list: so many records are in memory to put them in an order without an index.
MOST: Final = 100_000


def list(  # noqa: A001 - the command's name
    *,
    owner: Annotated[str | None, typer.Option(help="Only images of this owner. Without it: of everybody.")] = None,
    batch: Annotated[str | None, typer.Option(help="Only this batch: NAME with --owner, or OWNER/NAME.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only in this state.")] = None,
    cause: Annotated[Cause | None, typer.Option(metavar="CAUSE", help="Only failed by this cause.")] = None,
    name: Annotated[str, typer.Option(metavar="TEXT", help="Any part of the name.")] = "",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="Uploaded on this day or later, UTC.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="Uploaded on this day or earlier.")
    ] = None,
    camera: Annotated[str, typer.Option(metavar="TEXT", help="Any part of the camera's name.")] = "",
    lens: Annotated[str, typer.Option(metavar="TEXT", help="Any part of the lens' name.")] = "",
    taken: Annotated[
        str, typer.Option(metavar="WHEN", help="By the camera's clock: 2026, 2026-07 or 2026-07-01.")
    ] = "",
    near: Annotated[
        str, typer.Option(metavar="PLACE", help="latitude,longitude, within 25 km; a third number is other km.")
    ] = "",
    format: Annotated[  # noqa: A002 - the option's name
        str, typer.Option(metavar="FORMAT", help="The original's format: jpeg, png, tiff, heif.")
    ] = "",
    shape: Annotated[Shape | None, typer.Option(help="By width and height.")] = None,
    colour: Annotated[Colour | None, typer.Option(metavar="COLOUR", help="The main colour, such as blue.")] = None,
    size: Annotated[
        FileSize | None, typer.Option(help="Of the original: under 1 MB, 1 to 10, 10 to 100, over 100 MB.")
    ] = None,
    tag: Annotated[str, typer.Option(metavar="TAG", help="Only images with this tag.")] = "",
    order: Annotated[
        ImageOrder | None, typer.Option(help="Order of the list. Write --order=-size with =, because of the sign.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="At most so many images.")] = 50,
    manifest: Annotated[
        bool, typer.Option("--manifest", help="Print a line of JSON for each image, as `batch manifest` does.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List images that match filters, as the dashboard's gallery does.

        pixelfleet list --batch me/summer --order=-size --limit 10

        pixelfleet list --owner me --camera "EOS R6" --taken 2026-07

        pixelfleet list --owner me --status failed --manifest > failed.jsonl

    Filters beyond owner, batch, status, days and name read the record of every image; so do orders but those by name
    of a batch, and by time of an owner.
    """
    if batch is not None:
        owner, batch = batch_of(batch, owner) if owner else batch_of(batch)
    asked: dict[str, Any] = {
        "owner": owner or EVERYBODY, "batch": batch, "status": status, "cause": cause, "name": name,
        "since": since and since.date(), "until": until and until.date(), "camera": camera, "lens": lens,
        "taken": taken, "near": near, "format": format, "shape": shape, "colour": colour, "size": size, "tag": tag,
        "order": order,
    }  # fmt: skip
    filters, deployment = _filters(asked), Deployment(load_settings())
    check_batch(deployment, filters.owner, filters.batch)
    with MESSAGES.status("reading images"):
        images = first_of(deployment, filters, limit)
        if manifest:
            number = _print_manifest(images, deployment.settings.results_bucket)
        else:
            number = _show(images, as_json=as_json)
    if number == limit and not as_json:
        say(f"the first {number:,}; --limit shows more")


def _filters(asked: dict[str, Any]) -> Filters:
    try:
        return Filters(**asked)
    except ValidationError as error:
        first = error.errors()[0]
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise SetupError(f"--{first['loc'][0]} {first['input']!r}: {reason}") from None


def _print_manifest(images: Iterator[Image], results_bucket: str) -> int:
    number = 0
    for number, image in enumerate(images, 1):  # noqa: B007 - the last number is the count
        sys.stdout.write(json.dumps(manifest_line(image, results_bucket), separators=(",", ":")) + "\n")
    return number


def _show(images: Iterator[Image], *, as_json: bool) -> int:
    listed = [*images]
    if as_json:
        emit({"images": [_as_document(image) for image in listed]})
        return len(listed)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("image", overflow="fold")
    for column in ("status", "bytes", "uploaded"):
        table.add_column(column, justify="right", no_wrap=True)
    for image in listed:
        size = decimal(image.bytes) if image.bytes is not None else "-"
        table.add_row(image.key, image.cause or image.status, size, local(image.uploaded_at))
    RESULTS.print(table if listed else "no image matches")
    return len(listed)


def _as_document(image: Image) -> dict[str, Any]:
    names = ("image_id", "key", "owner", "batch", "status", "cause", "message", "format", "width", "height", "bytes")
    fields = image.model_dump(mode="json", include={*names, "exif", "tags", "sha256", "uploaded_at", "finished_at"})
    return fields | {"name": image.path}
