"""Around every request: security headers, the headers of the route, and one line of log."""

import time
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.problems import answer
from dashboard.site import Site
from pixelfleet.domain.result_keys import RESULTS_PATH
from pixelfleet.domain.stable_addresses import STABLE_PATH
from pixelfleet.telemetry import logger

#: The browser features that pages may use: none.
_PERMISSIONS: Final = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
_HSTS: Final = "max-age=63072000; includeSubDomains"
_QUIET: Final = ("/health", "/static/", RESULTS_PATH, STABLE_PATH)


class Guard:
    """ASGI middleware. It does not change streams."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._log = logger("dashboard", site.settings.log_level)
        self._headers = {
            "Content-Security-Policy": content_security_policy(site.uploads_origin),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": _PERMISSIONS,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if site.url.startswith("https:"):
            self._headers["Strict-Transport-Security"] = _HSTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        request = Request(scope)
        state = scope.setdefault("state", {})

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in (self._headers | state.get("headers", {})).items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "private, no-cache")
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as error:
            self._log.exception("a request failed")
            if status:
                # A part of the answer is sent: only a broken connection shows the error to the caller.
                raise
            response = answer(request, 500, f"a bug in pixelfleet ({type(error).__name__}); the log has the details")
            await response(scope, receive, guarded)
        finally:
            if not scope["path"].startswith(_QUIET):
                caller = state.get("caller")
                self._log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    milliseconds=round((time.perf_counter() - started) * 1000),
                    user=caller.name if caller else None,
                )


def content_security_policy(uploads_origin: str, *pictures: str) -> str:
    """No inline script, no inline style, nothing from other sites but originals and uploads, which go to S3.

    `pictures` are origins of originals in other buckets.
    """
    images = " ".join(dict.fromkeys(("'self'", uploads_origin, *pictures)))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src {images}",
            f"connect-src 'self' {uploads_origin}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
