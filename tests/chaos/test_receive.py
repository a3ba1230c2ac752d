"""Any failed ReceiveMessage ends a stock worker. Our worker continues, or ends with an exit code."""

import signal

import pytest

from tests.chaos.harness import Bench
from tests.chaos.proxy import STALL, Fault
from tests.waiting import eventually

FAULTS = {
    "a 500": Fault("sqs", "ReceiveMessage", status=500, times=2),
    "a 503": Fault("sqs", "ReceiveMessage", status=503, code="ServiceUnavailable", times=2),
    "a throttle": Fault("sqs", "ReceiveMessage", status=400, code="RequestThrottled", times=2),
    "a refusal": Fault("sqs", "ReceiveMessage", status=403, code="AccessDenied", times=2),
    "a dropped connection": Fault("sqs", "ReceiveMessage", drop="before", times=2),
    "a dropped answer": Fault("sqs", "ReceiveMessage", drop="after", times=1),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_worker_survives_a_receive_that_fails(queue: Bench, fault: Fault) -> None:
    # The message of a dropped answer is shown again after this time.
    queue.hide_for(5)
    queue.proxy.inject(fault)
    worker = queue.work()

    queue.send("fine")

    queue.done("fine")
    assert worker.runs
    assert "could not receive from bulk" in worker.log


@pytest.mark.slow
def test_a_stalled_long_poll_times_out_and_the_next_one_receives(queue: Bench) -> None:
    queue.proxy.inject(Fault("sqs", "ReceiveMessage", delay=STALL, times=1))
    worker = queue.work(options={"wait_time_seconds": 1})
    queue.send("fine")

    queue.done("fine")

    assert "Read timeout" in worker.log


@pytest.mark.slow
def test_an_endless_run_of_failed_receives_ends_the_worker_with_an_exit_code(queue: Bench) -> None:
    queue.proxy.inject(Fault("sqs", "ReceiveMessage", status=500))

    worker = queue.work(options={"give_up_after_seconds": 1})

    assert worker.exit_code() == 69
    assert "has succeeded for too long" in worker.log


@pytest.mark.slow
def test_a_queue_without_a_redrive_policy_is_refused_by_name(queue: Bench) -> None:
    queue.sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"RedrivePolicy": ""})
    queue.send("fine")

    worker = queue.work()

    assert worker.exit_code() == 78
    assert f"queue {queue.url} has no RedrivePolicy" in worker.log
    assert queue.count() == (1, 0)


@pytest.mark.slow
def test_an_idle_worker_ends_soon_after_sigterm(queue: Bench) -> None:
    worker = queue.work()
    eventually(lambda: queue.proxy.seen["ReceiveMessage"])

    worker.signal(signal.SIGTERM)

    assert worker.exit_code() == 0


@pytest.mark.slow
def test_what_a_long_poll_brings_after_sigterm_is_shown_again_at_once(queue: Bench) -> None:
    worker = queue.work(options={"wait_time_seconds": 4})
    eventually(lambda: queue.proxy.seen["ReceiveMessage"])
    worker.signal(signal.SIGTERM)
    eventually(lambda: "shutting down" in worker.log)

    queue.send("fine")

    assert worker.exit_code() == 0
    assert queue.count() == (1, 0)
    assert queue.names("begun") == []
