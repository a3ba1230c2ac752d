"""The time and the size of a receive, and the handling of the received messages."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from pixelfleet.errors import SetupError
from tests.fakes.sqs_client import ScriptedSqs, error
from tests.waiting import PATIENCE
from worker.sqs.backoff import RetryBudget
from worker.sqs.receive import Receiver, ReceiveResult, SourceQueue, receive_count

ATTRIBUTES = {
    "Attributes": {
        "VisibilityTimeout": "120",
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:0:dlq", "maxReceiveCount": 10}),
    }
}


@pytest.mark.parametrize(
    ("room", "spare", "in_flight", "plenty", "expected"),
    [
        # An empty queue gets one long poll, for all free slots.
        (8, 6, 0, False, 8),
        (64, 48, 0, False, 10),
        (64, 48, 1, False, 0),
        # A full queue gets more polls at once.
        (54, 48, 1, True, 10),
        # Without spare slots, every free slot is a child that idles.
        (1, 0, 0, False, 1),
        (0, 0, 0, False, 0),
        # With spare slots, one call fills several slots.
        (2, 6, 0, False, 0),
        (3, 6, 0, False, 3),
        (1, 3, 0, False, 0),
        (2, 3, 0, False, 2),
    ],
)
def test_a_poll_asks_for_the_expected_count(room: int, spare: int, in_flight: int, plenty: bool, expected: int) -> None:
    assert receive_count(room, spare, in_flight, plenty=plenty) == expected


@pytest.mark.parametrize("children", [1, 2, 3, 16])
@pytest.mark.parametrize("multiplier", [1, 2, 4, 10])
def test_no_child_idles_while_slots_are_free(children: int, multiplier: int) -> None:
    slots, spare = children * multiplier, children * (multiplier - 1)
    for held in range(children):
        assert receive_count(slots - held, spare, 0, plenty=False) > 0


class Loop:
    """An event loop in the thread of the test."""

    def __init__(self) -> None:
        self._ready: list[Callable[[], None]] = []
        self._came = threading.Condition()
        self.outcomes: list[ReceiveResult] = []

    def call_soon(self, callback: Callable[[], None]) -> None:
        with self._came:
            self._ready.append(callback)
            self._came.notify()

    def run_one(self) -> None:
        with self._came:
            assert self._came.wait_for(lambda: self._ready, PATIENCE)
            callback = self._ready.pop(0)
        callback()

    def take(self, receiver: Receiver, outcome: ReceiveResult) -> None:
        self.outcomes.append(outcome)


def feed_of(sqs: Any) -> tuple[Receiver, Loop]:
    loop = Loop()
    return Receiver(
        SourceQueue("bulk", "url", wait=1, threads=2), sqs, RetryBudget(900), loop.call_soon, loop.take
    ), loop


def message(handle: str) -> dict[str, Any]:
    return {"MessageId": handle, "ReceiptHandle": handle, "Body": "{}"}


def test_the_first_poll_reads_the_queues_visibility_and_names_it() -> None:
    sqs = ScriptedSqs(ATTRIBUTES, {"Messages": [message("a")]}, {})
    receiver, loop = feed_of(sqs)

    receiver.ask(10)
    loop.run_one()
    receiver.ask(10)
    loop.run_one()

    assert [outcome.messages for outcome in loop.outcomes] == [[message("a")], []]
    assert [call["VisibilityTimeout"] for call in sqs.of("receive_message")] == [120, 120]
    assert len(sqs.of("get_queue_attributes")) == 1
    receiver.close()


@pytest.mark.parametrize(
    "attributes",
    [{"VisibilityTimeout": "30"}, {"VisibilityTimeout": "30", "RedrivePolicy": ""}],
    ids=["no policy", "an empty policy"],
)
def test_a_queue_without_a_redrive_policy_is_not_received_from(attributes: dict[str, str]) -> None:
    sqs = ScriptedSqs({"Attributes": attributes})
    receiver, loop = feed_of(sqs)

    receiver.ask(1)
    loop.run_one()

    assert isinstance(loop.outcomes[0].error, SetupError)
    assert sqs.of("receive_message") == []
    receiver.close()


def test_a_failure_is_an_outcome_and_frees_the_requested_slots() -> None:
    sqs = ScriptedSqs(ATTRIBUTES, error(503))
    receiver, loop = feed_of(sqs)

    receiver.ask(10)
    assert (receiver.asked, receiver.in_flight) == (10, 1)
    loop.run_one()

    assert loop.outcomes[0].error is not None
    assert (receiver.asked, receiver.in_flight) == (0, 0)
    receiver.close()


def test_messages_of_a_poll_that_ends_after_the_close_are_shown_again() -> None:
    sqs = ScriptedSqs(ATTRIBUTES, {"Messages": [message("a"), message("b")]})
    receiver, _ = feed_of(sqs)
    sqs.block.clear()
    receiver.ask(10)

    receiver.close()
    sqs.block.set()
    receiver.join()

    [call] = sqs.of("change_message_visibility_batch")
    assert [(e["ReceiptHandle"], e["VisibilityTimeout"]) for e in call["Entries"]] == [("a", 0), ("b", 0)]


def test_received_messages_that_were_not_taken_are_shown_again() -> None:
    sqs = ScriptedSqs(ATTRIBUTES, {"Messages": [message("a")]})
    receiver, loop = feed_of(sqs)
    receiver.ask(10)
    with loop._came:
        assert loop._came.wait_for(lambda: loop._ready, PATIENCE)

    receiver.close()
    loop.run_one()

    assert loop.outcomes == []
    assert len(sqs.of("change_message_visibility_batch")) == 1
