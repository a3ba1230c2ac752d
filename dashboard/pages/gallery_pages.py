"""The gallery: the user's images, newest first, filtered, one page at a time while the user scrolls."""

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from dashboard.access import owner_for, owners_for
from dashboard.callers import Caller, PageCaller
from dashboard.months import months_of
from dashboard.recipe_choices import recipe_choices
from dashboard.results import thumb_of
from dashboard.site import Site, site_of
from dashboard.totals import COUNTED, number_of, totals_of
from pixelfleet import recipes
from pixelfleet.domain.colours import Colour
from pixelfleet.domain.image_filters import EVERYBODY, FileSize, Filters, ImageOrder, OrderedFilters, Shape
from pixelfleet.domain.keys import DEFAULT_OWNER
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import Cause
from pixelfleet.operations.image_pages import PAGE, TooManyToSortError, page_of
from pixelfleet.operations.list_cursors import decode_cursor

router = APIRouter()

#: Batches that the filter offers.
_BATCHES: Final = 50
#: Owners that an operator's picker offers.
_OWNERS: Final = 200
_BY_NAME: Final = {ImageOrder.NAME: "Name, A to Z", ImageOrder.NAME_REVERSED: "Name, Z to A"}
_BY_TIME: Final = {ImageOrder.NEWEST: "Newest first", ImageOrder.OLDEST: "Oldest first"}
_BY_SIZE: Final = {ImageOrder.LARGEST: "Largest first", ImageOrder.SMALLEST: "Smallest first"}
#: The orders of a batch, and of an owner. The first order is the default.
_ORDERS: Final = {True: _BY_NAME | _BY_TIME | _BY_SIZE, False: _BY_TIME | _BY_NAME | _BY_SIZE}
#: Variants of the built-in recipes that a ZIP may have in the place of originals.
VARIANTS: Final = tuple(
    dict.fromkeys(v.name for r in recipes.BUILTIN for v in recipes.builtin(r).variants if v.name != "tiles")
)
#: The parameters in the address of a gallery, with the labels of their chips; in the order of the fields.
FILTERS: Final = {
    "owner": "owner", "batch": "batch", "status": "status", "cause": "cause", "name": "name", "since": "from",
    "until": "to", "camera": "camera", "lens": "lens", "taken": "taken", "near": "near", "format": "format",
    "shape": "shape", "colour": "colour", "size": "size", "tag": "tag",
}  # fmt: skip
#: The names of the choices of sizes.
_SIZES: Final = {
    FileSize.SMALL: "under 1 MB",
    FileSize.MEDIUM: "1 to 10 MB",
    FileSize.LARGE: "10 to 100 MB",
    FileSize.HUGE: "over 100 MB",
}
_MONTH: Final = re.compile(r"\d{4}-\d\d", re.ASCII)
_IMAGE_ID: Final = re.compile("[a-z2-7]{32}")
_NONE: Final[list[str]] = []


def filters_of(caller: Caller, values: Mapping[str, str]) -> Filters:
    """The filters of an address. Raises Problem 404 for an owner whose images the caller may not see."""
    owner = owners_for(caller, values.get("owner") or None)
    return Filters.of(owner, OrderedFilters.lenient(values))


def asked_filters(request: Request, caller: PageCaller) -> Filters:
    """From the address of the request."""
    return filters_of(caller, request.query_params)


AskedFilters = Annotated[Filters, Depends(asked_filters)]


@router.get("/")
def gallery(request: Request, caller: PageCaller, filters: AskedFilters) -> Response:
    site = site_of(request)
    unsorted = ""
    try:
        page = _page(request, caller, filters, None)
    except TooManyToSortError as error:
        filters, unsorted = filters.changed(order=None), str(error)
        page = _page(request, caller, filters, None)
    if caller.is_operator and not page["cards"] and request.url.query == "":
        # An operator without images of their own sees everybody's.
        filters = filters.changed(owner=EVERYBODY)
        page = _page(request, caller, filters, None)
    batches = _batch_names(site, filters)
    choices = {
        "statuses": list(Status),
        "causes": list(Cause),
        "batches": batches,
        "orders": _ORDERS[bool(filters.batch)],
        "owners": _owners(site) if caller.is_operator else [],
        "everybody": EVERYBODY,
        "total": _total(site, filters),
        "counts_owner": filters.batch is None and not _searches(filters),
        "unsorted": unsorted,
        # Days follow each other only in the list of one owner, newest first.
        "rail": filters.owner != EVERYBODY and not filters.batch and filters.order in (None, ImageOrder.NEWEST),
        "default_owner": DEFAULT_OWNER,
        "recipes": [recipe.name for recipe in recipe_choices(site)],
        "variants": VARIANTS,
        "colours": list(Colour),
        "sizes": _SIZES,
        "shapes": list(Shape),
        "chips": {name: label for name, label in FILTERS.items() if name != "owner"},
        "more_open": bool(filters.contents or filters.since or filters.until),
    }
    return site.page(request, "gallery.html", choices | page)


@router.get("/more")
def more(request: Request, caller: PageCaller, filters: AskedFilters, cursor: str = "") -> Response:
    return site_of(request).page(request, "parts/cards.html", _page(request, caller, filters, cursor))


@router.get("/total")
def total(request: Request, caller: PageCaller, filters: AskedFilters) -> Response:
    """The number of images in the batches of an owner, in words. This part is loaded after the page."""
    site = site_of(request)
    return site.page(request, "parts/total.html", {"totals": totals_of(site.deployment.batches, filters)})


@router.get("/months")
def months(request: Request, caller: PageCaller, filters: AskedFilters, before: str = "") -> Response:
    """The months of an owner's images for the rail beside the list. Each leads to the list from its last day on.

    The months are those of all images, whatever the other filters: to look for each filter would read the images.
    """
    site, whose = site_of(request), owner_for(caller, filters.owner)
    before = before if _MONTH.fullmatch(before) else ""
    listed, following = months_of(site.deployment.images, whose, before)
    values = {"months": listed, "following": following, "before": before, "whose": whose}
    return site.page(request, "parts/months.html", values | {"asked": _asked(caller, filters)})


@router.get("/tiles")
def tiles(request: Request, caller: PageCaller, id: Annotated[list[str], Query(max_length=PAGE)] = _NONE) -> Response:  # noqa: A002
    """The present tiles of those of these images that exist and that the caller may see."""
    site = site_of(request)
    images = site.deployment.images.get_many(one for one in id if _IMAGE_ID.fullmatch(one))
    seen = [image for image in images.values() if caller.may_see(image.owner) and image.status is not Status.DELETED]
    return site.page(request, "parts/tiles.html", {"cards": cards(seen)})


def cards(images: Sequence[Image]) -> list[dict[str, Any]]:
    """Images, each with its thumbnail."""
    return [{"image": image, "thumb": thumb_of(image), "heading": None} for image in images]


def _page(request: Request, caller: Caller, filters: Filters, cursor: str | None) -> dict[str, Any]:
    page = page_of(site_of(request).deployment, filters, cursor)
    asked = _asked(caller, filters)
    return {
        "cards": _grouped(page.images, filters, decode_cursor(cursor)),
        "cursor": page.cursor,
        "looked_at": page.looked_at,
        "asked": asked,
        "filtered": any(value for name, value in asked.items() if name not in ("owner", "order")),
        "filters": filters,
        "first": cursor is None,
    }


def _asked(caller: Caller, filters: Filters) -> dict[str, str]:
    """The parameters of the address that has these filters."""
    values = {name: getattr(filters, name) for name in (*FILTERS, "order")}
    asked = {name: str(value or "") for name, value in values.items()}
    return asked | {"owner": filters.owner if filters.owner != caller.name else ""}


def _grouped(images: Sequence[Image], filters: Filters, after: str) -> list[dict[str, Any]]:
    """Cards. The first card of a day, or of a batch for all owners, has a heading. `after` is the place before them."""
    if filters.batch or filters.failures_of_all:
        return cards(images)
    by_batch = filters.owner == EVERYBODY
    _, _, rest = after.partition("\x1f")
    last = rest.partition("\x1f")[0] if by_batch else after[:10]
    grouped = []
    for card in cards(images):
        image = card["image"]
        group = f"{image.owner}/{image.batch}" if by_batch else image.uploaded_at[:10]
        heading = {"owner": image.owner, "batch": image.batch if by_batch else None, "day": image.uploaded_at}
        grouped.append(card | ({"heading": heading} if group != last else {}))
        last = group
    return grouped


def _batch_names(site: Site, filters: Filters) -> list[str]:
    if filters.owner == EVERYBODY:
        return []
    names = [batch.name for batch in islice(site.deployment.batches.of_owner(filters.owner), _BATCHES)]
    return names if not filters.batch or filters.batch in names else [filters.batch, *names]


def _owners(site: Site) -> list[str]:
    return [*site.deployment.users.names()[:_OWNERS], DEFAULT_OWNER]


def _total(site: Site, filters: Filters) -> int | None:
    """The number of all images, if counters have it: for a batch that is only filtered by status."""
    if filters.batch is None or _searches(filters):
        return None
    return number_of(site.deployment.batches.counts(filters.owner, filters.batch), filters.status)


def _searches(filters: Filters) -> bool:
    """Whether the counters do not have the number of images."""
    others = (filters.cause, filters.name, filters.since, filters.until, filters.contents)
    return any(others) or filters.status not in COUNTED
