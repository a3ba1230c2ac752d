"""docs/reference/api.md agrees with the OpenAPI document, and the document is complete."""

from pathlib import Path
from typing import Any

import pytest

from dashboard.app import create_app
from dashboard.reference import reference
from pixelfleet.settings import Settings

REFERENCE = Path(__file__).parents[3] / "docs/reference/api.md"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Settings(session_secret="-" * 32, endpoint_url="http://127.0.0.1:1")).openapi()


def test_the_reference_is_up_to_date() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == reference(), "write it anew: make docs"


def test_every_operation_has_a_summary_its_tags_its_security_and_its_errors(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            reported = f"{method} {path}"
            assert operation["summary"], reported
            assert operation["tags"], reported
            if path.startswith("/api/"):
                assert operation["security"], reported
                assert {"401", "429", "503"} <= set(operation["responses"]), reported


def test_every_field_has_an_example_or_a_shape(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    ours = (
        "ImageOut",
        "ImageSummary",
        "VariantOut",
        "UploadsIn",
        "UploadsOut",
        "BatchDetail",
        "BackgroundTaskOut",
        "Group",
    )
    bare = [
        f"{name}.{field}"
        for name in ours
        for field, one in schemas[name]["properties"].items()
        if not {"examples", "$ref", "items", "anyOf"} & set(one)
    ]
    assert bare == []


def test_errors_are_problem_details_everywhere(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"]
