"""Tasks in simulated time: order, death, freezing, and what stands for threads."""

import random

import pytest

from tests.simulation.scheduler import BEGINNING, Death, OverrunError, Process, Scheduler, Signal
from tests.simulation.threads import Condition, Event, Lock, SimpleQueue


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler()


@pytest.fixture
def process() -> Process:
    return Process("p", random.Random(1))


def to_the_end(scheduler: Scheduler, most_steps: int = 1_000) -> None:
    scheduler.run(lambda: False, most_steps)


def test_the_task_that_is_due_first_runs_first(scheduler: Scheduler, process: Process) -> None:
    order: list[str] = []

    def work(name: str, seconds: float) -> None:
        scheduler.sleep(seconds)
        order.append(name)

    scheduler.spawn(process, "late", lambda: work("late", 2.0))
    scheduler.spawn(process, "early", lambda: work("early", 1.0))
    to_the_end(scheduler)
    assert order == ["early", "late"]
    assert scheduler.now == BEGINNING + 2.0


def test_a_task_that_ends_does_not_wake_the_task_that_started_it(scheduler: Scheduler, process: Process) -> None:
    slept: list[float] = []

    def starter() -> None:
        scheduler.spawn(process, "short", lambda: scheduler.sleep(1.0))
        scheduler.sleep(60.0)
        slept.append(scheduler.now - BEGINNING)

    scheduler.spawn(process, "starter", starter)
    to_the_end(scheduler)
    assert slept == [60.0]


def test_a_dead_process_takes_no_further_step(scheduler: Scheduler, process: Process) -> None:
    done: list[str] = []

    def work() -> None:
        try:
            scheduler.sleep(1.0)
            done.append("after death")
        finally:
            # What a `finally` of the code under test calls has no effect either.
            with pytest.raises(Death):
                scheduler.sleep(0.0)

    scheduler.spawn(process, "work", work)
    scheduler.spawn(Process("killer", random.Random(2)), "kill", process.kill, 0.5)
    to_the_end(scheduler)
    assert done == []
    assert process.tasks == []


def test_a_process_that_kills_itself_ends_at_its_next_step(scheduler: Scheduler, process: Process) -> None:
    done: list[str] = []

    def work() -> None:
        process.kill()
        scheduler.sleep(0.0)
        done.append("after death")

    scheduler.spawn(process, "work", work)
    to_the_end(scheduler)
    assert done == []


def test_a_frozen_process_goes_on_when_the_freeze_is_over(scheduler: Scheduler, process: Process) -> None:
    times: list[float] = []

    def work() -> None:
        process.frozen_until = scheduler.now + 100.0
        scheduler.sleep(1.0)
        times.append(scheduler.now - BEGINNING)

    scheduler.spawn(process, "work", work)
    to_the_end(scheduler)
    assert times == [100.0]


def test_a_run_that_never_ends_is_an_error(scheduler: Scheduler, process: Process) -> None:
    def work() -> None:
        while True:
            scheduler.sleep(1.0)

    scheduler.spawn(process, "work", work)
    with pytest.raises(OverrunError):
        to_the_end(scheduler, most_steps=50)
    scheduler.close()


def test_a_signal_wakes_who_waits_and_a_time_ends_the_wait(scheduler: Scheduler, process: Process) -> None:
    signal = Signal(scheduler)
    answers: list[tuple[bool, float]] = []

    def wait(seconds: float) -> None:
        answers.append((signal.wait(scheduler.now + seconds), scheduler.now - BEGINNING))

    scheduler.spawn(process, "patient", lambda: wait(10.0))
    scheduler.spawn(process, "hasty", lambda: wait(1.0))
    scheduler.spawn(process, "setter", signal.set, 5.0)
    to_the_end(scheduler)
    assert answers == [(False, 1.0), (True, 5.0)]


def test_a_lock_is_held_by_one_task_at_a_time(scheduler: Scheduler, process: Process) -> None:
    lock, inside = Lock(scheduler, reentrant=True), []

    def work(name: str) -> None:
        with lock, lock:
            inside.append(f"{name} enters")
            scheduler.sleep(1.0)
            inside.append(f"{name} leaves")

    for name in ("a", "b"):
        scheduler.spawn(process, name, lambda name=name: work(name))  # type: ignore[misc]
    to_the_end(scheduler)
    assert inside == ["a enters", "a leaves", "b enters", "b leaves"]


def test_a_queue_a_condition_and_an_event_wait_in_simulated_time(scheduler: Scheduler, process: Process) -> None:
    queue, condition, event = SimpleQueue(scheduler), Condition(scheduler), Event(scheduler)
    seen: list[object] = []

    def consume() -> None:
        seen.append(queue.get())
        with condition:
            seen.append(condition.wait_for(lambda: "ready" in seen, 60.0))
        seen.append(event.wait(5.0))

    def produce() -> None:
        queue.put("item")
        scheduler.sleep(1.0)
        with condition:
            seen.append("ready")
            condition.notify()

    scheduler.spawn(process, "consumer", consume)
    scheduler.spawn(process, "producer", produce)
    to_the_end(scheduler)
    assert seen == ["item", "ready", True, False]


def test_what_decides_about_a_call_depends_on_no_other_call() -> None:
    quiet, busy = Process("p", random.Random(1)), Process("p", random.Random(1))
    name, rng = quiet.next_call("put_item")
    for _ in range(3):
        busy.next_call("query")[1].random()
        busy.rng.random()
    again, same = busy.next_call("put_item")
    assert (again, same.random()) == (name, rng.random())
    assert busy.next_call("put_item")[0] != name
