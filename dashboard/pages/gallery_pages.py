"""The gallery: one's images, newest first, filtered, a page at a time as one scrolls."""

import re
from datetime import date
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from dashboard.access import owner_for
from dashboard.callers import Caller, PageCaller
from dashboard.gallery import PAGE, Filters, page_of
from dashboard.results import thumb_of
from dashboard.site import site_of
from pixelfleet.domain.keys import DEFAULT_OWNER
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import Cause

router = APIRouter()

#: Batches that the filter offers.
_BATCHES: Final = 50
_IMAGE_ID: Final = re.compile("[a-z2-7]{32}")
_NONE: Final[list[str]] = []


def asked_filters(
    caller: PageCaller,
    *,
    owner: Annotated[str, Query(max_length=64)] = "",
    batch: Annotated[str, Query(max_length=128)] = "",
    status: str = "",
    cause: str = "",
    name: Annotated[str, Query(max_length=200)] = "",
    since: str = "",
    until: str = "",
) -> Filters:
    """From an address that a form made, or a person typed: what makes no sense is left out."""
    return Filters(
        owner_for(caller, owner or None),
        batch or None,
        Status(status) if status in set(Status) else None,
        Cause(cause) if cause in set(Cause) else None,
        name,
        _day(since),
        _day(until),
    )


AskedFilters = Annotated[Filters, Depends(asked_filters)]


@router.get("/")
def gallery(request: Request, caller: PageCaller, filters: AskedFilters) -> Response:
    site = site_of(request)
    batches = [batch.name for batch in islice(site.deployment.batches.of_owner(filters.owner), _BATCHES)]
    if filters.batch and filters.batch not in batches:
        batches.insert(0, filters.batch)
    choices = {"statuses": list(Status), "causes": list(Cause), "batches": batches, "default_owner": DEFAULT_OWNER}
    return site.page(request, "gallery.html", choices | _page(request, caller, filters, None))


@router.get("/more")
def more(request: Request, caller: PageCaller, filters: AskedFilters, cursor: str = "") -> Response:
    return site_of(request).page(request, "parts/cards.html", _page(request, caller, filters, cursor))


@router.get("/tiles")
def tiles(request: Request, caller: PageCaller, id: Annotated[list[str], Query(max_length=PAGE)] = _NONE) -> Response:  # noqa: A002
    """The present tiles of these images, those of them that are there and that the caller may see."""
    site = site_of(request)
    images = site.deployment.images.get_many(one for one in id if _IMAGE_ID.fullmatch(one))
    seen = [image for image in images.values() if caller.may_see(image.owner) and image.status is not Status.DELETED]
    return site.page(request, "parts/tiles.html", {"cards": cards(seen)})


def cards(images: tuple[Image, ...] | list[Image]) -> list[dict[str, Any]]:
    """Images with the picture that stands for each."""
    return [{"image": image, "thumb": thumb_of(image)} for image in images]


def _page(request: Request, caller: Caller, filters: Filters, cursor: str | None) -> dict[str, Any]:
    page = page_of(site_of(request).deployment.images, filters, cursor)
    asked = {
        "owner": filters.owner if filters.owner != caller.name else "",
        "batch": filters.batch or "",
        "status": filters.status or "",
        "cause": filters.cause or "",
        "name": filters.name,
        "since": str(filters.since or ""),
        "until": str(filters.until or ""),
    }
    return {
        "cards": cards(page.images),
        "cursor": page.cursor,
        "looked_at": page.looked_at,
        "asked": asked,
        "filtered": any(value for name, value in asked.items() if name != "owner"),
        "filters": filters,
        "first": cursor is None,
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
