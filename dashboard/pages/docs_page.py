"""/docs: the REST API for people, made from the OpenAPI document; no script and no style of other sites."""

import json
import re
from typing import Any

from fastapi import APIRouter, Request, Response

from dashboard.callers import PageCaller
from dashboard.reference_parts import answers_of, example_of, type_of
from dashboard.site import site_of

router = APIRouter()


@router.get("/docs")
def docs(request: Request, caller: PageCaller) -> Response:
    document = request.app.openapi()
    schemas = document["components"]["schemas"]
    groups = [{"tag": tag, "operations": _operations(document, tag["name"], schemas)} for tag in document["tags"]]
    return site_of(request).page(request, "docs.html", {"groups": groups, "about": document["info"]["description"]})


def _operations(document: dict[str, Any], tag: str, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation["summary"],
            "description": operation.get("description", ""),
            "parameters": [
                {
                    "name": one["name"],
                    "where": one["in"],
                    "type": _plain(type_of(one["schema"])),
                    "description": one.get("description", one["schema"].get("description", "")),
                }
                for one in operation.get("parameters", [])
            ],
            "body": _body(operation, schemas),
            "answers": [_plain(answer) for answer in answers_of(operation["responses"])],
        }
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if tag in operation["tags"]
    ]


def _plain(markdown: str) -> str:
    """The text without the marks of code and of links."""
    return re.sub(r"\[(\w+)\]\(#\w+\)", r"\1", markdown.replace("`", ""))


def _body(operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    if "requestBody" not in operation:
        return ""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return json.dumps(example_of(schema, schemas), indent=2)
