"""The upload page; the work is done by static/upload.js and the API."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from dashboard.access import batch_of
from dashboard.callers import PageCaller
from dashboard.recipe_choices import recipe_choices
from dashboard.site import site_of

router = APIRouter()


@router.get("/upload")
def upload_page(request: Request, caller: PageCaller, batch: Annotated[str, Query(max_length=128)] = "") -> Response:
    """With the name of a batch of the caller, the upload adds images to this batch."""
    site = site_of(request)
    existing = batch_of(site, caller, caller.name, batch) if batch else None
    values = {
        "batch": existing,
        "recipes": recipe_choices(site),
        "default_recipe": site.settings.default_recipe,
        "most_bytes": site.settings.heavy_max_bytes,
    }
    return site.page(request, "upload.html", values)
