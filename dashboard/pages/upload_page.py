"""The upload page; the work is done by static/upload.js and the API."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from dashboard.access import batch_of
from dashboard.callers import PageCaller
from dashboard.recipe_choices import recipe_choices
from dashboard.site import site_of

router = APIRouter()

#: The batch names that `pixelfleet.domain.keys` accepts, as a pattern for browsers.
BATCH_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9_.@+=\-]*"


@router.get("/upload")
def upload_page(request: Request, caller: PageCaller, batch: Annotated[str, Query(max_length=128)] = "") -> Response:
    """With the name of a batch of the caller, the upload adds images to this batch."""
    site = site_of(request)
    existing = batch_of(site, caller, caller.name, batch) if batch else None
    values = {
        "batch": existing,
        "batch_pattern": BATCH_PATTERN,
        "recipes": recipe_choices(site),
        "default_recipe": site.settings.default_recipe,
        "most_bytes": site.settings.heavy_max_bytes,
    }
    return site.page(request, "upload.html", values)
