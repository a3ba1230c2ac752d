"""HEAD for every GET route (RFC 9110, 9.3.2): the same headers, no body. And gzip for answers without secrets."""

from typing import Final

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pixelfleet.domain.stable_addresses import STABLE_PATH

#: A page has a form token and parts of its address: compressed together, their length would show the token (BREACH).
_COMPRESSED: Final = ("/api/", "/static/", "/openapi.json")
#: A stream of events has no end that a HEAD could wait for; stable addresses answer HEAD without reading the bytes.
_BY_THEMSELVES: Final = ("/events", STABLE_PATH)


class Heads:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].startswith(_BY_THEMSELVES):
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, without_body)


class Compressed:
    """ASGI middleware: gzip for the API, for scripts and for styles."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._gzip = GZipMiddleware(app, minimum_size=1_000, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fit = scope["type"] == "http" and scope["path"].startswith(_COMPRESSED)
        await (self._gzip if fit else self._app)(scope, receive, send)
