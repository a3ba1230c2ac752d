"""Actions on many images at once: on selected images, or on all images of a filter."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from dashboard import actions
from dashboard.callers import Caller
from dashboard.problem import Problem
from dashboard.results import tiles_of, variant_of
from dashboard.site import Site
from dashboard.zips import Member, zip_of
from pixelfleet.aws.objects import ObjectGoneError
from pixelfleet.catalog.background import BackgroundTask
from pixelfleet.domain.image_filters import Filters
from pixelfleet.domain.records import Image, Status, StoredVariant
from pixelfleet.domain.tags import Tags
from pixelfleet.operations import bulk
from pixelfleet.operations.completion import MOVE
from pixelfleet.operations.image_pages import page_of
from pixelfleet.operations.moving import MoveOrder, move_images
from pixelfleet.operations.selection_manifest import ManifestFormat, manifest_of
from pixelfleet.operations.tile_sets import tiles_folder
from pixelfleet.uploads import batch_prefix

#: The API's description of an answer that is a ZIP.
ZIP: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A ZIP, written while it is sent.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}
#: The most images that one request names, and the most files of one ZIP.
MOST_NAMED: Final = 1_500
MOST_FILES: Final = 5_000
_PAGE: Final = 100
_MANIFEST_TYPES: Final = {
    ManifestFormat.NDJSON: "application/x-ndjson",
    ManifestFormat.CSV: "text/csv; charset=utf-8",
}
#: The API's description of an answer that is a manifest.
MANIFEST: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A line of JSON for each image, or as CSV a row for each variant, written while it is sent.",
        "content": {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in _MANIFEST_TYPES.values()},
    }
}
#: The name of the variant that means the uploaded file itself.
ORIGINAL: Final = "original"


def chosen(site: Site, caller: Caller, ids: Sequence[str], *, deleted: bool = False) -> Iterator[Image]:
    """The images of these ids that exist, or are deleted with `deleted`, and that the caller may see."""
    waiting = iter(ids)
    while some := list(islice(waiting, _PAGE)):
        records = site.deployment.images.get_many(some)
        present = (records[image_id] for image_id in some if image_id in records)
        mine = (image for image in present if caller.may_see(image.owner))
        yield from (image for image in mine if (image.status is Status.DELETED) == deleted)


def matching(site: Site, filters: Filters) -> Iterator[Image]:
    """All images of a filter. One page at a time is in memory."""
    cursor: str | None = None
    while True:
        page = page_of(site.deployment, filters, cursor, _PAGE)
        yield from page.images
        if page.cursor is None:
            return
        cursor = page.cursor


def delete(site: Site, caller: Caller, images: Iterator[Image], on: str) -> BackgroundTask:
    """Raises Problem 429 while too many background tasks are at work."""
    return site.background_tasks.bulk(
        "delete",
        caller.name,
        on,
        lambda progress: bulk.delete_images(site.deployment, images, caller.name, on, progress),
    )


def restore(site: Site, caller: Caller, images: Iterator[Image], on: str) -> BackgroundTask:
    """Raises Problem 429 while too many background tasks are at work."""
    return site.background_tasks.bulk(
        "restore",
        caller.name,
        on,
        lambda progress: bulk.restore_images(site.deployment, images, caller.name, on, progress),
    )


def move(site: Site, caller: Caller, images: Iterator[Image], on: str, batch: str) -> BackgroundTask:
    """Raises Problem 429 while too many background tasks are at work, SetupError for a text that is no batch's name."""
    batch_prefix(caller.name, batch)
    order = MoveOrder(batch, caller.name, on)

    def work(progress: bulk.Progress) -> bulk.BulkResult:
        return move_images(site.deployment, images, order, progress)

    return site.background_tasks.bulk(MOVE, caller.name, f"{on} to {batch}", work)


def reprocess(site: Site, caller: Caller, images: Iterator[Image], on: str, recipe: str | None) -> BackgroundTask:
    """Raises Problem 429 while too many background tasks are at work, 422 for no recipe."""
    ref = actions.recipe_ref(site, recipe) if recipe else None

    def work(progress: bulk.Progress) -> bulk.BulkResult:
        return bulk.reprocess_images(site.deployment, images, caller.name, on, ref, progress)

    return site.background_tasks.bulk("process again", caller.name, on, work)


def tag(site: Site, caller: Caller, images: Iterator[Image], on: str, tags: Tags) -> BackgroundTask:
    """Raises Problem 429 while too many background tasks are at work."""

    def work(progress: bulk.Progress) -> bulk.BulkResult:
        return bulk.tag_images(site.deployment, images, caller.name, on, tags, progress)

    return site.background_tasks.bulk("tag", caller.name, on, work)


def members(site: Site, images: Iterator[Image], variant: str) -> Iterator[Member]:
    """The files of a ZIP, opened one after another. An image without the variant has no file."""
    for image in islice(images, MOST_FILES):
        yield _member(site, image, variant)


def manifest(site: Site, images: Iterator[Image], written_as: ManifestFormat) -> StreamingResponse:
    """The manifest of images, which is written while it is sent."""
    lines = manifest_of(images, site.settings.results_bucket, site.url, written_as)
    headers = {
        "Content-Disposition": f'attachment; filename="pixelfleet.{written_as}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(lines, media_type=_MANIFEST_TYPES[written_as], headers=headers)


def tile_members(site: Site, image: Image, variant: StoredVariant) -> Iterator[Member]:
    """The files of a set of tiles: the entry file, and below its folder as the Deep Zoom format has it."""
    objects, bucket = site.deployment.objects, site.settings.results_bucket
    stem = f"{PurePosixPath(image.path).stem}-{variant.name}"
    yield Member(f"{stem}{PurePosixPath(variant.key).suffix}", objects.open(bucket, variant.key).chunks)
    folder = tiles_folder(variant.key)
    for page in site.deployment.listings.pages(bucket, folder):
        for tile in page:
            name = f"{stem}_files/{tile.key.removeprefix(folder)}"
            yield Member(name, objects.open(bucket, tile.key).chunks)


def zip_of_tiles(site: Site, image: Image) -> StreamingResponse:
    """The tiles of an image as a ZIP, which is written while it is sent. Raises Problem 404: there are none."""
    tiles = tiles_of(image)
    if tiles is None:
        raise Problem(404, "the image has no tiles")
    name = quote(f"{PurePosixPath(image.path).stem}-{tiles.name}.zip")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "Cache-Control": "no-store"}
    return StreamingResponse(zip_of(tile_members(site, image, tiles)), media_type="application/zip", headers=headers)


def in_words(filters: Filters) -> str:
    """The description of a filter's images, for people."""
    first = {"owner": filters.owner, "batch": filters.batch, "status": filters.status, "cause": filters.cause}
    parts = first | {"name": filters.name, "from": filters.since, "to": filters.until} | filters.contents
    return "all images: " + ", ".join(f"{name} {value}" for name, value in parts.items() if value)


def everything_of(filters: Filters) -> Filters:
    """The same images in an order that deleting and processing again do not change."""
    return filters.changed(order=None)


def _member(site: Site, image: Image, variant: str) -> Member:
    path = PurePosixPath(image.path)
    try:
        if variant == ORIGINAL:
            return Member(str(path), site.deployment.objects.open(image.bucket, image.key, image.version_id).chunks)
        made = variant_of(image, variant)
        if made is None or made.files > 1:
            return Member(str(path), None)
        name = path.with_name(f"{path.stem}-{variant}{PurePosixPath(made.key).suffix}")
        return Member(str(name), site.deployment.objects.open(site.settings.results_bucket, made.key).chunks)
    except ObjectGoneError:
        return Member(str(path), None)
