"""SIGTERM, also by ECS and a Spot notice: unfinished messages are back in the queue within seconds."""

import signal

import pytest

from tests.chaos.harness import Bench
from tests.waiting import PATIENCE, eventually


def test_sigterm_hands_prefetched_messages_back_and_finishes_the_running_one(queue: Bench) -> None:
    queue.hide_for(600)
    for number in range(4):
        queue.send("held", f"task {number}")
    worker = queue.work(config={"worker_prefetch_multiplier": 4, "worker_soft_shutdown_timeout": PATIENCE})
    eventually(lambda: queue.count() == (0, 4))
    begun = eventually(lambda: queue.names("begun"))

    worker.signal(signal.SIGTERM)

    eventually(lambda: queue.count() == (3, 1))
    queue.release()
    assert worker.exit_code() == 0
    assert queue.count() == (3, 0)
    assert queue.names("done") == begun


@pytest.mark.slow
def test_sigterm_hands_back_a_long_task_after_the_soft_time_out(queue: Bench) -> None:
    queue.hide_for(600)
    queue.send("gives_back", "hours", 3600.0)
    worker = queue.work(config={"worker_soft_shutdown_timeout": 1})
    queue.begun("hours")

    worker.signal(signal.SIGTERM)

    assert worker.exit_code() == 0
    assert queue.count() == (1, 0)
    assert len(queue.journal("gave back")) == 1


@pytest.mark.slow
def test_sigterm_hands_back_a_task_that_is_deaf_in_native_code(queue: Bench) -> None:
    queue.hide_for(600)
    queue.send("busy_in_native_code", "deaf", 3600.0)
    worker = queue.work(config={"worker_soft_shutdown_timeout": 1})
    queue.begun("deaf")

    worker.signal(signal.SIGTERM)

    assert worker.exit_code() == 0
    assert queue.count() == (1, 0)


@pytest.mark.slow
def test_a_second_sigterm_does_not_wait_for_running_tasks(queue: Bench) -> None:
    queue.hide_for(600)
    queue.send("fine", "hours", 3600.0)
    worker = queue.work(config={"worker_soft_shutdown_timeout": 600})
    queue.begun("hours")

    worker.signal(signal.SIGTERM)
    eventually(lambda: "shutting down" in worker.log)
    worker.signal(signal.SIGTERM)

    assert worker.exit_code() == 0
    assert queue.count() == (1, 0)


@pytest.mark.slow
def test_what_finished_before_the_end_is_deleted_and_not_handed_back(queue: Bench) -> None:
    for number in range(20):
        queue.send("fine", f"task {number}")
    worker = queue.work(children=2, config={"worker_prefetch_multiplier": 8})
    eventually(lambda: queue.names("done"))

    worker.signal(signal.SIGTERM)

    assert worker.exit_code() == 0
    done = queue.names("done")
    assert queue.count() == (20 - len(done), 0)
    assert len(set(done)) == len(done)


@pytest.mark.slow
def test_a_worker_started_after_the_hand_back_does_the_rest(queue: Bench) -> None:
    for number in range(6):
        queue.send("fine", f"task {number}", 0.5)
    first = queue.work(config={"worker_prefetch_multiplier": 4})
    eventually(lambda: queue.names("begun"))
    first.signal(signal.SIGTERM)
    first.exit_code()

    queue.work(children=2)

    queue.done(*(f"task {number}" for number in range(6)))
    queue.empties()
    assert len(queue.names("done")) == 6
