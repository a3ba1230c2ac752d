"""The API's reference as Markdown, made of its OpenAPI document: `python -m dashboard.reference`."""

import json
import sys
from collections.abc import Iterator
from typing import Any, Final

from dashboard.app import create_app
from dashboard.reference_parts import answers_of, example_of, type_of
from pixelfleet.settings import Settings

_HEAD: Final = """\
# REST API

Made by `make docs` from the OpenAPI 3.1 document that every dashboard serves at `/openapi.json`; a test holds it.
How to get a token and call it: [the dashboard](../howto/dashboard.md).
"""


def main() -> None:
    sys.stdout.write(reference())


def reference() -> str:
    # Nothing of the deployment shows in the document.
    document = create_app(Settings(session_secret="-" * 32, endpoint_url="http://127.0.0.1:1")).openapi()
    return "\n".join(_lines(document)).rstrip() + "\n"


def _lines(document: dict[str, Any]) -> Iterator[str]:
    yield _HEAD
    yield document["info"]["description"]
    for tag in document["tags"]:
        yield f"## {tag['name'].capitalize()}\n\n{tag['description']}\n"
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if tag["name"] in operation["tags"]:
                    yield from _operation(f"{method.upper()} {path}", operation, document["components"]["schemas"])
    yield "## Shapes\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _schema(name, schema)


def _operation(title: str, operation: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    yield f"### `{title}`\n\n{operation['summary']}.\n"
    if "description" in operation:
        yield operation["description"] + "\n"
    if parameters := operation.get("parameters"):
        yield "| parameter | in | type | what it is |\n| --- | --- | --- | --- |"
        for one in parameters:
            description = one.get("description", one["schema"].get("description", ""))
            yield f"| `{one['name']}` | {one['in']} | {type_of(one['schema'])} | {description} |"
        yield ""
    if body := operation.get("requestBody"):
        schema = body["content"]["application/json"]["schema"]
        yield f"Takes {type_of(schema)}:\n\n```json\n{json.dumps(example_of(schema, schemas), indent=2)}\n```\n"
    yield f"Answers: {'; '.join(answers_of(operation['responses']))}.\n"


def _schema(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}\n"
    if "description" in schema:
        yield schema["description"] + "\n"
    if "enum" in schema:
        yield "One of " + ", ".join(f"`{value}`" for value in schema["enum"]) + ".\n"
    if properties := schema.get("properties"):
        yield "| field | type | what it is | for example |\n| --- | --- | --- | --- |"
        for field, one in properties.items():
            example = one.get("examples", [None])[0]
            shown = f"`{json.dumps(example, ensure_ascii=False)}`" if example is not None else ""
            yield f"| `{field}` | {type_of(one)} | {one.get('description', '')} | {shown} |"
        yield ""


if __name__ == "__main__":
    main()
