"""Bounds for every request's body, before anything parses it: its bytes by its type, its values, the seconds it takes.

The bounds apply to everybody, signed in or not, and to bodies without a Content-Length too. A route parses its body
before it checks the caller, so a stranger may send no more than a form. A body is parsed and checked in the event loop,
with Python's lock held, so a thread would not help: 4 MB of 500,000 unknown fields took a second, in which the process
answered nothing else. The time depends on the number of values, so this number is bounded for everybody.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.callers import SAFE_METHODS, has_credentials
from dashboard.problems import answer
from pixelfleet.errors import PixelfleetError
from pixelfleet.operations.recipe_trial import MOST_SAMPLE
from pixelfleet.recipes import MAX_TEXT_BYTES

#: Bytes. A manifest of 1,000 uploads and the largest recipe are well below.
MOST_JSON: Final = 4_000_000
MOST_FORM: Final = 64_000
#: The form of a recipe, in which every byte of the text may take three.
MOST_RECIPE_FORM: Final = 3 * MAX_TEXT_BYTES + MOST_FORM
#: Values in a body, by the character before each: in JSON a comma or a bracket. 500 files to upload have 2,000.
MOST_VALUES: Final = 20_000
#: The form for the trial of a recipe, with a sample.
MOST_TRIAL_FORM: Final = MOST_SAMPLE + MAX_TEXT_BYTES + MOST_FORM
#: Seconds until a body is whole.
SLOWEST: Final = 30.0

_FORM: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
#: Forms that may be larger, by their content type, their paths and the bytes that they may have.
_LARGE_FORMS: Final = (
    (_FORM, re.compile(r"/recipes/[^/]+/edit"), MOST_RECIPE_FORM),
    (_MULTIPART, re.compile(r"/recipes/[^/]+/try"), MOST_TRIAL_FORM),
)
_CLOSE: Final = {"Connection": "close"}


class BoundedBodies:
    """ASGI middleware: 413 for a body that is too large, 415 for parts of files, 408 for a slow body."""

    def __init__(
        self,
        app: ASGIApp,
        seconds: float = SLOWEST,
        clock: Callable[[], float] | None = None,
        credentials: Callable[[Request], bool] = has_credentials,
    ) -> None:
        self._app = app
        self._has_credentials = credentials
        self._seconds = seconds
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        large = _large_form(content_type, scope["path"])
        limit = await self._limit(Request(scope), content_type, large)
        if content_type.startswith("multipart/") and large is None:
            response = answer(Request(scope), 415, "no page takes files: uploads go to S3 by a form", headers=_CLOSE)
            await response(scope, receive, send)
        elif _length(headers) > limit:
            response = answer(Request(scope), 413, _too_large(limit), headers=_CLOSE)
            await response(scope, receive, send)
        else:
            await self._app(scope, self._bounded(receive, limit, _separators(content_type)), send)

    async def _limit(self, request: Request, content_type: str, large: int | None) -> int:
        small = 0 < _length(request.headers) <= MOST_FORM
        if small or request.method in SAFE_METHODS or (content_type == _FORM and large is None):
            return MOST_FORM
        try:
            known = await run_in_threadpool(self._has_credentials, request)
        except PixelfleetError:
            # DynamoDB does not answer: the route will report this.
            known = True
        return (large or MOST_JSON) if known else MOST_FORM

    def _bounded(self, receive: Receive, limit: int, separators: tuple[bytes, ...]) -> Receive:
        taken, values, deadline, whole = 0, 0, 0.0, False

        async def bounded() -> Message:
            nonlocal taken, values, deadline, whole
            if whole:
                # The whole body is there: the next message reports that the caller has gone.
                return await receive()
            clock = self._clock or asyncio.get_running_loop().time
            deadline = deadline or clock() + self._seconds
            try:
                async with asyncio.timeout(max(0.0, deadline - clock())):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, "the body did not arrive in time", _CLOSE) from None
            piece: bytes = message.get("body", b"")
            taken, values = taken + len(piece), values + sum(map(piece.count, separators))
            whole = not message.get("more_body", False)
            if taken > limit:
                raise HTTPException(413, _too_large(limit), _CLOSE)
            if values > MOST_VALUES:
                raise HTTPException(413, f"the request's body may have {MOST_VALUES:,} values", _CLOSE)
            return message

        return bounded


def _large_form(content_type: str, path: str) -> int | None:
    """The permitted bytes of a form that may be larger than others; None for any other body."""
    return next((most for of, paths, most in _LARGE_FORMS if content_type == of and paths.fullmatch(path)), None)


def _length(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


def _separators(content_type: str) -> tuple[bytes, ...]:
    """The bytes before each value; they may be elsewhere too. The parser of parts bounds the number of parts itself."""
    if content_type == _MULTIPART:
        return ()
    return (b"&",) if content_type == _FORM else (b",", b"[", b"{")


def _too_large(limit: int) -> str:
    return f"the request's body is too large: it may have {limit:,} bytes"
