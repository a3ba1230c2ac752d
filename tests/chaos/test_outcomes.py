"""A message is never lost when its task fails. The cases are the table of docs/decisions/celery-on-sqs.md."""

import os
import signal

import pytest

from tests.chaos.harness import Bench, children_of
from tests.chaos.proxy import Fault
from tests.waiting import eventually


def test_a_task_that_succeeds_is_deleted(queue: Bench) -> None:
    queue.send("fine")

    queue.work()

    queue.done("fine")
    queue.empties()
    assert queue.count(queue.dead_url) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("hazard", ["fails", "out_of_memory"])
def test_a_message_whose_task_always_fails_lies_in_the_dead_letters(queue: Bench, hazard: str) -> None:
    queue.hide_for(2)
    queue.send(hazard)
    worker = queue.work()

    queue.buries(1)

    assert [entry["receives"] for entry in queue.journal("begun")] == [1, 2, 3]
    assert worker.runs


@pytest.mark.slow
@pytest.mark.parametrize("hazard", ["killed", "crashes", "terminated"])
def test_a_message_whose_child_is_always_lost_lies_in_the_dead_letters(queue: Bench, hazard: str) -> None:
    # The message is hidden for an hour. Only the worker's own back-off returns the message within the test.
    queue.hide_for(3600)
    queue.send(hazard)
    worker = queue.work(options={"back_off_seconds": 0.1})

    queue.buries(1)

    assert [entry["receives"] for entry in queue.journal("begun")] == [1, 2, 3]
    queue.send("fine")
    queue.done("fine")
    assert worker.runs


def test_a_task_that_fails_once_is_run_again(queue: Bench) -> None:
    queue.hide_for(2)
    queue.send("fails_once")

    queue.work()

    queue.done("fails_once")
    queue.empties()
    assert [entry["receives"] for entry in queue.journal("begun")] == [1, 2]


@pytest.mark.slow
def test_running_out_of_memory_does_not_end_the_main_process_or_other_tasks(queue: Bench) -> None:
    queue.hide_for(60)
    queue.send("held", "long")
    worker = queue.work(children=2)
    queue.begun("long")

    queue.send("out_of_memory")

    queue.begun("out_of_memory")
    eventually(lambda: "asked to run out" in worker.log)
    queue.release()
    queue.done("long")
    assert worker.runs
    assert len([name for name in queue.names("begun") if name == "long"]) == 1


@pytest.mark.slow
def test_the_hard_time_limit_leaves_the_message(queue: Bench) -> None:
    queue.hide_for(3600)
    queue.send("fine", "too long", 60.0)
    worker = queue.work(config={"task_time_limit": 1}, options={"back_off_seconds": 0.1})
    queue.begun("too long")

    queue.buries(1)

    assert len(queue.journal("begun")) == 3
    assert worker.runs


@pytest.mark.slow
def test_a_child_killed_from_outside_leaves_its_message(queue: Bench) -> None:
    queue.hide_for(3600)
    queue.send("held", "victim")
    worker = queue.work(options={"back_off_seconds": 0.1})

    os.kill(queue.begun("victim")["pid"], signal.SIGKILL)
    queue.release()

    queue.done("victim")
    queue.empties()
    assert [entry["receives"] for entry in queue.journal("begun")] == [1, 2]
    assert worker.runs


def test_a_main_process_killed_leaves_its_messages_and_no_orphan(queue: Bench) -> None:
    queue.hide_for(4)
    queue.send("held", "victim")
    worker = queue.work()
    child = queue.begun("victim")["pid"]
    assert child in children_of(worker.process.pid)

    worker.kill()

    eventually(lambda: not _alive(child))
    assert "victim" not in queue.names("done")
    queue.release()
    queue.work()
    queue.done("victim")
    queue.empties()


@pytest.mark.slow
def test_a_failed_delete_is_tried_again(queue: Bench) -> None:
    queue.proxy.inject(Fault("sqs", "DeleteMessageBatch", status=500, times=2))
    queue.send("fine")

    worker = queue.work()

    queue.empties()
    assert worker.runs
    assert len(queue.journal("begun")) == 1


@pytest.mark.slow
def test_a_delete_that_fails_for_longer_than_the_visibility_costs_a_redelivery(queue: Bench) -> None:
    queue.hide_for(2)
    queue.proxy.inject(Fault("sqs", "DeleteMessageBatch", status=500))
    queue.send("fine")
    worker = queue.work()
    eventually(lambda: len(queue.journal("done")) >= 2)

    queue.proxy.heal()

    queue.empties()
    assert worker.runs
    assert queue.count(queue.dead_url) == (0, 0)


@pytest.mark.slow
def test_a_delete_whose_answer_is_lost_is_harmless(queue: Bench) -> None:
    queue.proxy.inject(Fault("sqs", "DeleteMessageBatch", drop="after", times=1))
    queue.send("fine")

    worker = queue.work()

    queue.empties()
    assert worker.runs
    assert len(queue.journal("begun")) == 1


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
