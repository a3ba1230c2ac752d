"""The operations of SQS on queues in memory, by name, with the caller's clock. There is no network and no wait.

`FakeSqs` (tests/fakes/sqs.py) puts these behind HTTP; `FakeSqsClient` puts them behind a boto3 client's methods.
Limits: Amazon SQS developer guide, "Amazon SQS standard queue quotas"; batches: SQS API reference.
"""

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.fakes.sqs_queue import FakeQueue, Message, QueueError, State

ACCOUNT: Final = "000000000000"
#: Most entries of one batch call, and most messages of one receive.
MOST_ENTRIES: Final = 10
#: Most bytes of one message, and of one batch of messages.
MOST_BYTES: Final = 1_048_576
Fields = Mapping[str, Any]


class SqsAccount:
    """One account in one region. `clock` returns seconds. `new_id` makes the message ids.

    `sees` selects the visible messages that one short poll samples. SQS queries only some of its servers, so a short
    poll of a queue with few messages may return too few messages, or none.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
        sees: Callable[[Message], bool] | None = None,
    ) -> None:
        self.clock = clock
        self.on_arrival: Callable[[str], None] = lambda _name: None
        self._new_id = new_id
        self._sees = sees
        self._queues: dict[str, FakeQueue] = {}
        self._address = "https://sqs.us-east-1.amazonaws.com"

    def at(self, address: str) -> None:
        """Set the address that queue URLs start with."""
        self._address = address

    def queue(self, name: str) -> FakeQueue:
        """One queue, for a test to read or fill.

        Raises:
            QueueError: there is no such queue.
        """
        if name not in self._queues:
            raise QueueError("QueueDoesNotExist", "The specified queue does not exist.")
        return self._queues[name]

    def at_url(self, url: object) -> FakeQueue:
        return self.queue(str(url).rpartition("/")[2])

    def create_queue(self, fields: Fields) -> Fields:
        name = fields["QueueName"]
        if name not in self._queues:
            self._queues[name] = FakeQueue(name, f"{self._address}/{ACCOUNT}/{name}", {})
        self._configure(self._queues[name], fields.get("Attributes", {}))
        return {"QueueUrl": self._queues[name].url}

    def get_queue_url(self, fields: Fields) -> Fields:
        return {"QueueUrl": self.queue(fields["QueueName"]).url}

    def list_queues(self, fields: Fields) -> Fields:
        prefix = fields.get("QueueNamePrefix", "")
        return {"QueueUrls": [queue.url for name, queue in self._queues.items() if name.startswith(prefix)]}

    def get_queue_attributes(self, fields: Fields) -> Fields:
        queue, names = self.at_url(fields["QueueUrl"]), fields.get("AttributeNames", [])
        queue.wake(self.clock())
        attributes = queue.attributes | {
            "QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue.name}",
            "ApproximateNumberOfMessages": str(queue.counts[State.VISIBLE]),
            "ApproximateNumberOfMessagesNotVisible": str(queue.counts[State.IN_FLIGHT]),
            "ApproximateNumberOfMessagesDelayed": str(queue.counts[State.DELAYED]),
        }
        return {"Attributes": {name: text for name, text in attributes.items() if "All" in names or name in names}}

    def set_queue_attributes(self, fields: Fields) -> Fields:
        self._configure(self.at_url(fields["QueueUrl"]), fields["Attributes"])
        return {}

    def delete_queue(self, fields: Fields) -> Fields:
        del self._queues[self.at_url(fields["QueueUrl"]).name]
        return {}

    def purge_queue(self, fields: Fields) -> Fields:
        self.at_url(fields["QueueUrl"]).purge()
        return {}

    def send_message(self, fields: Fields) -> Fields:
        return self._send(self.at_url(fields["QueueUrl"]), fields)

    def send_message_batch(self, fields: Fields) -> Fields:
        queue = self.at_url(fields["QueueUrl"])
        if sum(len(entry["MessageBody"].encode()) for entry in fields["Entries"]) > MOST_BYTES:
            raise QueueError("BatchRequestTooLong", f"Batch requests cannot be longer than {MOST_BYTES} bytes.")
        return self._batch(fields, lambda entry: self._send(queue, entry))

    def receive_message(self, fields: Fields, *, long: bool = False) -> Fields:
        """One read of the queue, without a wait. `long` queries all servers, like a long poll."""
        queue = self.at_url(fields["QueueUrl"])
        visibility = fields.get("VisibilityTimeout")
        hidden = None if visibility is None else float(visibility)
        sees = None if long else self._sees
        messages = queue.receive(int(fields.get("MaxNumberOfMessages", 1)), self.clock(), hidden, sees)
        return {"Messages": [_described(message) for message in messages]} if messages else {}

    def delete_message(self, fields: Fields) -> Fields:
        self.at_url(fields["QueueUrl"]).delete(fields["ReceiptHandle"])
        return {}

    def delete_message_batch(self, fields: Fields) -> Fields:
        queue = self.at_url(fields["QueueUrl"])
        return self._batch(fields, lambda entry: queue.delete(entry["ReceiptHandle"]))

    def change_message_visibility(self, fields: Fields) -> Fields:
        self._change_visibility(self.at_url(fields["QueueUrl"]), fields)
        return {}

    def change_message_visibility_batch(self, fields: Fields) -> Fields:
        queue = self.at_url(fields["QueueUrl"])
        return self._batch(fields, lambda entry: self._change_visibility(queue, entry))

    def _change_visibility(self, queue: FakeQueue, fields: Fields) -> None:
        queue.change_visibility(fields["ReceiptHandle"], float(fields["VisibilityTimeout"]), self.clock())
        self.on_arrival(queue.name)

    def _send(self, queue: FakeQueue, fields: Fields) -> Fields:
        body, delay = fields["MessageBody"], fields.get("DelaySeconds")
        if not body or len(body.encode()) > MOST_BYTES:
            raise QueueError("InvalidParameterValue", f"A message has 1 to {MOST_BYTES} bytes.")
        attributes = fields.get("MessageAttributes", {})
        message = Message(body, self.clock(), fields.get("MessageGroupId"), attributes, self._new_id())
        queue.send(message, self.clock(), None if delay is None else float(delay))
        self.on_arrival(queue.name)
        return {"MessageId": message.message_id, "MD5OfMessageBody": _md5(body)}

    def _configure(self, queue: FakeQueue, attributes: Mapping[str, str]) -> None:
        queue.attributes |= attributes
        policy = queue.attributes.get("RedrivePolicy")
        if not policy:
            queue.attributes.pop("RedrivePolicy", None)
        dead = json.loads(policy)["deadLetterTargetArn"].rpartition(":")[2] if policy else None
        queue.dead_letters = self.queue(dead) if dead else None

    def _batch(self, fields: Fields, one: Callable[[Fields], Fields | None]) -> Fields:
        entries = fields["Entries"]
        if not entries:
            raise QueueError("EmptyBatchRequest", "There should be at least one entry in the request.")
        if len(entries) > MOST_ENTRIES:
            raise QueueError(
                "TooManyEntriesInBatchRequest", f"Maximum number of entries per request are {MOST_ENTRIES}."
            )
        if len({entry["Id"] for entry in entries}) < len(entries):
            raise QueueError("BatchEntryIdsNotDistinct", "Two or more batch entries have the same Id.")
        successful: list[Fields] = []
        failed: list[Fields] = []
        for entry in entries:
            try:
                successful.append({"Id": entry["Id"]} | dict(one(entry) or {}))
            except QueueError as error:
                failed.append({"Id": entry["Id"], "SenderFault": True, "Code": error.code, "Message": str(error)})
        return {"Successful": successful, "Failed": failed}


def _described(message: Message) -> Fields:
    attributes = {
        "ApproximateReceiveCount": str(message.receives),
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "ApproximateFirstReceiveTimestamp": str(int((message.first_received_at or message.sent_at) * 1000)),
    }
    if message.group:
        attributes["MessageGroupId"] = message.group
    description: dict[str, Any] = {
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt_handle,
        "Body": message.body,
        "MD5OfBody": _md5(message.body),
        "Attributes": attributes,
    }
    if message.user_attributes:
        description["MessageAttributes"] = message.user_attributes
    return description


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
