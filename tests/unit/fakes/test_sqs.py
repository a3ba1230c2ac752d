"""The queues in memory keep right counts when threads share their client."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from tests.fakes.sqs_account import SqsAccount
from tests.fakes.sqs_boto import FakeSqsClient

THREADS: Final = 8
TENS: Final = 50


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """Threads switch after almost every instruction."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("frequent_switches")
def test_a_queue_that_threads_have_emptied_is_empty_and_every_message_was_received_once() -> None:
    sqs = FakeSqsClient(SqsAccount())
    url = sqs.create_queue(QueueName="q")["QueueUrl"]

    def send(ten: int) -> None:
        entries = [{"Id": str(n), "MessageBody": f"{ten}.{n}"} for n in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)

    def empty(_: int) -> list[str]:
        bodies: list[str] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            bodies += [message["Body"] for message in messages]
            entries: list[Any] = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        return bodies

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(send, range(TENS)))
        received = [body for bodies in pool.map(empty, range(THREADS)) for body in bodies]
    assert len(received) == len(set(received)) == TENS * 10
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert counts == dict.fromkeys(names, "0")
