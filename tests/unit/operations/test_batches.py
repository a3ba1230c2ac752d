"""The state of a batch in one word, and a hint for the name of a batch that does not exist."""

from typing import Any

import pytest

from pixelfleet.domain.records import Batch, Counts
from pixelfleet.errors import SetupError
from pixelfleet.operations.batches import batch_state, batch_with_counts
from tests.unit.operations.fakes import fake_deployment

ROLLOUT = "rollout-20261120T090000000Z-1a2b3c4d"


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


def batch(**facts: Any) -> Batch:
    return Batch(batch_id="me/b", owner="me", name="b", created_at="2026-11-20T09:00:00.000Z", **facts)


SEALED = {"sealed_at": "2026-11-20T09:01:00.000Z"}


@pytest.mark.parametrize(
    ("facts", "ready", "state"),
    [
        ({}, 7, "open"),
        (SEALED | {"expected": 8}, 2, "25 %"),
        (SEALED | {"expected": 3}, 2, "66 %"),
        (SEALED | {"expected": 0}, 0, "0 %"),
        (SEALED | {"expected": 8, "completed_at": "2026-11-20T09:02:00.000Z"}, 8, "complete"),
    ],
)
def test_the_state_of_a_batch_is_open_or_a_percentage_or_complete(
    facts: dict[str, Any], ready: int, state: str
) -> None:
    assert batch_state(batch(**facts), Counts(ready=ready)) == state


def test_a_batch_comes_with_its_counts(deployment: Any) -> None:
    deployment.batches.create("me", "b")
    stored, counts = batch_with_counts(deployment, "me", "b")
    assert (stored.batch_id, counts.accounted) == ("me/b", 0)


@pytest.mark.parametrize(
    ("owner", "name", "hint"),
    [
        ("me", "sumer", "did you mean me/summer?"),
        ("you", "summer", "did you mean me/summer?"),
        ("me", "winter", "`pixelfleet batch list` shows the batches"),
        ("me", ROLLOUT, f"`pixelfleet batch show {ROLLOUT}` shows it"),
    ],
)
def test_the_error_for_an_unknown_batch_suggests_a_batch_or_the_list_of_batches(
    deployment: Any, owner: str, name: str, hint: str
) -> None:
    deployment.batches.create("me", "summer")
    with pytest.raises(SetupError) as refused:
        batch_with_counts(deployment, owner, name)
    assert name in str(refused.value)
    assert str(refused.value).endswith(hint)
