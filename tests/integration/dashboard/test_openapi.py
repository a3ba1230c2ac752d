"""schemathesis on the OpenAPI document. No generated request gives a 5xx, and every answer is as declared."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings

from dashboard.app import create_app
from dashboard.auth.limits import RateLimit
from pixelfleet.credentials.passwords import hash_password
from pixelfleet.domain.users import Role, Scope
from tests.fakes.deployment import moto_deployment
from tests.fakes.records import record
from tests.waiting import await_background_tasks

EXAMPLES = 25


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[FastAPI, str, str]]:
    """The app with an image, an operator's token, and the image's id."""
    with moto_deployment(quick_tables=True) as deployment:
        deployment.users.add("olga", hash_password("correct horse battery"), Role.OPERATOR)
        token, _ = deployment.users.issue_token("olga", "test", tuple(Scope), 1)
        image = record(deployment, "olga", "b1", "a.jpg")
        app = create_app(deployment.settings, deployment)
        # The rate limit is not under test here.
        app.state.site.api_limit = RateLimit(10_000_000, 1)
        yield app, token, image.image_id
        # A thread that outlived the catalog would call the real AWS.
        await_background_tasks()


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_every_answer_of_every_operation_is_as_declared(served: tuple[FastAPI, str, str]) -> None:
    """One test for all operations, with hypothesis alone: schemathesis's plugin does not support this pytest."""
    # The import is here because every test run collects this file, and importing this library takes a second.
    import schemathesis  # noqa: PLC0415

    app, token, image_id = served
    schema: Any = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:
        _hold(operation, {"Authorization": f"Bearer {token}"}, image_id)
    assert len(operations) == sum(map(len, app.openapi()["paths"].values()))


def _hold(operation: Any, headers: dict[str, str], image_id: str) -> None:
    from schemathesis.checks import not_a_server_error  # noqa: PLC0415
    from schemathesis.specs.openapi import checks as declared  # noqa: PLC0415

    checks = [
        not_a_server_error,
        declared.status_code_conformance,
        declared.content_type_conformance,
        declared.response_headers_conformance,
        declared.response_schema_conformance,
    ]
    turn = count()

    @given(case=operation.as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def ask(case: Any) -> None:
        # Every second request names an existing image, so that other answers than 404 occur.
        if next(turn) % 2 and "image_id" in (case.path_parameters or {}) and case.method != "DELETE":
            case.path_parameters["image_id"] = image_id
        case.call_and_validate(headers=headers, checks=checks)

    ask()
