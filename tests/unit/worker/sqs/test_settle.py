"""Deletes and changes of visibility, by tens."""

import time
from typing import Any

import pytest

from tests.fakes.sqs_client import ScriptedSqs, error
from tests.waiting import PATIENCE, eventually
from worker.sqs.backoff import BackOff, RetryBudget
from worker.sqs.settle import AckBatcher, Settlement


class Recorded:
    def __init__(self, sqs: ScriptedSqs, limit: float = 900.0, linger: float = 0.005) -> None:
        self.texts: list[str] = []
        self.exhausted = 0
        retry_budget = RetryBudget(limit, BackOff(first=0.002, longest=0.002))
        self.ack_batcher = AckBatcher(sqs, retry_budget, self.texts.append, self.exhaust, linger)  # type: ignore[arg-type]

    def exhaust(self) -> None:
        self.exhausted += 1


def delete(handle: str, seconds: float = PATIENCE) -> Settlement:
    return Settlement("url", handle, None, time.monotonic() + seconds)


def handles(calls: list[dict[str, Any]]) -> list[list[str]]:
    return [[entry["ReceiptHandle"] for entry in call["Entries"]] for call in calls]


def test_settlements_are_sent_by_tens_in_their_order() -> None:
    sqs = ScriptedSqs()
    reported = Recorded(sqs)
    sqs.block.clear()
    for number in range(25):
        reported.ack_batcher.add(delete(str(number)))
    sqs.block.set()

    assert reported.ack_batcher.close(PATIENCE) == 0

    sent = handles(sqs.of("delete_message_batch"))
    assert [handle for call in sent for handle in call] == [str(number) for number in range(25)]
    assert max(map(len, sent)) == 10


def test_deletes_and_changes_of_visibility_do_not_share_a_call() -> None:
    sqs = ScriptedSqs()
    reported = Recorded(sqs)
    reported.ack_batcher.add(delete("done"))
    reported.ack_batcher.add(Settlement("url", "later", 30, time.monotonic() + PATIENCE))

    assert reported.ack_batcher.close(PATIENCE) == 0

    assert handles(sqs.of("delete_message_batch")) == [["done"]]
    [call] = sqs.of("change_message_visibility_batch")
    assert call["Entries"] == [{"Id": "0", "ReceiptHandle": "later", "VisibilityTimeout": 30}]


@pytest.mark.parametrize("failure", [error(500), error(403, "AccessDenied"), error(400, "RequestThrottled")])
def test_a_call_that_fails_is_made_again(failure: Exception) -> None:
    sqs = ScriptedSqs(failure, failure)
    reported = Recorded(sqs)

    reported.ack_batcher.add(delete("a"))

    assert reported.ack_batcher.close(PATIENCE) == 0
    assert handles(sqs.of("delete_message_batch")) == [["a"], ["a"], ["a"]]


def test_a_repeated_settlement_does_not_wait_for_others_again() -> None:
    sqs = ScriptedSqs({"Failed": [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]})
    reported = Recorded(sqs, linger=60.0)
    for number in range(10):
        reported.ack_batcher.add(delete(str(number)))

    eventually(lambda: len(sqs.of("delete_message_batch")) == 2)

    assert handles(sqs.of("delete_message_batch"))[1] == ["0"]
    assert reported.ack_batcher.close(PATIENCE) == 0


def test_only_the_entries_that_sqs_itself_failed_are_sent_again() -> None:
    failed = [
        {"Id": "0", "SenderFault": False, "Code": "InternalError"},
        {"Id": "1", "SenderFault": True, "Code": "ReceiptHandleIsInvalid"},
    ]
    sqs = ScriptedSqs({"Failed": failed})
    reported = Recorded(sqs)
    sqs.block.clear()
    for handle in "abc":
        reported.ack_batcher.add(delete(handle))
    sqs.block.set()

    assert reported.ack_batcher.close(PATIENCE) == 0

    # The thread may have taken "a" before the others were there.
    sent = handles(sqs.of("delete_message_batch"))
    assert sent[-1] == ["a"] or sent[1] == ["a", "b", "c"]
    assert any("come again" in text for text in reported.texts)


def test_a_settlement_is_given_up_once_its_message_is_visible_again() -> None:
    sqs = ScriptedSqs(*[error(500)] * 3)
    reported = Recorded(sqs)

    reported.ack_batcher.add(delete("a", seconds=-1))

    assert reported.ack_batcher.close(PATIENCE) == 0
    assert len(sqs.calls) == 1
    assert "1 come again" in reported.texts[0]


def test_a_too_long_run_of_failures_is_reported() -> None:
    reported = Recorded(ScriptedSqs(error(500), error(500)), limit=0.0)

    reported.ack_batcher.add(delete("a"))
    reported.ack_batcher.close(PATIENCE)

    assert reported.exhausted >= 1


def test_closing_does_not_wait_for_ever_for_an_sqs_that_does_not_answer() -> None:
    sqs = ScriptedSqs(*[error(500)] * 10_000)
    reported = Recorded(sqs)
    reported.ack_batcher.add(delete("a"))

    # Waiting for ever would use up the failures, and the delete would succeed.
    assert reported.ack_batcher.close(0.05) == 1
    assert sqs.script


def test_the_callback_of_a_settlement_gets_the_time_of_the_request() -> None:
    times: list[float] = []
    reported = Recorded(ScriptedSqs(error(500)))
    before = time.monotonic()
    reported.ack_batcher.add(Settlement("url", "a", 30, before + PATIENCE, times.append))

    reported.ack_batcher.close(PATIENCE)

    [asked_at] = times
    assert before <= asked_at <= time.monotonic()
