"""/i/...: results, if no CloudFront in front of the dashboard serves them."""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from dashboard.callers import check_public, page_caller
from dashboard.problem import Problem
from dashboard.results import SANDBOX, tag_of, type_shown
from dashboard.site import site_of
from pixelfleet.aws.objects import ObjectGoneError
from pixelfleet.domain.result_keys import RESULTS_PATH, parse_result_key

router = APIRouter()

#: A result never changes under its key.
_FOR_EVER: Final = "private, max-age=31536000, immutable"


@router.get(RESULTS_PATH + "{key:path}")
def result(request: Request, key: str) -> Response:
    """A result of the caller. Operators, and everybody if results are public, get results of all owners."""
    site = site_of(request)
    parts = parse_result_key(key)
    if site.settings.public_results:
        check_public(request)
    is_seen = site.settings.public_results or (page_caller(request).may_see(parts.owner if parts else ""))
    if parts is None or not is_seen:
        raise Problem(404, "there is no such result")
    tag = tag_of(key)
    headers = {"ETag": tag, "Cache-Control": _FOR_EVER, "Content-Security-Policy": SANDBOX}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    try:
        opened = site.deployment.objects.open(site.settings.results_bucket, key)
    except ObjectGoneError:
        raise Problem(404, "there is no such result") from None
    headers["Content-Length"] = str(opened.size)
    return StreamingResponse(opened.chunks, headers=headers, media_type=type_shown(opened.content_type))
