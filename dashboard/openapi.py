"""The OpenAPI 3.1 document of the REST API: the part that FastAPI derives from the routes, and additions."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from dashboard.problems import ProblemDetails
from pixelfleet import __version__

_DESCRIPTION: Final = """\
Images, batches and the fleet of a pixelfleet deployment.

**Who may call.** A bearer token (`pixelfleet user token NAME`), with the scope that the operation names: `read`,
`write` or `operate`. Or the session of the dashboard, with the header `X-CSRF-Token` for every change.
For other owners' images and batches the answer is 404, as if they did not exist. Operators see everything.

**Errors** are problem details (RFC 9457). **ETags**: send `If-None-Match` and get 304 while nothing has changed.
**Rate limit**: 600 requests a minute for each user. The headers `RateLimit-Limit`, `RateLimit-Remaining` and
`RateLimit-Reset` (seconds) say what is left; beyond the limit the answer is 429 with `Retry-After`.
"""

_RATE_HEADERS: Final = {
    "RateLimit-Limit": "Requests a minute.",
    "RateLimit-Remaining": "Requests that are left.",
    "RateLimit-Reset": "Seconds until the full number is available again.",
}
_TAGS: Final = [
    {"name": "images", "description": "The caller's images; an operator may read the images of all owners."},
    {"name": "uploads", "description": "Forms to send files directly to S3."},
    {"name": "batches", "description": "Images that were uploaded together."},
    {
        "name": "recipes",
        "description": "Recipes, and routes that give keys a recipe. Operators may change both.",
    },
    {
        "name": "operators",
        "description": "The deployment. The scope `operate` is needed; only tokens of operators have this scope.",
    },
    {"name": "users", "description": "The caller, and the users of the deployment."},
    {"name": "health", "description": "For load balancers; public."},
]


def describe(app: FastAPI) -> None:
    """Make the app return its document, which is made once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="pixelfleet", version=__version__, description=_DESCRIPTION, routes=app.routes, tags=list(_TAGS)
    )
    parts = document["components"]
    schemas = parts["schemas"]
    problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {})
    schemas["ProblemDetails"] = problem
    # FastAPI's own form of 422, which no route answers with.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token of `pixelfleet user token`."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "pixelfleet",
            "description": "Signed in to the dashboard.",
        },
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete(operation, public=path in ("/health", "/ready"))
    return document


def _complete(operation: dict[str, Any], *, public: bool) -> None:
    if public:
        return
    operation["security"] = [{"token": []}, {"session": []}]
    for response in operation["responses"].values():
        headers = response.setdefault("headers", {})
        for name, meaning in _RATE_HEADERS.items():
            headers[name] = {"description": meaning, "schema": {"type": "integer"}}
