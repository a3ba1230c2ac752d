"""The record of a background task: it is fresh while the task runs, and its end is not lost."""

from typing import Any

import pytest

from pixelfleet.catalog.background import BackgroundTaskState
from pixelfleet.errors import Cause, TransientError
from pixelfleet.operations import task_progress
from pixelfleet.operations.task_progress import TaskProgress
from tests.clock import Clock
from tests.unit.operations.fakes import fake_deployment
from tests.waiting import eventually


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


def begun(deployment: Any, clock: Clock | None = None) -> TaskProgress:
    return TaskProgress(deployment, deployment.background_tasks.begin("move", "ana", "3 images"), clock or Clock())


def stored(deployment: Any) -> Any:
    [task] = deployment.background_tasks.recent(9)
    return task


def fails(deployment: Any, times: int) -> None:
    """DynamoDB makes the next writes, and their answers are lost."""
    save, left = deployment.background_tasks.save, [times]

    def answer_lost(task: Any) -> None:
        save(task)
        left[0] -= 1
        if left[0] >= 0:
            raise TransientError(Cause.UNAVAILABLE, "no answer")

    deployment.background_tasks.save = answer_lost


def test_a_task_that_reports_nothing_is_written_now_and_then(deployment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_progress, "BEAT", 0.01)
    progress = begun(deployment)
    before = stored(deployment).updated_at
    fails(deployment, 1)
    with progress.kept_alive():
        eventually(lambda: stored(deployment).updated_at > before)
        again = stored(deployment).updated_at
        eventually(lambda: stored(deployment).updated_at > again)
        progress.end(BackgroundTaskState.DONE, "done: 3 images")
        ended = stored(deployment)
    assert stored(deployment) == ended
    assert (ended.state, ended.message) == (BackgroundTaskState.DONE, "done: 3 images")


def test_a_task_that_is_taken_up_again_does_not_say_that_it_ended(deployment: Any) -> None:
    begun(deployment).end(BackgroundTaskState.INTERRUPTED, "interrupted; the same command goes on where it stopped")
    with TaskProgress(deployment, stored(deployment), Clock()).kept_alive():
        assert (stored(deployment).state, stored(deployment).message) == (BackgroundTaskState.RUNNING, "taken up again")


def test_a_report_that_cannot_be_written_stops_no_work(deployment: Any) -> None:
    clock = Clock()
    progress = begun(deployment, clock)
    clock.now += 10
    fails(deployment, 1)
    progress.report("1 image done", {"done": 1})
    clock.now += 10
    progress.report("2 images done", {"done": 2})
    assert (stored(deployment).message, stored(deployment).counts) == ("2 images done", {"done": 2})


def test_a_lost_answer_makes_no_failure_of_a_task_that_is_done(deployment: Any) -> None:
    """The process takes the lost answer for an error of the task, and ends the task as failed."""
    progress = begun(deployment)
    fails(deployment, 1)
    with pytest.raises(TransientError):
        progress.end(BackgroundTaskState.DONE, "done: 3 images", {"done": 3})
    progress.end(BackgroundTaskState.FAILED, "no answer")
    assert (stored(deployment).state, stored(deployment).message) == (BackgroundTaskState.DONE, "done: 3 images")
