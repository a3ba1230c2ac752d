"""/images: lists, one image, its variants, deleting it, processing it again."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from dashboard import actions, bulk
from dashboard.access import image_for, owner_for, owners_for, record_for
from dashboard.api.etags import READING, tagged
from dashboard.api.models.images import (
    DuplicateGroups,
    DuplicateOut,
    DuplicatesOut,
    ImageOut,
    ImagePage,
    ImageQuery,
    ImageSummary,
    LinkIn,
    LinkOut,
    MonthsOut,
    Reprocess,
)
from dashboard.callers import Reader, Writer
from dashboard.months import months_of
from dashboard.problem import Problem
from dashboard.problems import responses
from dashboard.results import SOON, is_lazy, link_of, stable_link_of, variant_of
from dashboard.scoring import ScoreOut, score_by_name
from dashboard.site import Site, site_of
from pixelfleet.domain.image_filters import Filters
from pixelfleet.domain.records import Image
from pixelfleet.domain.similarity import MOST_DISTANCE
from pixelfleet.domain.stable_addresses import stable_address
from pixelfleet.operations.duplicates import Scope, duplicates, groups_of, lookalikes
from pixelfleet.operations.image_pages import page_of
from pixelfleet.operations.list_cursors import decode_cursor, encode_cursor

router = APIRouter(tags=["images"])

_LEADS_ON: Final[dict[int | str, dict[str, Any]]] = {
    302: {"description": "Redirect to the file; the address works for five minutes."}
}
ImageId = Annotated[str, Path(pattern="^[a-z2-7]{32}$", description="The image's id.")]
RevisionName = Annotated[
    str, Path(pattern=r"^[0-9a-f]{32}(\.[0-9]{1,12})?$", description="A revision that `kept_revisions` lists.")
]
OwnerQuery = Annotated[
    str | None,
    Query(max_length=64, description="An owner, or `*` for all owners; operators only. Default: the caller."),
]
NearQuery = Annotated[
    int | None,
    Query(
        ge=0,
        le=MOST_DISTANCE,
        description="Those that look the same: their hashes differ in at most so many of 64 bits. 4 suits photographs.",
    ),
]
CursorQuery = Annotated[str | None, Query(max_length=2_000, description="`next` of the previous page.")]


@router.get("/images", response_model=ImagePage, responses=READING, summary="List images, newest first")
def list_images(request: Request, caller: Reader, asked: Annotated[ImageQuery, Query()]) -> Response:
    site = site_of(request)
    filters = Filters.of(owners_for(caller, asked.owner), asked)
    page = page_of(site.deployment, filters, asked.cursor, asked.limit)
    summaries = [ImageSummary.of(image) for image in page.images]
    return tagged(request, ImagePage(images=summaries, next=page.cursor))


@router.get(
    "/months", response_model=MonthsOut, responses=READING, summary="List the months that have images, newest first"
)
def list_months(
    request: Request,
    caller: Reader,
    owner: OwnerQuery = None,
    before: Annotated[
        str,
        Query(pattern=r"^(\d{4}-\d\d)?$", description="`next` of the previous answer; the answer has older months."),
    ] = "",
) -> Response:
    """An answer has 24 months. `/images` with `since` and `until` lists the images of a month."""
    listed, following = months_of(site_of(request).deployment.images, owner_for(caller, owner), before)
    return tagged(request, MonthsOut(months=[month.name for month in listed], next=following))


@router.get("/images/{image_id}", response_model=ImageOut, responses=READING, summary="One image")
def get_image(request: Request, caller: Reader, image_id: ImageId) -> Response:
    """The record of a deleted image still has its status and its history."""
    return tagged(request, ImageOut.of(record_for(site_of(request), caller, image_id)))


@router.get(
    "/images/{image_id}/duplicates",
    response_model=DuplicatesOut,
    responses=READING,
    summary="Images of the same owner with the same bytes, or that look the same",
)
def get_duplicates(request: Request, caller: Reader, image_id: ImageId, near: NearQuery = None) -> Response:
    """Images that look the same are looked for among the 1,000 of the owner that were uploaded nearest to this one."""
    site = site_of(request)
    image = image_for(site, caller, image_id)
    same = duplicates(site.deployment.images, image)
    similar = lookalikes(site.deployment.images, image, near) if near is not None else []
    document = DuplicatesOut(
        images=[ImageSummary.of(one) for one in same], lookalikes=[DuplicateOut.of(one) for one in similar]
    )
    return tagged(request, document)


@router.get(
    "/duplicates",
    response_model=DuplicateGroups,
    responses=READING,
    summary="Groups of images with the same bytes, or that look the same",
)
def list_duplicates(
    request: Request,
    caller: Reader,
    *,
    owner: Annotated[str | None, Query(max_length=64, description="Operators: whose; left out, your own.")] = None,
    batch: Annotated[str | None, Query(max_length=128, description="With an image in this batch, by name.")] = None,
    near: NearQuery = None,
    cursor: CursorQuery = None,
) -> Response:
    """Newest first, or a batch by path. A page looks at 1,000 images. A group with the same bytes has at most 25.

    Images that look the same are compared within one page.
    """
    scope = Scope(owner_for(caller, owner), batch or None, near)
    page = groups_of(site_of(request).deployment.images, scope, decode_cursor(cursor))
    document = DuplicateGroups(
        groups=[[DuplicateOut.of(one) for one in group] for group in page.groups],
        looked_at=page.looked_at,
        next=encode_cursor(page.cursor) if page.cursor else None,
    )
    return tagged(request, document)


@router.delete(
    "/images/{image_id}",
    status_code=204,
    responses=responses(401, 403, 404, 409, 422, 429, 503),
    summary="Delete an image: original, record and variants",
)
def delete_image(request: Request, caller: Writer, image_id: ImageId) -> Response:
    """409 if another file was uploaded under the name of the image, and the record is not of that file yet."""
    site = site_of(request)
    actions.delete(site, caller, image_for(site, caller, image_id))
    return Response(status_code=204)


@router.post(
    "/images/{image_id}/reprocess",
    status_code=202,
    response_model=ImageOut,
    responses=responses(401, 403, 404, 409, 422, 429, 503),
    summary="Process an image again, with another recipe or with the same",
)
def reprocess_image(request: Request, caller: Writer, image_id: ImageId, body: Reprocess) -> ImageOut:
    site = site_of(request)
    return ImageOut.of(actions.reprocess(site, caller, image_for(site, caller, image_id), body.recipe))


@router.post(
    "/images/{image_id}/revisions/{revision}/current",
    response_model=ImageOut,
    responses=responses(400, 401, 403, 404, 422, 429, 503),
    summary="Make an earlier revision current again, without rendering",
)
def make_current(request: Request, caller: Writer, image_id: ImageId, revision: RevisionName) -> ImageOut:
    """The image's own recipe is then that of the revision. The present revision is kept in its place."""
    site = site_of(request)
    return ImageOut.of(actions.make_current(site, caller, image_for(site, caller, image_id), revision))


@router.get(
    "/images/{image_id}/variants/{name}",
    status_code=302,
    response_class=RedirectResponse,
    responses={**_LEADS_ON, **responses(401, 403, 404, 422, 429, 503)},
    summary="Redirect to a variant",
)
def get_variant(
    request: Request,
    caller: Reader,
    image_id: ImageId,
    name: Annotated[
        str, Path(max_length=100, description="The variant's name; `card.avif` for one of several formats.")
    ],
) -> RedirectResponse:
    site = site_of(request)
    image = image_for(site, caller, image_id)
    variant = variant_of(image, name)
    if variant is None:
        raise _no_variant(site, image, name)
    return RedirectResponse(link_of(site, variant, SOON), 302)


@router.get(
    "/images/{image_id}/variants/{name}/score",
    response_model=ScoreOut,
    responses=READING,
    summary="How much a variant looks like its original",
)
def get_score(
    request: Request,
    caller: Reader,
    image_id: ImageId,
    name: Annotated[str, Path(max_length=100, description="The variant's name.")],
    revision: Annotated[
        str | None,
        Query(pattern=r"^[0-9a-f]{32}(\.[0-9]{1,12})?$", description="Of `kept_revisions`; left out, the present one."),
    ] = None,
) -> Response:
    """The pixels are decoded for the answer: at most 30 scores a minute, one at a time in each process."""
    site = site_of(request)
    image = image_for(site, caller, image_id)
    return tagged(request, score_by_name(site, caller, image, name, revision))


@router.get(
    "/images/{image_id}/tiles.zip",
    response_class=StreamingResponse,
    responses={**bulk.ZIP, **responses(401, 403, 404, 422, 429, 503)},
    summary="Download the tiles of an image as one ZIP",
)
def get_tiles(request: Request, caller: Reader, image_id: ImageId) -> StreamingResponse:
    """The entry file and its folder, as the Deep Zoom format has them."""
    site = site_of(request)
    return bulk.zip_of_tiles(site, image_for(site, caller, image_id))


@router.get(
    "/images/{image_id}/original",
    status_code=302,
    response_class=RedirectResponse,
    responses={**_LEADS_ON, **responses(401, 403, 404, 422, 429, 503)},
    summary="Where the original lies",
)
def get_original(request: Request, caller: Reader, image_id: ImageId) -> RedirectResponse:
    site = site_of(request)
    return RedirectResponse(site.deployment.links.original(image_for(site, caller, image_id), SOON), 302)


@router.post(
    "/images/{image_id}/links",
    status_code=201,
    response_model=LinkOut,
    responses=responses(401, 403, 404, 422, 429, 503),
    summary="Make a link to a variant. Everybody who has the link may follow it",
)
def make_link(request: Request, caller: Writer, image_id: ImageId, body: LinkIn) -> LinkOut:
    site = site_of(request)
    image = image_for(site, caller, image_id)
    variant = variant_of(image, body.variant)
    if body.stable and (variant is not None or is_lazy(site, image, body.variant)):
        if variant is not None and variant.files > 1:
            raise Problem(422, 'a set of tiles has no stable address: leave out `"stable": true`')
        return LinkOut(url=stable_link_of(site, image, body.variant, body.seconds), expires_in=body.seconds)
    if variant is None:
        raise _no_variant(site, image, body.variant)
    return LinkOut(url=link_of(site, variant, body.seconds), expires_in=body.seconds)


def _no_variant(site: Site, image: Image, name: str) -> Problem:
    if is_lazy(site, image, name):
        return Problem(
            404, f"the variant {name!r} is lazy, and not made yet: a request to {stable_address(image, name)} makes it"
        )
    return Problem(404, f"the image has no variant {name!r}")
