"""Duplicates: groups of images with the same bytes, or that look the same, a page at a time."""

from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from dashboard.access import owner_for
from dashboard.callers import PageCaller
from dashboard.duplicate_cards import NEAR, duplicate_cards
from dashboard.pages.gallery_pages import VARIANTS
from dashboard.recipe_choices import recipe_choices
from dashboard.site import Site, site_of
from pixelfleet.operations.duplicates import MOST_SAME, Duplicate, Scope, groups_of
from pixelfleet.operations.list_cursors import decode_cursor, encode_cursor

router = APIRouter()

#: Batches that the filter offers.
_BATCHES: Final = 50
#: The choices of what is compared, by the value of `near`.
_KINDS: Final = {
    "": "Same bytes",
    "0": "Look the same, exactly",
    str(NEAR): "Look the same",
    "8": "Look almost the same",
}


@router.get("/duplicates")
def duplicate_groups(
    request: Request,
    caller: PageCaller,
    *,
    owner: Annotated[str, Query(max_length=64)] = "",
    batch: Annotated[str, Query(max_length=128)] = "",
    near: str = "",
    cursor: str = "",
) -> Response:
    """From an address that a form made or a person typed: an invalid value of `near` is left out."""
    site = site_of(request)
    asked = {"owner": owner, "batch": batch, "near": near if near in _KINDS else ""}
    scope = Scope(owner_for(caller, owner or None), batch or None, int(asked["near"]) if asked["near"] else None)
    page = groups_of(site.deployment.images, scope, decode_cursor(cursor))
    values = {
        "groups": [_group(group, exact=scope.near is None) for group in page.groups],
        "cursor": encode_cursor(page.cursor) if page.cursor else None,
        "looked_at": page.looked_at,
        "asked": asked,
        "whose": scope.owner,
        "kinds": _KINDS,
        "batches": _batch_names(site, scope),
        "recipes": [recipe.name for recipe in recipe_choices(site)],
        "variants": VARIANTS,
    }
    return site.page(request, "duplicates.html", values)


def _group(group: list[Duplicate], *, exact: bool) -> dict[str, Any]:
    return {
        "cards": duplicate_cards(group, first="oldest"),
        "count": f"{len(group)} or more" if exact and len(group) == MOST_SAME else str(len(group)),
        "beyond": sum(one.image.bytes or 0 for one in group[1:]),
    }


def _batch_names(site: Site, scope: Scope) -> list[str]:
    names = [batch.name for batch in islice(site.deployment.batches.of_owner(scope.owner), _BATCHES)]
    return names if not scope.batch or scope.batch in names else [scope.batch, *names]
