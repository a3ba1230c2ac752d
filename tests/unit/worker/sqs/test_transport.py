"""The transport on kombu's own connection and hub, against the fake SQS."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from kombu import Connection, Consumer, Queue
from kombu.asynchronous import Hub, set_event_loop

from pixelfleet.errors import SetupError
from tests.chaos.harness import message
from tests.fakes.clients import CREDENTIALS, client
from tests.fakes.sqs import FakeSqs
from tests.fakes.sqs_queue import State
from tests.waiting import PATIENCE
from worker.sqs.consumer import Consumer as OurConsumer
from worker.sqs.transport import Transport


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSqs]:
    with FakeSqs() as made:
        yield made


class Side:
    """One worker's side of the transport: a connection, a hub and the received messages."""

    def __init__(self, fake: FakeSqs, queues: int, prefetch: int) -> None:
        self.fake, self.prefetch = fake, prefetch
        self.sqs = client("sqs", fake.url)
        self.names = [f"q-{uuid.uuid4().hex[:8]}" for _ in range(queues)]
        self.urls = dict(zip(self.names, map(self._make, self.names), strict=True))
        self.messages: list[Any] = []
        self.hub = Hub()
        set_event_loop(self.hub)
        options = {
            "predefined_queues": {name: {"url": url} for name, url in self.urls.items()},
            "wait_time_seconds": 0,
            "region": "us-east-1",
        }
        self.connection = Connection("sqs://", transport=Transport, transport_options=options)
        self.channel = cast("Any", self.connection).default_channel
        self.channel.basic_qos(0, prefetch, False)
        queues_ = [Queue(name) for name in self.names]
        self.consumer = Consumer(self.channel, queues_, on_message=self.messages.append, auto_declare=False)
        self.consumer.consume()

    def _make(self, name: str) -> str:
        self.sqs.create_queue(QueueName=f"{name}-dlq")
        policy = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:000000000000:{name}-dlq", "maxReceiveCount": 3}
        attributes = {"VisibilityTimeout": "60", "RedrivePolicy": json.dumps(policy)}
        return str(self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])

    def send(self, number: int, queue: int = 0, body: str = "") -> None:
        for _ in range(number):
            self.sqs.send_message(QueueUrl=self.urls[self.names[queue]], MessageBody=body or message("noop"))

    def counts(self, queue: int = 0) -> tuple[int, int]:
        held = self.fake.service.queue(self.names[queue])
        return held.counts[State.VISIBLE], held.counts[State.IN_FLIGHT]

    def run_until(self, what: Callable[[], Any]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not what():
            assert time.monotonic() < deadline, (self.messages, self.counts())
            # The loop sleeps for a second if it waits only for the fake.
            self.hub.call_later(0.01, int)
            self.hub.run_once()

    def close(self) -> None:
        self.consumer.cancel()
        self.connection.close()
        self.hub.close()
        set_event_loop(None)


@pytest.fixture
def make(fake: FakeSqs, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Side]]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", fake.url)
    sides: list[Side] = []

    def side(queues: int = 1, prefetch: int = 4) -> Side:
        sides.append(Side(fake, queues, prefetch))
        return sides[-1]

    yield side
    for each in sides:
        each.close()


def test_no_more_messages_are_received_than_there_are_prefetch_slots(make: Callable[..., Side]) -> None:
    side = make(prefetch=4)
    side.send(10)

    side.run_until(lambda: len(side.messages) == 4)

    assert side.counts() == (6, 4)


def test_an_acknowledged_message_is_deleted_and_makes_room(make: Callable[..., Side]) -> None:
    side = make(prefetch=1)
    side.send(3)

    for _ in range(3):
        side.run_until(lambda: side.messages)
        side.messages.pop().ack()

    side.run_until(lambda: side.counts() == (0, 0))


def test_a_rejected_message_stays_and_makes_room(make: Callable[..., Side]) -> None:
    side = make(prefetch=1)
    side.send(2)
    side.run_until(lambda: side.messages)

    side.messages[0].reject()

    side.run_until(lambda: len(side.messages) == 2)
    assert side.counts() == (0, 2)


def test_a_message_that_cannot_be_read_holds_no_slot(make: Callable[..., Side]) -> None:
    side = make(prefetch=1)
    side.send(3, body="%PDF-1.7")
    side.send(1)

    side.run_until(lambda: len(side.messages) == 1)

    assert side.counts() == (0, 4)


def test_a_message_that_makes_celery_raise_holds_no_slot(make: Callable[..., Side]) -> None:
    side = make(prefetch=1)
    side.send(3)
    seen: list[Any] = []

    def raises(received: Any) -> None:
        seen.append(received)
        raise KeyError("what a strategy may raise")

    side.consumer.on_message = raises

    side.run_until(lambda: len(seen) == 3)


def test_messages_that_are_held_at_the_end_are_shown_again(make: Callable[..., Side]) -> None:
    side = make(prefetch=4)
    side.send(4)
    side.run_until(lambda: len(side.messages) == 4)
    side.messages[0].ack()

    side.consumer.cancel()
    side.connection.close()

    assert side.counts() == (3, 0)


def test_an_acknowledgement_after_the_end_is_no_error_and_the_message_comes_again(make: Callable[..., Side]) -> None:
    side = make(prefetch=1)
    side.send(1)
    side.run_until(lambda: side.messages)
    side.connection.close()

    side.messages[0].ack()

    assert side.counts() == (1, 0)


def test_an_empty_queue_does_not_starve_another_of_the_only_slot(make: Callable[..., Side]) -> None:
    side = make(queues=2, prefetch=1)
    side.send(2, queue=1)

    side.run_until(lambda: side.messages)
    side.messages[0].ack()
    side.run_until(lambda: len(side.messages) == 2)


def test_a_queue_that_is_not_configured_is_refused_by_name(make: Callable[..., Side]) -> None:
    side = make()

    with pytest.raises(SetupError, match="no queue 'elsewhere'"):
        Consumer(side.channel, [Queue("elsewhere")], auto_declare=False).consume()


def test_this_transport_sends_nothing(make: Callable[..., Side]) -> None:
    side = make()

    with pytest.raises(NotImplementedError, match=r"pixelfleet\.aws\.queues"):
        side.channel.basic_publish({"body": "", "properties": {"delivery_info": {}}}, "", side.names[0])


def test_an_undecodable_message_is_rejected_and_not_acknowledged(make: Callable[..., Side]) -> None:
    side = make(prefetch=1)
    side.send(1)
    side.run_until(lambda: side.messages)

    OurConsumer.on_decode_error(object.__new__(OurConsumer), side.messages[0], ValueError("no JSON"))

    side.run_until(lambda: side.channel.qos.room == 1)
    assert side.counts() == (0, 1)
