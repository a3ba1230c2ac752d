"""/v/...: the present revision of a variant, at a stable address.

The bytes are sent from here and not by a redirect. A redirect would lead to `/i/`, whose addresses expire with their
revision: a cache or a crawler that keeps the target has a dead address after the next upload.
"""

import math
import time
from dataclasses import dataclass
from datetime import datetime
from http import HTTPMethod
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from dashboard.auth.stable_links import PARAMETER, SignedVariant
from dashboard.callers import Caller, SignInNeededError, check_public, results_caller
from dashboard.conditions import (
    UnsatisfiableRangeError,
    http_date,
    precondition,
    requested_range,
)
from dashboard.lazy import Progress, gone, under_way
from dashboard.problem import Problem
from dashboard.results import SANDBOX, tag_of, type_shown
from dashboard.site import Site, site_of
from pixelfleet.aws.objects import ObjectGoneError, Opened
from pixelfleet.domain.records import Image, StoredVariant
from pixelfleet.domain.stable_addresses import STABLE_PATH, ByPath, StableAddress, parse_stable_address
from pixelfleet.operations.lazy_variants import LazyVariant
from pixelfleet.operations.stable_addresses import image_at, stored_at

router = APIRouter()

#: A revision may be replaced between the reads of its record and of its bytes; its successor is then in the record.
_TRIES: Final = 2
#: Reads of the record, where revisions are also replaced while a lazy variant is made.
_LOOKS: Final = 5
#: The range that S3 is asked for if only size and date are needed.
_FIRST_BYTE: Final = range(1)


@router.api_route(STABLE_PATH + "{address:path}", methods=[HTTPMethod.GET, HTTPMethod.HEAD])
async def stable(request: Request, address: str) -> Response:
    """The variant, in the format that the client accepts; one 404 for a variant that is missing or not the caller's.

    A lazy variant is made first. The event loop waits for it, and no thread.
    """
    site = site_of(request)
    rights = await run_in_threadpool(_Rights.of, site, request)
    parsed = parse_stable_address(address)
    misses, made = 0, None
    for _ in range(_LOOKS):
        answer = await run_in_threadpool(_present, site, rights, parsed, request, made)
        if isinstance(answer, Response):
            return answer
        progress = Progress.GONE if answer is None else await site.lazy.make(answer.image, answer.lazy)
        if progress is Progress.UNDER_WAY:
            return Response("being made; ask again", 202, under_way(), media_type="text/plain")
        made = progress if isinstance(progress, Image) else None
        misses += progress is Progress.GONE
        if misses == _TRIES:
            raise _nothing() if answer is None else gone(answer.image)
    raise Problem(503, "this image changes too often; try again", headers={"Retry-After": "2"})


@dataclass(frozen=True, slots=True)
class _Unmade:
    """A lazy variant that the address leads to and that is not made yet."""

    image: Image
    lazy: LazyVariant


def _present(
    site: Site, rights: "_Rights", address: StableAddress | None, request: Request, made: Image | None
) -> Response | _Unmade | None:
    """The answer by `made`, or else by the present record; None if the revision was replaced since.

    `made` is the record to which the variant was just added.
    """
    found = _stored(site, rights, address, request, made)
    if isinstance(found, _Unmade):
        return found
    image, stored = found
    try:
        return _answer(site, request, stored, _changed_at(image), rights)
    except ObjectGoneError:
        return None


class _Rights:
    """The rights of a request: public images, an owner's images, or one variant by a signed link."""

    def __init__(self, caller: Caller | None, link: SignedVariant | None, *, public: bool) -> None:
        self._caller, self._link, self._public = caller, link, public

    @classmethod
    def of(cls, site: Site, request: Request) -> "_Rights":
        """
        Raises:
            SignInNeededError: a stranger without a valid link, even if nothing is at the address.
            Problem: 401, 403 or 429, see `results_caller` and `check_public`.
        """
        if site.settings.public_results:
            check_public(request)
            return cls(None, None, public=True)
        link = site.stable_links.read(request.query_params.get(PARAMETER, ""), time.time())
        caller = None if link else results_caller(request)
        if link is None and caller is None:
            raise SignInNeededError
        return cls(caller, link, public=False)

    def may_ask_for(self, owner: str) -> bool:
        """Whether the request can have rights to an image of the owner."""
        return self._public or self._link is not None or (self._caller is not None and self._caller.may_see(owner))

    def may_see(self, image: Image, variant: str) -> bool:
        if self._caller is not None:
            return self._caller.may_see(image.owner)
        link = self._link
        return self._public or (link is not None and (link.image_id, link.variant) == (image.image_id, variant))

    def max_age(self, most: int) -> int:
        """Seconds for which a browser may keep the answer, at most `most`: a signed link ends with its time."""
        return most if self._link is None else max(0, min(most, self._link.until - math.ceil(time.time())))

    @property
    def is_open(self) -> bool:
        """Whether pages of other sites may embed the answer: everybody with the address may see it anyway."""
        return self._public or self._link is not None


def _stored(
    site: Site, rights: _Rights, address: StableAddress | None, request: Request, made: Image | None
) -> tuple[Image, StoredVariant] | _Unmade:
    if address is None or (isinstance(address.image, ByPath) and not rights.may_ask_for(address.image.owner)):
        raise _nothing()
    image = made or image_at(site.deployment.images, site.settings.uploads_bucket, address.image)
    if image is None or not rights.may_see(image, address.variant):
        raise _nothing()
    stored = stored_at(image, address, ", ".join(request.headers.getlist("accept")))
    if stored is not None:
        return image, stored
    lazy = site.lazy.recipes.find(image, address.variant)
    if lazy is None or not lazy.may_have(address.extension):
        raise _nothing()
    return _Unmade(image, lazy)


def _answer(
    site: Site, request: Request, stored: StoredVariant, modified: datetime | None, rights: _Rights
) -> Response:
    """Raises ObjectGoneError: the revision was replaced since its record was read."""
    asked = {name: ", ".join(request.headers.getlist(name)) for name in set(request.headers.keys())}
    tag, is_head = tag_of(stored.key), request.method == HTTPMethod.HEAD
    headers = _headers(site, tag, rights)
    if status := precondition(asked, tag, modified):
        return Response(status_code=status, headers=headers | _dated(modified))
    try:
        span = None if is_head else requested_range(asked, tag, modified, stored.bytes)
    except UnsatisfiableRangeError:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{stored.bytes}"})
    opened = _open(site, stored, _FIRST_BYTE if is_head else span)
    headers |= _dated(modified or opened.modified)
    headers["Content-Length"] = str(len(span) if span else opened.size)
    if span:
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{opened.size}"
    content_type = type_shown(opened.content_type)
    if is_head:
        for _ in opened.chunks:
            pass
        return Response(headers=headers, media_type=content_type)
    return StreamingResponse(opened.chunks, 206 if span else 200, headers, media_type=content_type)


def _open(site: Site, stored: StoredVariant, span: range | None) -> Opened:
    return site.deployment.objects.open(site.settings.results_bucket, stored.key, span=span)


def _changed_at(image: Image) -> datetime | None:
    """The time since which the address leads to these bytes: the time of the image's outcome, not of the object.

    The object of a revision that is made current again is older than the dates that clients have.
    """
    return datetime.fromisoformat(image.finished_at) if image.finished_at else None


def _headers(site: Site, tag: str, rights: _Rights) -> dict[str, str]:
    scope = "public" if site.settings.public_results else "private"
    return {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Vary": "Accept",
        "Cache-Control": f"{scope}, max-age={rights.max_age(site.settings.stable_max_age)}",
        "Content-Security-Policy": SANDBOX,
        "Cross-Origin-Resource-Policy": "cross-origin" if rights.is_open else "same-origin",
    }


def _dated(modified: datetime | None) -> dict[str, str]:
    return {} if modified is None else {"Last-Modified": http_date(modified)}


def _nothing() -> Problem:
    return Problem(404, "there is nothing at this address")
