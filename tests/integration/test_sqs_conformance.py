"""The SQS behaviour that pixelfleet needs, on the fake over HTTP, the fake in process, and the embedded cloud."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from pixelfleet.localcloud.emulator import Emulator
from tests.fakes.clients import client
from tests.fakes.sqs import FakeSqs
from tests.fakes.sqs_account import SqsAccount
from tests.fakes.sqs_boto import FakeSqsClient

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

#: The longest poll that SQS allows, in seconds (SQS API reference, ReceiveMessage).
LONGEST_WAIT = 20
#: Visibility timeout of these queues in seconds. On a busy machine, two successive calls take less than this.
VISIBILITY = 3


@pytest.fixture(scope="module", params=["fake", "in process", "embedded"])
def sqs(request: pytest.FixtureRequest) -> Iterator["SQSClient"]:
    if request.param == "fake":
        with FakeSqs() as fake:
            yield client("sqs", fake.url)
    elif request.param == "in process":
        in_process: Any = FakeSqsClient(SqsAccount(), wait=lambda _queue, _until: time.sleep(0.02))
        yield in_process
    else:
        emulator: Emulator = request.getfixturevalue("cloud")
        yield client("sqs", emulator.endpoint_url, emulator.exports())


@dataclass(frozen=True)
class Pair:
    """A queue that allows two receives of a message, and its dead-letter queue."""

    url: str
    dead_url: str


@pytest.fixture
def queue(sqs: "SQSClient") -> Pair:
    name = f"q-{uuid.uuid4()}"
    dead_url = sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    attributes: dict[Any, str] = {"RedrivePolicy": policy, "VisibilityTimeout": str(VISIBILITY)}
    return Pair(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"], dead_url)


def receive(sqs: "SQSClient", url: str, wait: int = 0, most: int = 10) -> list[Any]:
    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=most,
        WaitTimeSeconds=wait,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return list(answer.get("Messages", []))


def test_a_message_comes_out_as_it_went_in(sqs: "SQSClient", queue: Pair) -> None:
    sqs.send_message(
        QueueUrl=queue.url,
        MessageBody="héllo",
        MessageGroupId="owner",
        MessageAttributes={"cause": {"DataType": "String", "StringValue": "crashed"}},
    )

    [message] = receive(sqs, queue.url)

    assert message["Body"] == "héllo"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert message["Attributes"]["MessageGroupId"] == "owner"
    assert message["MessageAttributes"]["cause"]["StringValue"] == "crashed"


def test_a_received_message_is_hidden_until_its_visibility_runs_out(sqs: "SQSClient", queue: Pair) -> None:
    sqs.send_message(QueueUrl=queue.url, MessageBody="once more")

    assert len(receive(sqs, queue.url)) == 1
    assert receive(sqs, queue.url) == []
    [again] = receive(sqs, queue.url, wait=LONGEST_WAIT)

    assert again["Attributes"]["ApproximateReceiveCount"] == "2"


def test_a_message_received_too_often_lies_in_the_dead_letter_queue(sqs: "SQSClient", queue: Pair) -> None:
    sqs.send_message(QueueUrl=queue.url, MessageBody="poison", MessageGroupId="owner")
    for _ in range(2):
        [message] = receive(sqs, queue.url)
        sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)

    assert receive(sqs, queue.url) == []
    [dead] = receive(sqs, queue.dead_url)
    assert dead["Body"] == "poison"


def test_a_deleted_message_does_not_come_back_and_deleting_again_is_no_error(sqs: "SQSClient", queue: Pair) -> None:
    sqs.send_message(QueueUrl=queue.url, MessageBody="done")
    [message] = receive(sqs, queue.url)

    sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])

    assert receive(sqs, queue.url, wait=VISIBILITY + 1) == []


def test_batches_report_each_entry(sqs: "SQSClient", queue: Pair) -> None:
    sent = sqs.send_message_batch(
        QueueUrl=queue.url, Entries=[{"Id": str(n), "MessageBody": f"message {n}"} for n in range(10)]
    )
    messages = receive(sqs, queue.url)
    entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
    entries[0]["ReceiptHandle"] = "nonsense"

    gone = sqs.delete_message_batch(QueueUrl=queue.url, Entries=entries)  # type: ignore[arg-type]

    assert len(sent["Successful"]) == 10
    assert [failure["Id"] for failure in gone["Failed"]] == ["0"]
    assert gone["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    assert {entry["Id"] for entry in gone["Successful"]} == {str(n) for n in range(1, 10)}


def test_visibility_given_back_in_a_batch_shows_the_messages_at_once(sqs: "SQSClient", queue: Pair) -> None:
    sqs.send_message_batch(QueueUrl=queue.url, Entries=[{"Id": str(n), "MessageBody": str(n)} for n in range(3)])
    messages = receive(sqs, queue.url)

    sqs.change_message_visibility_batch(
        QueueUrl=queue.url,
        Entries=[
            {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"], "VisibilityTimeout": 0} for n, m in enumerate(messages)
        ],
    )

    assert {m["Body"] for m in receive(sqs, queue.url)} == {"0", "1", "2"}


def test_extending_the_visibility_keeps_a_message_hidden(sqs: "SQSClient", queue: Pair) -> None:
    sqs.send_message(QueueUrl=queue.url, MessageBody="long work")
    [message] = receive(sqs, queue.url)

    sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=30)

    assert receive(sqs, queue.url, wait=VISIBILITY + 1) == []


def test_a_receive_may_name_its_own_visibility(sqs: "SQSClient", queue: Pair) -> None:
    sqs.send_message(QueueUrl=queue.url, MessageBody="mine")

    sqs.receive_message(QueueUrl=queue.url, VisibilityTimeout=30)

    assert receive(sqs, queue.url, wait=VISIBILITY + 1) == []


def test_the_visibility_of_a_deleted_message_cannot_be_extended(sqs: "SQSClient", queue: Pair) -> None:
    sqs.send_message(QueueUrl=queue.url, MessageBody="gone")
    [message] = receive(sqs, queue.url)
    handle = message["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=handle)

    with pytest.raises(ClientError):
        sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=handle, VisibilityTimeout=30)


def test_a_long_poll_answers_as_soon_as_a_message_is_sent(sqs: "SQSClient", queue: Pair) -> None:
    sender = threading.Timer(0.05, lambda: sqs.send_message(QueueUrl=queue.url, MessageBody="at last"))
    sender.start()
    started = time.monotonic()

    [message] = receive(sqs, queue.url, wait=LONGEST_WAIT)

    sender.join()
    assert message["Body"] == "at last"
    assert time.monotonic() - started < LONGEST_WAIT


def test_attributes_count_what_waits_and_what_is_in_flight(sqs: "SQSClient", queue: Pair) -> None:
    sqs.send_message_batch(QueueUrl=queue.url, Entries=[{"Id": str(n), "MessageBody": str(n)} for n in range(4)])
    receive(sqs, queue.url, most=1)

    attributes = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["All"])["Attributes"]

    assert attributes["ApproximateNumberOfMessages"] == "3"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert attributes["VisibilityTimeout"] == str(VISIBILITY)
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] in {2, "2"}


def test_a_delayed_message_is_not_seen_before_its_time(sqs: "SQSClient", queue: Pair) -> None:
    sqs.send_message(QueueUrl=queue.url, MessageBody="later", DelaySeconds=VISIBILITY)

    assert receive(sqs, queue.url) == []
    assert len(receive(sqs, queue.url, wait=LONGEST_WAIT)) == 1


def test_a_purged_queue_is_empty(sqs: "SQSClient", queue: Pair) -> None:
    sqs.send_message(QueueUrl=queue.url, MessageBody="forget me")

    sqs.purge_queue(QueueUrl=queue.url)

    assert receive(sqs, queue.url) == []


def test_an_unknown_queue_is_named_as_such(sqs: "SQSClient", queue: Pair) -> None:
    with pytest.raises(ClientError) as refused:
        sqs.send_message(QueueUrl=f"{queue.url}-nowhere", MessageBody="lost")
    assert refused.value.response["Error"]["Code"].endswith(("QueueDoesNotExist", "NonExistentQueue"))


def test_a_batch_takes_at_most_ten_entries(sqs: "SQSClient", queue: Pair) -> None:
    entries: list[Any] = [{"Id": str(n), "MessageBody": str(n)} for n in range(11)]
    with pytest.raises(ClientError):
        sqs.send_message_batch(QueueUrl=queue.url, Entries=entries)
