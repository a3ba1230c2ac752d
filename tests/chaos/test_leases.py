"""kombu never extends a visibility timeout, so a longer task runs twice. With a lease the task runs once."""

import os
import signal

import pytest

from tests.chaos.harness import Bench
from tests.chaos.proxy import Fault
from tests.waiting import eventually


@pytest.mark.slow
def test_a_task_longer_than_the_visibility_runs_once(queue: Bench) -> None:
    queue.hide_for(5)
    queue.send("leased", "long", 6.0)
    queue.work(children=2)

    queue.done("long")

    queue.empties()
    assert len(queue.journal("begun")) == 1


@pytest.mark.slow
def test_a_lease_outlives_extensions_that_fail_now_and_then(queue: Bench) -> None:
    queue.hide_for(8)
    queue.proxy.inject(Fault("sqs", "ChangeMessageVisibility", status=500, times=1))
    queue.send("leased", "long", 10.0)
    queue.work(children=2)

    queue.done("long")

    queue.empties()
    assert len(queue.journal("begun")) == 1


@pytest.mark.slow
def test_a_task_whose_lease_is_lost_does_not_get_to_write(queue: Bench) -> None:
    queue.hide_for(3)
    queue.proxy.inject(Fault("sqs", "ChangeMessageVisibility", status=500))
    queue.send("leased", "long", 4.0)
    queue.work(children=1)
    eventually(lambda: len(queue.journal("begun")) >= 2)

    queue.proxy.heal()

    # The first attempt stopped at `lease.check()`. Only an attempt that kept its lease is done.
    queue.done("long")
    assert len(queue.names("begun")) > len(queue.names("done"))


@pytest.mark.slow
def test_a_stopped_child_loses_its_lease_and_another_does_the_work(queue: Bench) -> None:
    queue.hide_for(3)
    queue.send("leased", "frozen", 1.0)
    queue.work(children=2)
    first = queue.begun("frozen")["pid"]

    os.kill(first, signal.SIGSTOP)
    queue.done("frozen")
    os.kill(first, signal.SIGCONT)

    queue.empties()
    eventually(lambda: "LeaseLostError" in queue.logs())
    assert len(queue.names("done")) == 1


@pytest.mark.slow
def test_messages_that_wait_behind_a_long_task_keep_their_visibility(queue: Bench) -> None:
    queue.hide_for(3)
    queue.send("leased", "long", 6.0)
    worker = queue.work(children=1, config={"worker_prefetch_multiplier": 4})
    queue.begun("long")
    queue.send("leased", "waiting")

    queue.done("long", "waiting")

    assert [entry["receives"] for entry in queue.journal("begun")] == [1, 1]
    assert worker.runs
