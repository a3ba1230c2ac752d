"""Lists of batches have a row for each rollout, in the order of their beginning, a page at a time."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from pixelfleet.catalog import background
from pixelfleet.catalog.background import BackgroundTaskState
from pixelfleet.domain.records import RecipeRef, timestamp
from pixelfleet.domain.rollout import RolloutFacts
from pixelfleet.errors import SetupError
from pixelfleet.operations import batch_rows as operation
from pixelfleet.operations.batch_rows import RolloutRow, batch_rows_page, rollout_row, rollout_time_left
from tests.unit.operations.fakes import fake_deployment

OLD, NEW = (RecipeRef(name="shop", digest=digit * 64) for digit in "12")
BEGUN = datetime.fromisoformat("2026-11-20T09:00:00Z")


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the time at which batches and rollouts are begun, in seconds after `BEGUN`."""

    def set_to(seconds: float) -> None:
        moment = BEGUN + timedelta(seconds=seconds)

        class Fixed(datetime):
            @classmethod
            def now(cls, _: Any = None) -> Any:
                return moment

        monkeypatch.setattr(background, "datetime", Fixed)
        monkeypatch.setattr("pixelfleet.catalog.batches.timestamp", lambda *_: timestamp(moment))

    return set_to


def facts(owner: str | None = None, **more: Any) -> RolloutFacts:
    return RolloutFacts(newer=NEW, older=OLD, owner=owner, images=200, canary=2, **more)


def names(rows: Any) -> list[str]:
    return [f"rollout of {row.scope}" if isinstance(row, RolloutRow) else row.batch_id for row in rows]


def test_rollouts_are_rows_among_the_batches_newest_first(deployment: Any, at: Any) -> None:
    for second, owner in enumerate(("ana", "ben", None)):
        at(second)
        deployment.background_tasks.begin("rollout", "olga@desk", "x", facts(owner))
        at(second + 0.5)
        deployment.batches.create(owner or "ana", f"b{second}")
    deployment.background_tasks.begin("redrive", "olga", "all")
    rows, following = batch_rows_page(deployment, None, "")
    expected = [
        "ana/b2", "rollout of all images", "ben/b1", "rollout of images of ben", "ana/b0", "rollout of images of ana",
    ]  # fmt: skip
    assert (names(rows), following) == (expected, None)
    rows, _ = batch_rows_page(deployment, "ana", "")
    assert names(rows) == ["ana/b2", "ana/b0", "rollout of images of ana"]


@pytest.mark.parametrize("every", [1, 3])
def test_pages_hold_every_row_once_also_where_rows_have_one_timestamp(
    deployment: Any, at: Any, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    monkeypatch.setattr(operation, "PAGE", 2)
    monkeypatch.setattr(background, "_LISTED_AT_ONCE", 2)
    for number in range(9):
        at(number // every)
        deployment.batches.create("ana", f"b{number}")
        deployment.background_tasks.begin("rollout", "olga@desk", "x", facts(batch=f"b{number}", owner="ana"))
    listed, before = [], ""
    while True:
        rows, following = batch_rows_page(deployment, None, before)
        listed += names(rows)
        if following is None:
            break
        before = following
    assert len(listed) == len(set(listed)) == 18


def test_a_row_has_progress_and_a_state_from_its_task(deployment: Any) -> None:
    tasks = deployment.background_tasks
    task = tasks.begin("rollout", "olga@desk", "x", facts("ana"))
    counts = {"canary_done": 1, "canary_outlier": 1, "rest_done": 90, "rest_failed": 3, "rest_open": 50, "rest_gone": 5}
    tasks.save(task.model_copy(update={"counts": counts}))
    row = rollout_row(deployment, task.id)
    assert (row.counts.made, row.counts.outliers, row.counts.failed, row.counts.gone) == (92, 1, 3, 5)
    assert (row.state, row.left, row.completed_at) == ("50 %", 100, None)
    tasks.save(row.task.model_copy(update={"state": BackgroundTaskState.DONE}))
    row = rollout_row(deployment, task.id)
    assert (row.state, row.left, row.completed_at) == ("complete", 0, task.updated_at)
    assert rollout_time_left(deployment, row).seconds == 0
    tasks.save(row.task.model_copy(update={"state": BackgroundTaskState.STOPPED}))
    row = rollout_row(deployment, task.id)
    assert (row.state, rollout_time_left(deployment, row).seconds) == ("stopped", None)


@pytest.mark.parametrize("name", ["rollout-20261120T090000000Z-00000000", "summer", ""])
def test_a_rollout_that_does_not_exist_is_an_error(deployment: Any, name: str) -> None:
    with pytest.raises(SetupError, match="there is no rollout"):
        rollout_row(deployment, name)


def test_the_latest_tasks_have_rollouts_among_them_in_the_order_of_their_beginning(deployment: Any, at: Any) -> None:
    for second, kind in enumerate(("redrive", "rollout", "delete", "rollout")):
        at(second)
        deployment.background_tasks.begin(kind, "olga", "x", facts() if kind == "rollout" else None)
    recent = deployment.background_tasks.recent(3)
    assert [task.kind for task in recent] == ["rollout", "delete", "rollout"]


def test_a_request_to_stop_concerns_one_run_of_a_rollout(deployment: Any) -> None:
    tasks = deployment.background_tasks
    task = tasks.begin("rollout", "olga@desk", "x", facts())
    assert tasks.asked_to_stop(task) is None
    tasks.ask_to_stop(task, "olga")
    assert tasks.asked_to_stop(task) == "olga"
    assert tasks.asked_to_stop(task.model_copy(update={"run": 1})) is None
