"""The roles of ecs/permissions.tf may use the streams of the activity table that the code of their part uses.

Background tasks alone: tests on the applied stack begin no rollout, and no move that dies.
"""

import json
import re
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pixelfleet.domain.records import RecipeRef
from pixelfleet.domain.rollout import RolloutFacts
from pixelfleet.operations.batch_rows import rollout_row
from pixelfleet.operations.completion import complete_sealed_batches
from tests.infra.condition_keys import leading_keys
from tests.unit.operations.fakes import fake_deployment

PERMISSIONS = Path(__file__).parents[2] / "ecs" / "permissions.tf"
ACTIONS = {"get_item": "GetItem", "put_item": "PutItem", "query": "Query"}
#: The dashboard's Query is in a statement without a condition.
EVERYWHERE = {"dashboard": {"Query"}}


def is_allowed(part: str, action: str, stream: str) -> bool:
    """Whether a statement of a part's activity rights has this action on this stream."""
    if action in EVERYWHERE.get(part, ()):
        return True
    [block] = re.findall(rf"^    {part} = \{{\n(.*?)^    \}}", PERMISSIONS.read_text(), re.DOTALL | re.MULTILINE)
    statements = re.findall(r"actions = (\[.*?\]), streams = (\[.*?\])", block)
    assert statements
    return any(
        f"dynamodb:{action}" in json.loads(actions) and any(fnmatchcase(stream, one) for one in json.loads(streams))
        for actions, streams in statements
    )


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


@pytest.fixture
def refused(deployment: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """From its call on, collects the calls to the activity table that the role of a part may not make."""
    client = deployment.background_tasks._client
    denied: set[tuple[str, str]] = set()

    def watch(part: str) -> set[tuple[str, str]]:
        for name, action in ACTIONS.items():
            monkeypatch.setattr(client, name, partial(seen, part, action, getattr(client, name)))
        return denied

    def seen(part: str, action: str, call: Any, **request: Any) -> Any:
        if request["TableName"] == "activity":
            [stream] = leading_keys(json.dumps(request).encode(), lambda _: "stream")["dynamodb:LeadingKeys"]
            if not is_allowed(part, action, stream):
                denied.add((action, stream))
        return call(**request)

    return watch


def test_a_reconcile_may_look_for_the_task_of_a_move(deployment: Any, refused: Any) -> None:
    deployment.batches.create("me", "b1", by_move=True)
    denied = refused("reconcile")
    complete_sealed_batches(deployment)
    assert denied == set()


def test_the_dashboard_may_show_rollouts_and_ask_them_to_stop(deployment: Any, refused: Any) -> None:
    ref = RecipeRef(name="shop", digest="1" * 64)
    tasks = deployment.background_tasks
    rollout = tasks.begin("rollout", "olga@desk", "x", RolloutFacts(newer=ref, older=ref, images=1, canary=1))
    denied = refused("dashboard")
    tasks.save(tasks.begin("redrive", "olga", "all"))
    tasks.recent(9)
    tasks.ask_to_stop(rollout_row(deployment, rollout.id).task, "olga")
    assert denied == set()
