"""The lease of a message is extended in time, and a lost lease is noticed before a write."""

import threading
import time
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from pixelfleet.errors import LeaseLostError
from tests.clock import Clock
from tests.fakes.sqs_client import ScriptedSqs, error
from tests.waiting import PATIENCE
from worker.sqs.backoff import BackOff
from worker.sqs.lease import LONGEST, Lease, Receipt, hold


def lease_on(sqs: ScriptedSqs, clock: Clock, limit: float = LONGEST) -> Lease:
    receipt = Receipt("url", "handle", received_at=1_000.0, visibility=90.0)
    return Lease(receipt, sqs, limit, BackOff(first=4, longest=100), clock)  # type: ignore[arg-type]


def properties(received_at: float, visibility: float) -> dict[str, Any]:
    message = {"ReceiptHandle": "handle", "MessageId": "m", "Attributes": {"ApproximateReceiveCount": "2"}}
    info = {
        "sqs_queue": "url",
        "sqs_message": message,
        "sqs_received_at": received_at,
        "sqs_visibility": visibility,
    }
    return {"delivery_info": info}


def test_an_extension_renews_the_whole_visibility() -> None:
    sqs, clock = ScriptedSqs(), Clock()
    lease = lease_on(sqs, clock)
    clock.now += 30

    assert lease.extend()

    assert sqs.calls == [
        ("change_message_visibility", {"QueueUrl": "url", "ReceiptHandle": "handle", "VisibilityTimeout": 90})
    ]
    clock.now += 89
    lease.check()
    clock.now += 1
    with pytest.raises(LeaseLostError, match="its visibility ran out"):
        lease.check()


@pytest.mark.parametrize("code", ["ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight"])
def test_a_lease_is_lost_when_sqs_refuses_the_receipt_handle(code: str) -> None:
    clock = Clock()
    lease = lease_on(ScriptedSqs(error(400, code)), clock)

    assert not lease.extend()

    with pytest.raises(LeaseLostError, match=code):
        lease.check()


@pytest.mark.parametrize(
    "failure",
    [error(500), error(503), error(400, "RequestThrottled"), EndpointConnectionError(endpoint_url="http://sqs")],
)
def test_a_transient_failure_does_not_lose_the_lease_before_its_time(failure: Exception) -> None:
    clock = Clock()
    lease = lease_on(ScriptedSqs(failure), clock)
    clock.now += 30

    assert not lease.extend()
    lease.check()
    assert lease.extend()


def test_a_lease_that_could_not_be_extended_is_lost_by_the_clock() -> None:
    clock = Clock()
    lease = lease_on(ScriptedSqs(*[error(500)] * 5), clock)
    clock.now += 60
    lease.extend()
    clock.now += 30

    with pytest.raises(LeaseLostError):
        lease.check()


def test_a_visibility_that_has_run_out_is_not_extended() -> None:
    sqs, clock = ScriptedSqs(), Clock()
    lease = lease_on(sqs, clock)
    clock.now += 91

    assert not lease.extend()

    assert sqs.calls == []
    with pytest.raises(LeaseLostError):
        lease.check()


def test_a_lease_is_not_extended_beyond_its_limit() -> None:
    sqs, clock = ScriptedSqs(), Clock()
    lease = lease_on(sqs, clock, limit=60)
    clock.now += 60

    assert not lease.extend()
    assert sqs.calls == []


@pytest.mark.parametrize(("attempt", "least", "most"), [(1, 2, 4), (3, 8, 16), (20, 50, 100)])
def test_a_back_off_grows_with_the_attempt(attempt: int, least: int, most: int) -> None:
    sqs = ScriptedSqs()

    seconds = lease_on(sqs, Clock()).back_off(attempt)

    assert least <= seconds <= most
    assert sqs.of("change_message_visibility")[0]["VisibilityTimeout"] == seconds


def test_handing_back_shows_the_message_at_once() -> None:
    sqs = ScriptedSqs()

    lease_on(sqs, Clock()).hand_back()

    assert sqs.of("change_message_visibility")[0]["VisibilityTimeout"] == 0


def test_a_lost_lease_changes_no_message_of_another_worker() -> None:
    sqs, clock = ScriptedSqs(), Clock()
    lease = lease_on(sqs, clock)
    clock.now += 91

    lease.back_off(1)
    lease.hand_back()

    assert sqs.calls == []


def test_a_back_off_whose_call_fails_is_no_error() -> None:
    lease_on(ScriptedSqs(error(500)), Clock()).back_off(1)


def test_the_message_is_extended_while_the_block_runs_and_not_after() -> None:
    extended = threading.Event()

    class Sqs(ScriptedSqs):
        def change_message_visibility(self, **arguments: Any) -> None:
            self.calls.append(("change_message_visibility", arguments))
            extended.set()

    sqs = Sqs()
    # A third of the visibility is over, so the first extension is due; the rest is long enough for any machine.
    with hold(properties(time.monotonic() - PATIENCE, 3 * PATIENCE), sqs) as lease:  # type: ignore[arg-type]
        assert extended.wait(PATIENCE)
        lease.check()
        assert lease.receipt.receives == 2
    calls = len(sqs.calls)

    assert not [thread for thread in threading.enumerate() if thread.name == "lease"]
    assert len(sqs.calls) == calls


def test_a_message_that_waited_too_long_in_this_process_is_not_begun() -> None:
    with (
        pytest.raises(LeaseLostError),
        hold(properties(time.monotonic() - 10, 5), ScriptedSqs()),  # type: ignore[arg-type]
    ):
        pytest.fail("the block ran without a lease")
