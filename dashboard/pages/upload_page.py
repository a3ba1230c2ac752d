"""The upload page; the work is done by static/upload.js and the API."""

from fastapi import APIRouter, Request, Response

from dashboard.callers import PageCaller
from dashboard.site import site_of
from pixelfleet import recipes
from pixelfleet.aws.presigned import MOST_BYTES

router = APIRouter()


@router.get("/upload")
def upload_page(request: Request, caller: PageCaller) -> Response:
    site = site_of(request)
    values = {
        "recipes": [recipes.builtin(name) for name in recipes.BUILTIN],
        "default_recipe": site.settings.default_recipe,
        "most_bytes": min(site.settings.heavy_max_bytes, MOST_BYTES),
    }
    return site.page(request, "upload.html", values)
