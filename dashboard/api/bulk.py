"""/bulk: one action on many images, or their files in one ZIP."""

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field

from dashboard import bulk
from dashboard.access import owners_for
from dashboard.api.models.base import IMAGE_ID, Model
from dashboard.api.models.fleet import BackgroundTaskOut, task_out
from dashboard.callers import Caller, Reader, Writer
from dashboard.problem import Problem
from dashboard.problems import responses
from dashboard.rendering import things
from dashboard.site import Site, site_of
from dashboard.zips import zip_of
from pixelfleet.domain.image_filters import Filters, ImageFilters
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.tags import MOST_TAGS, Tags, parse_tag
from pixelfleet.operations.selection_manifest import ManifestFormat

router = APIRouter(tags=["images"])

Tag = Annotated[str, Field(min_length=1, max_length=60)]


class Matching(ImageFilters):
    """All images that a list with these filters shows."""

    model_config = ConfigDict(extra="forbid")

    owner: str | None = Field(None, max_length=64, description="Operators: whose, or `*`.", examples=[None])


class Selection(Model):
    """Images by their ids, or all that filters show."""

    image_ids: list[Annotated[str, Field(pattern="^[a-z2-7]{32}$")]] = Field(
        default=[], max_length=bulk.MOST_NAMED, examples=[[IMAGE_ID]]
    )
    matching: Matching | None = Field(None, description="In the place of ids.")

    def chosen(self, site: Site, caller: Caller, *, deleted: bool = False) -> tuple[Iterator[Image], str]:
        """The images, and their description for people. Raises Problem 422 for both kinds of choice, and for none."""
        if bool(self.image_ids) == (self.matching is not None):
            raise Problem(422, "name the images by image_ids or by matching, and not by both")
        if self.matching is None:
            words = things(len(self.image_ids), "image")
            return bulk.chosen(site, caller, self.image_ids, deleted=deleted), words
        only = {"status": Status.DELETED} if deleted else {}
        filters = Filters.of(owners_for(caller, self.matching.owner), self.matching, **only)
        return bulk.matching(site, filters), bulk.in_words(filters)


class BulkIn(Selection):
    """The same for many images, as a background task."""

    action: Literal["delete", "restore", "reprocess", "move", "tag"] = Field(
        description="`restore` brings deleted images back, as far as the bucket keeps their versions.",
        examples=["reprocess"],
    )
    batch: str = Field(
        "",
        max_length=128,
        description="For `move`: the batch. A moved image is a new image there, with another id.",
        examples=[""],
    )
    recipe: str | None = Field(
        None, max_length=64, description="For `reprocess`: another recipe.", examples=["catalog"]
    )
    add_tags: list[Tag] = Field(default=[], max_length=MOST_TAGS, description="For `tag`.", examples=[["beach"]])
    remove_tags: list[Tag] = Field(default=[], max_length=MOST_TAGS, description="For `tag`.", examples=[[]])


class BulkDownloadIn(Selection):
    """Download files of many images as one ZIP."""

    variant: str = Field(bulk.ORIGINAL, max_length=100, description="A variant, or `original`.", examples=["optimized"])


class BulkManifestIn(Selection):
    """The manifest of many images."""

    format: ManifestFormat = Field(ManifestFormat.NDJSON, examples=["ndjson"])


@router.post(
    "/bulk",
    status_code=202,
    response_model=BackgroundTaskOut,
    responses=responses(400, 401, 403, 404, 422, 429, 503),
    summary="Delete many images, restore them, process them again, move them, or tag them",
)
def do_in_bulk(request: Request, caller: Writer, body: BulkIn) -> BackgroundTaskOut:
    """Images that do not exist or are not yours are skipped. Follow the task at `/background-tasks/{task_id}`."""
    site = site_of(request)
    images, on = body.chosen(site, caller, deleted=body.action == "restore")
    if body.action == "delete":
        return task_out(bulk.delete(site, caller, images, on))
    if body.action == "restore":
        return task_out(bulk.restore(site, caller, images, on))
    if body.action == "move":
        return task_out(bulk.move(site, caller, images, on, body.batch))
    if body.action == "reprocess":
        return task_out(bulk.reprocess(site, caller, images, on, body.recipe))
    tags = Tags(tuple(map(parse_tag, body.add_tags)), tuple(map(parse_tag, body.remove_tags)))
    return task_out(bulk.tag(site, caller, images, on, tags))


@router.post(
    "/bulk/download",
    response_class=StreamingResponse,
    responses={**bulk.ZIP, **responses(400, 401, 403, 404, 422, 429, 503)},
    summary="Files of many images in one ZIP",
)
def download_in_bulk(request: Request, caller: Reader, body: BulkDownloadIn) -> StreamingResponse:
    """The first 5,000 files. An image that has no such variant has no file in the ZIP."""
    site = site_of(request)
    images, _ = body.chosen(site, caller)
    return StreamingResponse(zip_of(bulk.members(site, images, body.variant)), media_type="application/zip")


@router.post(
    "/bulk/manifest",
    response_class=StreamingResponse,
    responses={**bulk.MANIFEST, **responses(400, 401, 403, 404, 422, 429, 503)},
    summary="The manifest of many images: variants, bytes, SHA-256, addresses",
)
def manifest_in_bulk(request: Request, caller: Reader, body: BulkManifestIn) -> StreamingResponse:
    """As many images as are selected or match. The addresses of variants are stable and not signed."""
    site = site_of(request)
    images, _ = body.chosen(site, caller)
    return bulk.manifest(site, images, body.format)
