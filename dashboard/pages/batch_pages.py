"""Batches: the list, and one batch with its progress, its failures by cause and its newest images."""

from itertools import islice
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from dashboard.access import batch_of, owner_for
from dashboard.batch_list import batches_page, counts_of
from dashboard.callers import FormCaller, PageCaller
from dashboard.flash import Note
from dashboard.pages.gallery_pages import VARIANTS, cards
from dashboard.problem import Problem
from dashboard.recipe_choices import recipe_choices
from dashboard.rendering import segment, things
from dashboard.site import Site, site_of
from pixelfleet.domain.records import Batch, Image, Status
from pixelfleet.domain.scores import Score
from pixelfleet.operations import completion
from pixelfleet.operations.monitoring import batch_time_left

router = APIRouter()

#: Images that a batch's page shows of each kind.
_SHOWN: Final = 24


@router.get("/batches")
def batches(request: Request, caller: PageCaller, owner: str = "", cursor: str = "") -> Response:
    """The batches of the caller; for an operator with owner=*, the batches of everybody.

    An operator without batches of their own sees everybody's, as in the gallery.
    """
    site = site_of(request)
    if owner == "*" and not caller.is_operator:
        raise Problem(404, "there is no such page")
    whose = None if owner == "*" else owner_for(caller, owner or None)
    listed, following = batches_page(site, whose, cursor)
    if caller.is_operator and not listed and request.url.query == "":
        owner = "*"
        listed, following = batches_page(site, None, cursor)
    values = {
        "batches": listed,
        "counts": counts_of(site, listed),
        "cursor": following,
        "owner": owner,
        "first": not cursor,
    }
    return site.page(request, "batches.html", values)


@router.get("/batches/{owner}/{name}")
def batch_page(request: Request, caller: PageCaller, owner: str, name: str) -> Response:
    site = site_of(request)
    choices = {"recipes": [recipe.name for recipe in recipe_choices(site)], "variants": VARIANTS}
    return site.page(request, "batch.html", choices | _state(site, batch_of(site, caller, owner, name)))


@router.get("/batches/{owner}/{name}/live")
def batch_live(request: Request, caller: PageCaller, owner: str, name: str) -> Response:
    site = site_of(request)
    return site.page(request, "parts/batch_live.html", _state(site, batch_of(site, caller, owner, name)))


@router.post("/batches/{owner}/{name}/seal")
def seal(request: Request, caller: FormCaller, owner: str, name: str) -> Response:
    """Seal a batch: its images are those that the bucket holds now."""
    site = site_of(request)
    batch_of(site, caller, owner, name)
    batch, _ = completion.seal(site.deployment, owner, name)
    images = things(batch.expected or 0, "image")
    note = Note(f"Closed with {images}. The batch is complete when every image is accounted for.")
    return site.after_form(request, f"/batches/{segment(owner)}/{segment(name)}", note)


def _state(site: Site, batch: Batch) -> dict[str, Any]:
    counts = site.deployment.batches.counts(batch.owner, batch.name)
    failed = _some(site, batch, Status.FAILED) if counts.failed else []
    return {
        "batch": batch,
        "counts": counts,
        "done": counts.accounted,
        "least": Score.of_stored(batch.min_score, batch.min_ssimulacra2),
        "left": batch_time_left(site.deployment, batch, counts),
        "failed": cards(failed),
        "ready": cards(_some(site, batch, Status.READY) if counts.ready else []),
    }


def _some(site: Site, batch: Batch, status: Status) -> list[Image]:
    entries = list(islice(site.deployment.images.of_batch(batch.owner, batch.name, status), _SHOWN))
    records = site.deployment.images.get_many(entry.image_id for entry in entries)
    listed = (records[entry.image_id] for entry in entries if entry.image_id in records)
    return [image for image in listed if image.status is status]
