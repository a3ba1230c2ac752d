"""/i/...: results, where no CloudFront stands before the dashboard and serves them itself."""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from dashboard.callers import PageCaller
from dashboard.problem import Problem
from dashboard.site import site_of
from pixelfleet.aws.objects import ObjectGoneError
from pixelfleet.domain.result_keys import RESULTS_PATH, parse_result_key

router = APIRouter()

#: A result never changes under its key.
_FOR_EVER: Final = "private, max-age=31536000, immutable"
_PICTURES: Final = ("image/jpeg", "image/png", "image/webp", "image/avif", "image/gif", "image/tiff")


@router.get(RESULTS_PATH + "{key:path}")
def result(request: Request, caller: PageCaller, key: str) -> Response:
    """A result of the caller's own, or for an operator anybody's."""
    parts = parse_result_key(key)
    if parts is None or not caller.may_see(parts.owner):
        raise Problem(404, "there is no such result")
    tag = f'"{parts.folder}/{parts.file}"'
    headers = {"ETag": tag, "Cache-Control": _FOR_EVER, "Content-Security-Policy": "default-src 'none'; sandbox"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    try:
        site = site_of(request)
        opened = site.deployment.objects.open(site.settings.results_bucket, key)
    except ObjectGoneError:
        raise Problem(404, "there is no such result") from None
    # What is no picture is for scripts of ours, such as the zoom viewer; nothing here is ever a page.
    content_type = opened.content_type if opened.content_type in _PICTURES else "text/xml; charset=utf-8"
    headers["Content-Length"] = str(opened.size)
    return StreamingResponse(opened.chunks, headers=headers, media_type=content_type)
