"""No error of any kind stops a worker silently: each thread goes on, and the end of a thread is noticed."""

import threading
import time
import urllib.request
from http.client import BadStatusLine
from typing import Any

import pytest

from pixelfleet.aws.errors import translated
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import Cause, LeaseLostError, TransientError
from pixelfleet.settings import Settings
from producer_lambda.pump import Pump
from tests.clock import Clock
from tests.fakes.sqs_client import ScriptedSqs
from tests.unit.worker.sqs.test_receive import ATTRIBUTES, feed_of, message
from tests.unit.worker.sqs.test_settle import Recorded, delete
from tests.waiting import PATIENCE, eventually
from worker.heartbeat import HeartbeatRecorder
from worker.protection import TaskProtection
from worker.sqs import threads
from worker.sqs.backoff import BackOff, RetryBudget
from worker.sqs.lease import Lease, Receipt, hold
from worker.sqs.receive import Receiver, SourceQueue
from worker.sqs.settle import AckBatcher
from worker.sqs.shutdown import EX_SOFTWARE, Shutdown
from worker.sqs.threads import essential_thread

#: botocore raises these for a credentials endpoint whose answer is expired, or without keys (credentials.py).
ODD = [RuntimeError("the refreshed credentials are still expired"), KeyError("AccessKeyId"), MemoryError()]
odd_errors = pytest.mark.parametrize("odd", ODD, ids=lambda error: type(error).__name__)


class Killing:
    """A client whose every call ends the thread that makes it."""

    def __getattr__(self, name: str) -> Any:
        raise SystemExit(name)


@odd_errors
def test_a_receive_thread_goes_on_after_an_odd_error(odd: Exception) -> None:
    receiver, loop = feed_of(ScriptedSqs(odd, ATTRIBUTES, {"Messages": [message("a")]}))
    for _ in range(2):
        receiver.ask(1)
        loop.run_one()
    receiver.close()
    assert [(type(outcome.error), len(outcome.messages)) for outcome in loop.outcomes] == [
        (type(odd), 0),
        (type(None), 1),
    ]


@odd_errors
def test_the_ack_batcher_goes_on_after_an_odd_error(odd: Exception) -> None:
    sqs = ScriptedSqs(odd)
    recorded = Recorded(sqs)
    recorded.ack_batcher.add(delete("a"))
    assert recorded.ack_batcher.close(PATIENCE) == 0
    assert len(sqs.of("delete_message_batch")) == 2


@odd_errors
def test_odd_errors_that_go_on_for_too_long_exhaust_the_ack_batcher(odd: Exception) -> None:
    recorded = Recorded(ScriptedSqs(*[odd] * 3), limit=0.0)
    recorded.ack_batcher.add(delete("a"))
    eventually(lambda: recorded.exhausted > 0)
    recorded.ack_batcher.close(PATIENCE)


@odd_errors
def test_a_lease_is_extended_after_an_odd_error(odd: Exception) -> None:
    sqs, clock = ScriptedSqs(odd), Clock()
    lease = Lease(Receipt("url", "handle", clock.now, 90.0), sqs, clock=clock)  # type: ignore[arg-type]
    assert not lease.extend()
    clock.now += 60
    assert lease.extend()
    clock.now += 60
    lease.check()


@odd_errors
def test_an_odd_error_does_not_keep_a_failed_task_from_its_end(odd: Exception) -> None:
    sqs, clock = ScriptedSqs(odd), Clock()
    Lease(Receipt("url", "handle", clock.now, 90.0), sqs, clock=clock).back_off(1)  # type: ignore[arg-type]
    assert len(sqs.calls) == 1


@odd_errors
def test_a_heartbeat_goes_on_after_an_odd_error(odd: Exception) -> None:
    asked: list[str] = []

    def activity() -> Any:
        asked.append("activity")
        raise odd

    recorder = HeartbeatRecorder(activity, frozenset({Lane.BULK}))
    recorder.turn()
    recorder.end()
    assert len(asked) >= 2


@pytest.mark.parametrize("odd", [*ODD, BadStatusLine("x")], ids=lambda error: type(error).__name__)
def test_task_protection_goes_on_after_an_odd_error(odd: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    called = threading.Semaphore(0)

    def agent(*_: Any, **__: Any) -> Any:
        called.release()
        raise odd

    monkeypatch.setattr(urllib.request, "urlopen", agent)
    protection = TaskProtection("http://agent", 10, lambda _: None, BackOff(0.001, 0.001))
    protection.ask(True)
    for _ in range(3):
        assert called.acquire(timeout=PATIENCE)
    protection.close(PATIENCE)


@odd_errors
def test_the_pump_goes_on_after_an_odd_error(odd: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producer_lambda.pump.FIRST_PAUSE", 0.0)
    pump = Pump(ScriptedSqs(odd), Settings(), lambda *_: None)  # type: ignore[arg-type]
    real, turns = pump.turn, []

    def turn() -> int:
        turns.append(1)
        if len(turns) == 2:
            pump.stop.set()
        return real()

    monkeypatch.setattr(pump, "turn", turn)
    pump.run()
    assert len(turns) == 2


def test_an_odd_error_inside_botocore_is_a_transient_failure() -> None:
    def refresh() -> None:
        raise RuntimeError("the refreshed credentials are still expired")

    inside: dict[str, Any] = {"__name__": "botocore.credentials"}
    exec("def call(refresh): refresh()\ndef odd(): return {}['AccessKeyId']", inside)
    with pytest.raises(TransientError) as caught, translated("read a record"):
        inside["odd"]()
    assert caught.value.cause is Cause.UNAVAILABLE
    with pytest.raises(RuntimeError), translated("read a record"):
        refresh()


def test_the_end_of_an_essential_thread_is_noticed() -> None:
    reasons: list[str] = []

    def run() -> None:
        raise SystemExit(3)

    thread = essential_thread("receive-bulk", run, reasons.append)
    thread.start()
    thread.join(PATIENCE)
    assert reasons == ["the thread receive-bulk ended by SystemExit: 3"]


def test_the_end_of_an_essential_thread_ends_the_worker_with_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    shutdown = Shutdown()
    monkeypatch.setattr(threads, "shutdown", shutdown)
    client: Any = Killing()
    loop: list[Any] = []
    receiver = Receiver(SourceQueue("bulk", "url"), client, RetryBudget(900), loop.append, lambda *_: None)
    receiver.ask(1)
    eventually(lambda: shutdown.exit_code is not None)
    assert shutdown.exit_code == EX_SOFTWARE
    assert "receive-bulk" in shutdown.reason


def test_the_end_of_the_ack_batcher_is_noticed() -> None:
    reasons: list[str] = []
    client: Any = Killing()
    batcher = AckBatcher(client, RetryBudget(900), lambda _: None, lambda: None, 0.0, reasons.append)
    batcher.add(delete("a"))
    eventually(lambda: reasons)
    assert "ack-batcher" in reasons[0]


def test_a_lease_whose_thread_has_ended_is_lost_at_once() -> None:
    info = {
        "sqs_queue": "url",
        "sqs_message": {"ReceiptHandle": "handle"},
        "sqs_received_at": time.monotonic() - 50,
        "sqs_visibility": 90,
    }
    client: Any = Killing()
    with hold({"delivery_info": info}, client) as lease:
        eventually(lambda: lease.lost is not None)
        with pytest.raises(LeaseLostError, match="the thread lease ended by SystemExit"):
            lease.check()
