"""`pixelfleet show IMAGE`."""

from typing import Annotated, Any, Final

import typer
from rich.filesize import decimal
from rich.table import Table

from pixelfleet.cli.console import RESULTS, AsJson, emit, local, printable
from pixelfleet.cli.naming import image_named
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image
from pixelfleet.domain.variant_files import label_of
from pixelfleet.settings import load_settings

#: Seconds that a link to a result works.
LINK_SECONDS: Final = 3_600
#: Digits of the digest of a recipe: enough for `pixelfleet recipe show`.
_DIGEST: Final = 12

ImageArgument = Annotated[str, typer.Argument(metavar="IMAGE", help="An image's id, its key, or s3://BUCKET/KEY.")]


def show(image: ImageArgument, *, as_json: AsJson = False) -> None:
    """Show the record of one image: variants with links, history, and why it failed.

    Links to results work for an hour.

        pixelfleet show uploads/me/summer/a.jpg
    """
    deployment = Deployment(load_settings())
    record = image_named(deployment, image)
    links = {
        label_of(record.variants, variant): deployment.links.result(variant.key, LINK_SECONDS)
        for variant in record.variants
    }
    page = f"{deployment.settings.dashboard_url.rstrip('/')}/images/{record.image_id}"
    if as_json:
        emit(record.model_dump(mode="json") | {"links": links, "dashboard": page})
        return
    _show(record, links, page)


def _show(image: Image, links: dict[str, str], page: str) -> None:
    facts: dict[str, Any] = {
        "image": image.image_id,
        "original": f"s3://{image.bucket}/{image.key}",
        "status": image.status if image.cause is None else f"{image.status}: {image.cause}: {image.message}",
        "owner": image.owner,
        "batch": image.batch or "-",
        "recipe": f"{image.recipe.name}@{image.recipe.digest[:_DIGEST]}" if image.recipe else "-",
        "size": f"{image.width} x {image.height} {image.format}" if image.width else "-",
        "bytes": decimal(image.bytes) if image.bytes is not None else "-",
        "sha-256": image.sha256 or "-",
        "page": page,
    }
    for name, value in facts.items():
        RESULTS.print(f"{name:<9} {value}", soft_wrap=True)
    for variant in image.variants:
        RESULTS.print(
            f"\n{variant.name}: {variant.width} x {variant.height} {variant.format}, {decimal(variant.bytes)}"
        )
        RESULTS.print(links[label_of(image.variants, variant)], soft_wrap=True)
    if image.aliases:
        RESULTS.print()
    for alias in image.aliases:
        key = printable(f"s3://{alias.bucket}/{alias.key}" if alias.key else alias.file)
        RESULTS.print(f"alias {key}{f': {alias.state}: {alias.problem}' if alias.problem else ''}", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for column in ("when", "what", "worker", "recipe", "cause", "asked by"):
        table.add_column(column, overflow="fold")
    for line in image.attempt_log:
        table.add_row(local(line.at, seconds=True), line.what, line.worker, line.recipe, line.cause or "", line.origin)
    RESULTS.print()
    RESULTS.print(table)
