"""Answers with an ETag. A client that has the present ETag gets 304 without a body (RFC 9110, 8.8.3 and 13.1.2)."""

import hashlib
from typing import Any, Final

from fastapi import Request, Response
from pydantic import BaseModel

from dashboard.problems import responses

#: The answers of a route with an ETag besides 200.
NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Not modified: the ETag in If-None-Match is the present one."}
}
READING: Final = NOT_MODIFIED | responses(400, 401, 403, 404, 422, 429, 503)


def tagged(request: Request, answer: BaseModel) -> Response:
    body = answer.model_dump_json().encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    known = {entry.strip().removeprefix("W/") for entry in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
