"""/batches: lists, making one, one batch with its counts, its manifest, sealing it."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from dashboard import actions
from dashboard.access import batch_of, owner_for, owners_for
from dashboard.api.etags import READING, tagged
from dashboard.api.images import CursorQuery, OwnerQuery
from dashboard.api.models.batches import BatchDetail, BatchIn, BatchPage, row_out
from dashboard.api.models.images import ImageSummary
from dashboard.batch_list import batches_page
from dashboard.callers import Reader, Writer
from dashboard.problem import Problem
from dashboard.problems import responses
from dashboard.site import Site, site_of
from pixelfleet.domain.image_filters import EVERYBODY
from pixelfleet.domain.records import Batch, Counts
from pixelfleet.operations import completion
from pixelfleet.operations.batch_images import batch_images
from pixelfleet.operations.monitoring import batch_time_left
from pixelfleet.operations.removal import PRESENT
from pixelfleet.uploads import batch_prefix

router = APIRouter(tags=["batches"])

_LINES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "One line of JSON for each image, as in lists, ordered by name.",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}
Owner = Annotated[str, Path(max_length=64, description="Whose.")]
Name = Annotated[str, Path(max_length=128, description="The batch's name.")]


@router.get("/batches", response_model=BatchPage, responses=READING, summary="List batches, newest first")
def list_batches(request: Request, caller: Reader, owner: OwnerQuery = None, cursor: CursorQuery = None) -> Response:
    """Rollouts are among them, with `kind` rollout: those of the images of the owner, or of everybody with owner=*."""
    site = site_of(request)
    listed, following = batches_page(site, None if (whose := owners_for(caller, owner)) == EVERYBODY else whose, cursor)
    answer = BatchPage(batches=[row_out(row) for row in listed], next=following)
    return tagged(request, answer)


@router.post(
    "/batches",
    status_code=201,
    response_model=BatchDetail,
    responses=responses(400, 401, 403, 404, 409, 422, 429, 503),
    summary="Make a batch, before its first upload",
)
def make_batch(request: Request, caller: Writer, body: BatchIn) -> BatchDetail:
    """An upload makes its batch by itself. Make the batch first to give its images a recipe, whoever uploads them."""
    site, owner = site_of(request), owner_for(caller, body.owner)
    batch_prefix(owner, body.name)
    if site.deployment.batches.get(owner, body.name) is not None:
        raise Problem(409, f"there is a batch {owner}/{body.name} already; it keeps its recipe")
    recipe = actions.recipe_ref(site, body.recipe) if body.recipe else None
    return _detail(site, site.deployment.batches.create(owner, body.name, recipe), Counts())


@router.get(
    "/batches/{owner}/{name}",
    response_model=BatchDetail,
    responses=READING,
    summary="Get one batch with its progress",
)
def get_batch(request: Request, caller: Reader, owner: Owner, name: Name) -> Response:
    site = site_of(request)
    batch = batch_of(site, caller, owner, name)
    return tagged(request, _detail(site, batch, site.deployment.batches.counts(owner, name)))


@router.get(
    "/batches/{owner}/{name}/manifest",
    response_class=StreamingResponse,
    responses={**_LINES, **responses(400, 401, 403, 404, 422, 429, 503)},
    summary="Get one JSON line for every image of a batch",
)
def get_manifest(request: Request, caller: Reader, owner: Owner, name: Name) -> StreamingResponse:
    site = site_of(request)
    batch_of(site, caller, owner, name)
    headers = {"Content-Disposition": f'attachment; filename="{owner}-{name}.ndjson"'}
    return StreamingResponse(manifest_lines(site, owner, name), media_type="application/x-ndjson", headers=headers)


@router.post(
    "/batches/{owner}/{name}/seal",
    response_model=BatchDetail,
    responses=responses(400, 401, 403, 404, 422, 429, 503),
    summary="Seal a batch: it has all its images",
)
def seal_batch(request: Request, caller: Writer, owner: Owner, name: Name) -> BatchDetail:
    """The batch has the images that are in the bucket now.

    The batch completes, with a notice, when all of its images are accounted for.

    The request's body is ignored: programs of earlier releases sent the ids of the images.
    """
    site = site_of(request)
    batch_of(site, caller, owner, name)
    return _detail(site, *completion.seal(site.deployment, owner, name))


def _detail(site: Site, batch: Batch, counts: Counts) -> BatchDetail:
    return BatchDetail.counted(batch, counts, batch_time_left(site.deployment, batch, counts))


def manifest_lines(site: Site, owner: str, name: str) -> Iterator[str]:
    """A line of JSON for each image that is present, by name; no image comes twice."""
    for image in batch_images(site.deployment.images, owner, name, PRESENT):
        summary = ImageSummary.of(image)
        yield json.dumps(summary.model_dump(mode="json"), separators=(",", ":")) + "\n"
