"""One image: seen, compared, explained, downloaded, linked to, made again, deleted."""

from pathlib import PurePosixPath
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from dashboard import actions
from dashboard.access import image_for, record_for
from dashboard.bulk import zip_of_tiles
from dashboard.callers import FormCaller, PageCaller
from dashboard.duplicate_cards import NEAR, duplicate_cards
from dashboard.flash import Note
from dashboard.guard import content_security_policy
from dashboard.pages.gallery_pages import cards
from dashboard.problem import Problem
from dashboard.recipe_choices import recipe_choices
from dashboard.results import DRAWABLE, SOON, drawable, link_of, thumb_of, tiles_of, variant_of
from dashboard.scoring import ScoreOut, score_by_key
from dashboard.site import Site, site_of
from dashboard.superseded import superseded_in_words
from dashboard.timeline import attempt_bars
from pixelfleet.aws.objects import ObjectGoneError
from pixelfleet.aws.presigned import LONGEST_SECONDS, attachment
from pixelfleet.domain.records import Image, Status, StoredVariant
from pixelfleet.domain.result_keys import result_address
from pixelfleet.domain.snippets import snippet
from pixelfleet.domain.stable_addresses import stable_address
from pixelfleet.domain.variant_files import address_of, label_of
from pixelfleet.operations.duplicates import LOOKED_AT, duplicates, lookalikes
from pixelfleet.operations.image_cost import image_cost
from pixelfleet.operations.restoring import may_be_restored

router = APIRouter()

_WAITING: Final = frozenset({Status.QUEUED, Status.PROCESSING})
#: The variant that the slider lays over the original, and the variants in place of an original that no browser draws.
_AFTER: Final = "enhanced"
_BEFORE: Final = "optimized"
#: Formats that pages embed, in the order of preference.
_EMBEDDED: Final = ("image/avif", "image/webp", "image/png", "image/jpeg")
_NO_RESTORE: Final = (
    "It cannot be restored: its bytes are gone from the bucket or archived, or there is another file of its name."
)
LINK_SECONDS: Final = {"1 hour": 3600, "1 day": 86_400, "7 days": LONGEST_SECONDS}


@router.get("/images/{image_id}")
def image_page(request: Request, caller: PageCaller, image_id: str) -> Response:
    site = site_of(request)
    image = record_for(site, caller, image_id)
    values = {
        "image": image,
        "thumb": thumb_of(image),
        "slider": _slider(image),
        "tiles": tiles_of(image),
        "shown": _largest(image),
        "waiting": image.status in _WAITING,
        "may_be_restored": may_be_restored(site.deployment, image),
        "restored": "restored" in request.query_params and image.status is Status.DELETED,
        "recipes": recipe_choices(site),
        "lifetimes": LINK_SECONDS,
        "stem": PurePosixPath(image.path).stem,
        "picture_html": snippet(image, "ORIGIN", lazy=site.lazy.recipes.names(image)),
        "labels": {one.key: label_of(image.variants, one) for one in image.variants},
        "addresses": {one.key: _address(image, one) for one in image.variants},
        "lazy": [(lazy.name, stable_address(image, lazy.name)) for lazy in site.lazy.recipes.missing(image)],
        "pictures": _pictures(image),
        "cost": image_cost(image),
        "attempts": attempt_bars(image),
    }
    return site.page(request, "image.html", values, headers=_policy(site, image))


def _policy(site: Site, image: Image) -> dict[str, str]:
    """Let the page draw an original of a bucket that existed before the deployment. Other pages draw none."""
    if image.bucket == site.settings.uploads_bucket:
        return {}
    origin = site.deployment.links.original_origin(image)
    return {"Content-Security-Policy": content_security_policy(site.uploads_origin, origin)}


@router.get("/images/{image_id}/original")
def original(request: Request, caller: PageCaller, image_id: str) -> Response:
    """The original, to be saved under its name. The link sets the name. The embedded cloud ignores the name."""
    site = site_of(request)
    image = image_for(site, caller, image_id)
    if site.settings.endpoint_url is None:
        return RedirectResponse(site.deployment.links.original(image, SOON), 302)
    try:
        opened = site.deployment.objects.open(image.bucket, image.key, image.version_id)
    except ObjectGoneError:
        raise Problem(404, "the original is gone") from None
    headers = {"Content-Disposition": attachment(image), "Content-Length": str(opened.size)}
    return StreamingResponse(opened.chunks, headers=headers, media_type="application/octet-stream")


@router.get("/images/{image_id}/tiles.zip")
def tiles_zip(request: Request, caller: PageCaller, image_id: str) -> Response:
    """The tiles of an image as a ZIP, which is written while it is sent."""
    site = site_of(request)
    image = image_for(site, caller, image_id)
    return zip_of_tiles(site, image)


@router.get("/images/{image_id}/duplicates")
def image_duplicates(request: Request, caller: PageCaller, image_id: str) -> Response:
    site = site_of(request)
    image = image_for(site, caller, image_id)
    same = duplicates(site.deployment.images, image)
    shown = {one.image_id for one in same}
    similar = lookalikes(site.deployment.images, image, NEAR)
    values = {
        "cards": cards(same),
        "lookalikes": duplicate_cards(one for one in similar if one.image.image_id not in shown),
        "looked_at": 2 * LOOKED_AT,
        "image": image,
    }
    return site.page(request, "parts/duplicates.html", values)


@router.get("/images/{image_id}/drawn")
def drawn(request: Request, caller: PageCaller, image_id: str) -> RedirectResponse:
    """The original for display, with the type that the worker detected, not the type that the uploader declared."""
    site = site_of(request)
    image = image_for(site, caller, image_id)
    if not drawable(image):
        raise Problem(404, "browsers do not draw this original")
    return RedirectResponse(site.deployment.links.original(image, SOON, show_as=DRAWABLE[image.format or ""]), 302)


@router.get("/images/{image_id}/score")
def score(request: Request, caller: PageCaller, image_id: str, key: Annotated[str, Query(max_length=400)]) -> ScoreOut:
    """How much the variant with this key looks like the original, for the comparison of two pictures."""
    site = site_of(request)
    return score_by_key(site, caller, image_for(site, caller, image_id), key)


@router.post("/images/{image_id}/link")
def link(
    request: Request,
    caller: FormCaller,
    image_id: str,
    variant: Annotated[str, Form(max_length=100)],
    lifetime: Annotated[str, Form(max_length=20)],
) -> Response:
    site = site_of(request)
    opened = variant_of(image_for(site, caller, image_id), variant)
    if opened is None or lifetime not in LINK_SECONDS:
        raise Problem(404, "the image has no such variant any more; load the page again")
    url = link_of(site, opened, LINK_SECONDS[lifetime])
    return site.page(request, "parts/link.html", {"url": url, "lifetime": lifetime, "variant": opened})


@router.post("/images/{image_id}/reprocess")
def reprocess(
    request: Request, caller: FormCaller, image_id: str, recipe: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    site = site_of(request)
    marked = actions.reprocess(site, caller, image_for(site, caller, image_id), recipe or None)
    name = marked.chosen_recipe.name if marked.chosen_recipe else "the same recipe"
    note = Note(f"Queued to be processed again, by {name}. {superseded_in_words(site.settings.keep_revisions)}")
    return site.after_form(request, f"/images/{image_id}", note)


@router.post("/images/{image_id}/revisions/{revision}/current")
def make_current(request: Request, caller: FormCaller, image_id: str, revision: str) -> Response:
    site = site_of(request)
    current = actions.make_current(site, caller, image_for(site, caller, image_id), revision)
    name = current.recipe.name if current.recipe else "its recipe"
    return site.after_form(request, f"/images/{image_id}", Note(f"The earlier revision, by {name}, is current again."))


@router.post("/images/{image_id}/delete")
def delete(request: Request, caller: FormCaller, image_id: str) -> Response:
    site = site_of(request)
    image = image_for(site, caller, image_id)
    actions.delete(site, caller, image)
    return site.after_form(
        request,
        "/" if image.owner == caller.name else f"/?owner={quote(image.owner)}",
        Note(f"{image.path} is deleted.", undo=f"/images/{image_id}/restore"),
    )


@router.post("/images/{image_id}/restore")
def restore(request: Request, caller: FormCaller, image_id: str) -> Response:
    """The next page shows the image again once a worker has begun."""
    site = site_of(request)
    done = actions.restore(site, caller, record_for(site, caller, image_id))
    note = Note("Restored. A worker makes its variants again.") if done else Note(_NO_RESTORE, kind="bad")
    return site.after_form(request, f"/images/{image_id}{'?restored=1' if done else ''}", note)


def _slider(image: Image) -> dict[str, Any] | None:
    """The pictures to compare: the enhanced variant with the original, or with the variant closest to the original."""
    after, before = variant_of(image, _AFTER), variant_of(image, _BEFORE)
    if after is None:
        return None
    if drawable(image):
        return {"after": after, "before": None, "label": "original"}
    return {"after": after, "before": before, "label": _BEFORE} if before else None


def _pictures(image: Image) -> list[dict[str, Any]]:
    """Pictures that can be laid over each other: the original, if browsers draw it, and variants of all revisions."""
    shown = [_picture(one, label_of(image.variants, one)) for one in image.variants if _is_picture(one)]
    for kept in reversed(image.kept_revisions):
        until = kept.superseded_at[:16].replace("T", " ")
        shown += [
            _picture(one, f"{label_of(kept.variants, one)} until {until}") for one in kept.variants if _is_picture(one)
        ]
    if not drawable(image) or not image.width:
        return shown
    address = f"/images/{image.image_id}/drawn"
    original = {"name": "original", "address": address, "width": image.width, "height": image.height}
    return [original | {"bytes": image.bytes, "key": ""}, *shown]


def _is_picture(one: StoredVariant) -> bool:
    return one.files == 1 and one.content_type in (*_EMBEDDED, "image/gif")


def _picture(one: StoredVariant, name: str) -> dict[str, Any]:
    """`key` names the picture whose score is asked for."""
    return {"name": name, "address": result_address(one.key), "width": one.width, "height": one.height,
            "bytes": one.bytes, "key": one.key}  # fmt: skip


def _address(image: Image, one: StoredVariant) -> str:
    """The address for links to a variant: its stable address; for tiles, the entry file of this revision."""
    return result_address(one.key) if one.files > 1 else address_of(image, one)


def _largest(image: Image) -> StoredVariant | None:
    pictures = [v for v in image.variants if v.files == 1 and v.content_type.startswith("image/")]
    return max(pictures, key=lambda v: (v.width * v.height, v.format not in ("avif", "jxl")), default=None)
