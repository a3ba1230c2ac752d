"""Errors as RFC 9457 problem details for programs, as a page for people."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from dashboard.callers import Caller, session_caller
from dashboard.problem import Problem
from dashboard.site import site_of
from pixelfleet.errors import SetupError, TransientError
from pixelfleet.telemetry import logger

MEDIA_TYPE: Final = "application/problem+json"
API: Final = "/api/"
SIGN_IN: Final = "/sign-in"
#: Wrong fields that one answer lists.
MOST_ERRORS: Final = 20
#: Lists that every user may see, by the first part of their address, as the page of an error names them.
_LISTS: Final = {"recipes": "recipes", "batches": "batches", "background-tasks": "tasks"}


class Invalid(BaseModel):
    where: str = Field(description="The field, as a path.", examples=["body.files.0.bytes"])
    message: str = Field(description="What is wrong with it.", examples=["Input should be greater than 0"])


class ProblemDetails(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is no image x"}]
        }
    )

    type: str = Field("about:blank", description="Kind of problem; about:blank: the status says it all.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong, and what would be right.")
    errors: list[Invalid] | None = Field(None, description="With 422: the fields that are wrong, up to 20.")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route's OpenAPI entry says of these statuses."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
        for status in statuses
    }


def handle_problems(app: FastAPI) -> None:
    """Map every error that a route may end with; what is a bug, the guard logs and answers with 500."""

    @app.exception_handler(Problem)
    def _problem(request: Request, error: Problem) -> Response:
        return answer(request, error.status, error.detail, headers=error.headers)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        detail = "there is nothing at this address" if error.status_code == 404 else str(error.detail)
        if error.status_code == 404 and not request.url.path.startswith(API):
            request.state.caller = _caller(request)
        return answer(request, error.status_code, detail, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        items = error.errors()
        listed = [_invalid_field(item) for item in items[:MOST_ERRORS]]
        first = f"{listed[0].where}: {listed[0].message}" if listed else "it cannot be read"
        others = f"; {len(items) - 1:,} other fields are wrong, too" if len(items) > 1 else ""
        return answer(request, 422, f"the request is not valid: {first}{others}", errors=listed)

    @app.exception_handler(TransientError)
    def _transient(request: Request, error: TransientError) -> Response:
        logger("dashboard").warning("a call to AWS failed", exc_info=error)
        return answer(request, 503, "the fleet's storage did not answer; try again", headers={"Retry-After": "2"})

    @app.exception_handler(SetupError)
    def _setup(request: Request, error: SetupError) -> Response:
        return answer(request, 400, str(error))


def _invalid_field(item: Mapping[str, Any]) -> Invalid:
    return Invalid(where=".".join(map(str, item["loc"]))[:200], message=str(item["msg"])[:200])


def answer(
    request: Request,
    status: int,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: list[Invalid] | None = None,
) -> Response:
    """The error in the form that who asks can read."""
    title = HTTPStatus(status).phrase
    if request.url.path.startswith(API) or "text/html" not in request.headers.get("accept", "text/html"):
        problem = ProblemDetails(title=title, status=status, detail=detail, errors=errors)
        body = problem.model_dump(exclude_none=True)
        return JSONResponse(body, status, dict(headers or {}), media_type=MEDIA_TYPE)
    address, list_name = _list_of(request.url.path)
    values = {"title": title.capitalize(), "status": status, "detail": detail}
    values |= {"list_address": address, "list_name": list_name}
    return site_of(request).page(request, "error.html", values, status, headers)


def _list_of(path: str) -> tuple[str, str]:
    """The address and the name of the list to which the page of an error leads, by the first part of its address."""
    kind = path.split("/")[1]
    # The page of a list that failed does not lead to itself.
    return (f"/{kind}", _LISTS[kind]) if kind in _LISTS and path != f"/{kind}" else ("/", "images")


def to_sign_in(request: Request) -> Response:
    """Where a page leads that was asked for without a session: to the form, and from there back."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.headers.get("hx-request"):
        # htmx would put the form into the middle of the page.
        address = _sign_in_for(_path_of(request.headers.get("hx-current-url", "")))
        return Response(status_code=401, headers={"HX-Redirect": address})
    if request.method != "GET":
        # Back to the page with the form; what was sent is not carried out.
        target = _path_of(request.headers.get("referer", ""))
        return RedirectResponse(_sign_in_for(target, ended=True), 303)
    return RedirectResponse(_sign_in_for(target), 303)


def _sign_in_for(target: str, *, ended: bool = False) -> str:
    return f"{SIGN_IN}?{urlencode({'next': target} | ({'ended': 1} if ended else {}))}"


def _path_of(address: str) -> str:
    """The path of a page of ours; whether it is one, the sign-in form checks."""
    parts = urlsplit(address)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _caller(request: Request) -> Caller | None:
    """The caller of a page that no route answers, so that the page of the error has the navigation."""
    try:
        return session_caller(request)
    except TransientError:
        return None
