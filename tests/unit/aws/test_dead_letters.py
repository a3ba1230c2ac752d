"""A pass over a DLQ reads every message; a dry run changes no message."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import pytest

from pixelfleet.aws.dead_letters import DeadLetter, DeadLetters, Disposition, Pass
from tests.clock import Clock
from tests.fakes.sqs_account import SqsAccount
from tests.fakes.sqs_boto import FakeSqsClient
from tests.fakes.sqs_queue import State


class SamplingSqs:
    """A queue on many servers: a receive without a wait asks some of the servers and may return no message.

    (SQS developer guide, "Short and long polling".) Here every second such receive returns no message.
    """

    def __init__(self, bodies: list[str]) -> None:
        self.visible = {f"r{number}": body for number, body in enumerate(bodies)}
        self.hidden: dict[str, str] = {}
        self.sent: list[str] = []
        self.receives = Counter[str]()

    def receive_message(self, *, MaxNumberOfMessages: int, WaitTimeSeconds: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.receives["all"] += 1
        if WaitTimeSeconds == 0 and self.receives["all"] % 2 == 0:
            return {}
        taken = list(self.visible)[:MaxNumberOfMessages]
        self.hidden |= {receipt: self.visible.pop(receipt) for receipt in taken}
        return {
            "Messages": [
                {"MessageId": receipt, "Body": self.hidden[receipt], "ReceiptHandle": receipt} for receipt in taken
            ]
        }

    def delete_message_batch(self, *, Entries: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803
        for entry in Entries:
            self.hidden.pop(entry["ReceiptHandle"])
        return {}

    def send_message_batch(self, *, Entries: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803
        self.sent += [entry["MessageBody"] for entry in Entries]
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def change_message_visibility_batch(self, *, Entries: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N803
        for entry in Entries:
            self.visible[entry["ReceiptHandle"]] = self.hidden.pop(entry["ReceiptHandle"])
        return {}


def dead_letters(client: Any, *, dry_run: bool = False) -> DeadLetters:
    return DeadLetters(client, "dlq", "source", dry_run=dry_run)


def all_get(disposition: Disposition) -> Any:
    def dispositions(some: list[DeadLetter]) -> list[Disposition]:
        return [disposition] * len(some)

    return dispositions


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> SamplingSqs:
    # One thread, so that the order of the receives is the same in every run.
    monkeypatch.setattr("pixelfleet.aws.dead_letters.THREADS", 1)
    return SamplingSqs([f"message {number}" for number in range(95)])


def test_an_empty_answer_of_some_servers_does_not_end_the_pass(sqs: SamplingSqs) -> None:
    done = dead_letters(sqs).go_through(all_get(Disposition.DELETE), lambda _: None)
    assert done == Pass(deleted=95)
    assert not sqs.visible
    assert not sqs.hidden


def test_a_message_that_is_moved_is_sent_and_then_deleted(sqs: SamplingSqs) -> None:
    done = dead_letters(sqs).go_through(all_get(Disposition.MOVE), lambda _: None)
    assert done == Pass(moved=95)
    assert len(sqs.sent) == 95
    assert not sqs.hidden


@pytest.mark.parametrize("disposition", [Disposition.DELETE, Disposition.MOVE])
def test_a_dry_run_counts_and_leaves_every_message_visible(sqs: SamplingSqs, disposition: Disposition) -> None:
    done = dead_letters(sqs, dry_run=True).go_through(all_get(disposition), lambda _: None)
    assert (done.deleted, done.moved, done.left) == ((95, 0, 0) if disposition is Disposition.DELETE else (0, 95, 0))
    assert len(sqs.visible) == 95
    assert not sqs.sent


def test_messages_that_are_left_become_visible_again_even_if_a_decision_fails(sqs: SamplingSqs) -> None:
    calls = Counter[str]()

    def breaks(some: Sequence[DeadLetter]) -> list[Disposition]:
        calls["all"] += 1
        if calls["all"] == 3:
            raise KeyboardInterrupt
        return [Disposition.LEAVE] * len(some)

    with pytest.raises(KeyboardInterrupt):
        dead_letters(sqs).go_through(breaks, lambda _: None)
    assert len(sqs.visible) == 95 - 10


def test_a_pass_that_is_stopped_settles_and_counts_the_messages_under_way(sqs: SamplingSqs) -> None:
    class StopError(Exception): ...

    numbers: list[int] = []

    def stop_at_thirty(done: Pass) -> None:
        numbers.append(done.deleted)
        if done.deleted == 30:
            raise StopError

    with pytest.raises(StopError):
        dead_letters(sqs).go_through(all_get(Disposition.DELETE), stop_at_thirty)
    assert numbers == [10, 20, 30]
    assert (len(sqs.visible), len(sqs.hidden)) == (65, 0)


class LongPass:
    """A DLQ where the decision on the messages of a receive takes `seconds`; `decided` counts decisions by message."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, seconds: float) -> None:
        monkeypatch.setattr("pixelfleet.aws.dead_letters.THREADS", 1)
        self.clock = Clock()
        self.account = SqsAccount(self.clock)
        self.account.create_queue({"QueueName": "dlq"})
        self.queue = self.account.queue("dlq")
        self.decided = Counter[str]()
        self._seconds = seconds
        for name in range(number):
            self.arrives(f"message {name}")

    def arrives(self, body: str) -> None:
        self.account.send_message({"QueueUrl": "dlq", "MessageBody": body})

    def go_through(self, disposition: Disposition, arrivals: Iterator[str] | None = None) -> Pass:
        def dispositions(some: Sequence[DeadLetter]) -> list[Disposition]:
            self.decided.update(message.body for message in some)
            assert self.decided.total() < 2_000, "the pass does not end"
            self.clock.now += self._seconds
            for body in islice(arrivals or (), 1):
                self.arrives(body)
            return [disposition] * len(some)

        client: Any = FakeSqsClient(self.account)
        return DeadLetters(client, "dlq", "dlq", clock=self.clock).go_through(dispositions, lambda _: None)


def test_a_pass_longer_than_the_visibility_timeout_decides_on_each_message_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long = LongPass(monkeypatch, 300, seconds=40.0)
    assert long.go_through(Disposition.LEAVE) == Pass(left=300)
    assert set(long.decided.values()) == {1}
    assert long.queue.counts[State.VISIBLE] == 300


def test_a_pass_ends_although_messages_keep_arriving(monkeypatch: pytest.MonkeyPatch) -> None:
    long = LongPass(monkeypatch, 25, seconds=40.0)
    late = (f"late {number}" for number in itertools.count())
    long.go_through(Disposition.DELETE, late)
    assert all(long.decided[f"message {number}"] == 1 for number in range(25))
    assert long.queue.counts[State.VISIBLE] > 0
    assert not long.queue.counts[State.IN_FLIGHT]


def test_a_message_that_a_pass_moved_and_that_returns_is_left_to_the_next_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Here a message that is moved goes back to the same queue at once.
    long = LongPass(monkeypatch, 25, seconds=40.0)
    assert long.go_through(Disposition.MOVE).moved < 500
    assert long.queue.counts[State.VISIBLE] == 25
