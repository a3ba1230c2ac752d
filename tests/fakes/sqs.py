"""A small fast SQS over HTTP: the JSON protocol of boto3, in memory, with a set latency for every answer.

`python -m tests.fakes.sqs --port 0 --latency-ms 8` prints its address; `FakeSqs()` runs it in a thread of a test.
Held to the same conformance suite as the embedded cloud (tests/integration/test_sqs_conformance.py). It checks no
signature, keeps nothing and listens on the loopback interface alone.
"""

import argparse
import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

from tests.fakes.http import Request, Response, serve
from tests.fakes.sqs_queue import FakeQueue, Message, QueueError, State

ACCOUNT: Final = "000000000000"
Fields = Mapping[str, Any]


class SqsService:
    """The operations, by name; one instance is one account in one region."""

    def __init__(self, latency: float = 0.0) -> None:
        self.latency = latency
        self.calls: dict[str, int] = {}
        self._queues: dict[str, FakeQueue] = {}
        self._arrivals: dict[str, asyncio.Event] = {}
        self._address = ""

    def at(self, address: str) -> None:
        """Be told the address that queue URLs start with."""
        self._address = address

    def queue(self, name: str) -> FakeQueue:
        """One queue, for a test to look at or to fill."""
        return self._queues[name]

    async def answer(self, request: Request) -> Response:
        operation = request.headers.get("x-amz-target", "").partition(".")[2]
        self.calls[operation] = self.calls.get(operation, 0) + 1
        if self.latency:
            await asyncio.sleep(self.latency)
        handler: Callable[[Fields], Awaitable[Any]] | None = getattr(self, f"do_{operation}", None)
        if handler is None:
            return _error("UnsupportedOperation", f"the fake has no {operation}")
        try:
            return Response(200, json.dumps(await handler(json.loads(request.body or b"{}")) or {}).encode())
        except QueueError as error:
            return _error(error.code, str(error))

    async def do_CreateQueue(self, fields: Fields) -> Fields:  # noqa: N802 - named for the operation
        name = fields["QueueName"]
        if name not in self._queues:
            self._queues[name] = FakeQueue(name, f"{self._address}/{ACCOUNT}/{name}", {})
            self._arrivals[name] = asyncio.Event()
        self._configure(self._queues[name], fields.get("Attributes", {}))
        return {"QueueUrl": self._queues[name].url}

    async def do_GetQueueUrl(self, fields: Fields) -> Fields:  # noqa: N802
        return {"QueueUrl": self._named(fields["QueueName"]).url}

    async def do_ListQueues(self, fields: Fields) -> Fields:  # noqa: N802
        prefix = fields.get("QueueNamePrefix", "")
        return {"QueueUrls": [queue.url for name, queue in self._queues.items() if name.startswith(prefix)]}

    async def do_GetQueueAttributes(self, fields: Fields) -> Fields:  # noqa: N802
        queue, asked = self._at_url(fields), fields.get("AttributeNames", [])
        queue.wake(time.monotonic())
        attributes = queue.attributes | {
            "QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue.name}",
            "ApproximateNumberOfMessages": str(queue.counts[State.VISIBLE]),
            "ApproximateNumberOfMessagesNotVisible": str(queue.counts[State.IN_FLIGHT]),
            "ApproximateNumberOfMessagesDelayed": str(queue.counts[State.DELAYED]),
        }
        return {"Attributes": {k: v for k, v in attributes.items() if "All" in asked or k in asked}}

    async def do_SetQueueAttributes(self, fields: Fields) -> None:  # noqa: N802
        self._configure(self._at_url(fields), fields["Attributes"])

    async def do_DeleteQueue(self, fields: Fields) -> None:  # noqa: N802
        del self._queues[self._at_url(fields).name]

    async def do_PurgeQueue(self, fields: Fields) -> None:  # noqa: N802
        self._at_url(fields).purge()

    async def do_SendMessage(self, fields: Fields) -> Fields:  # noqa: N802
        return self._send(self._at_url(fields), fields)

    async def do_SendMessageBatch(self, fields: Fields) -> Fields:  # noqa: N802
        queue = self._at_url(fields)
        return _batch(fields, lambda entry: self._send(queue, entry))

    async def do_ReceiveMessage(self, fields: Fields) -> Fields:  # noqa: N802
        queue = self._at_url(fields)
        wait = float(fields.get("WaitTimeSeconds", queue.attributes["ReceiveMessageWaitTimeSeconds"]))
        most, visibility = int(fields.get("MaxNumberOfMessages", 1)), fields.get("VisibilityTimeout")
        deadline = time.monotonic() + wait
        while True:
            now = time.monotonic()
            taken = queue.receive(most, now, None if visibility is None else float(visibility))
            if taken or now >= deadline:
                break
            await self._arrival(queue, deadline)
        return {"Messages": [_told(message) for message in taken]} if taken else {}

    async def do_DeleteMessage(self, fields: Fields) -> None:  # noqa: N802
        self._at_url(fields).delete(fields["ReceiptHandle"])

    async def do_DeleteMessageBatch(self, fields: Fields) -> Fields:  # noqa: N802
        queue = self._at_url(fields)
        return _batch(fields, lambda entry: queue.delete(entry["ReceiptHandle"]))

    async def do_ChangeMessageVisibility(self, fields: Fields) -> None:  # noqa: N802
        self._revisible(self._at_url(fields), fields)

    async def do_ChangeMessageVisibilityBatch(self, fields: Fields) -> Fields:  # noqa: N802
        queue = self._at_url(fields)
        return _batch(fields, lambda entry: self._revisible(queue, entry))

    def _revisible(self, queue: FakeQueue, fields: Fields) -> None:
        queue.change_visibility(fields["ReceiptHandle"], float(fields["VisibilityTimeout"]), time.monotonic())
        self._arrivals[queue.name].set()

    def _send(self, queue: FakeQueue, fields: Fields) -> Fields:
        body, delay = fields["MessageBody"], fields.get("DelaySeconds")
        message = Message(body, time.time(), fields.get("MessageGroupId"), fields.get("MessageAttributes", {}))
        queue.send(message, time.monotonic(), None if delay is None else float(delay))
        self._arrivals[queue.name].set()
        return {"MessageId": message.message_id, "MD5OfMessageBody": _md5(body)}

    async def _arrival(self, queue: FakeQueue, deadline: float) -> None:
        """Wait for a message to be sent or shown again, at most until `deadline`."""
        until, hidden = deadline, queue.next_wake()
        if hidden is not None:
            until = min(until, hidden)
        arrival = self._arrivals[queue.name]
        arrival.clear()
        try:
            await asyncio.wait_for(arrival.wait(), max(until - time.monotonic(), 0.001))
        except TimeoutError:
            return

    def _configure(self, queue: FakeQueue, attributes: Mapping[str, str]) -> None:
        queue.attributes |= attributes
        policy = queue.attributes.get("RedrivePolicy")
        if not policy:
            queue.attributes.pop("RedrivePolicy", None)
        dead = json.loads(policy)["deadLetterTargetArn"].rpartition(":")[2] if policy else None
        queue.dead_letters = self._named(dead) if dead else None

    def _named(self, name: str) -> FakeQueue:
        if name not in self._queues:
            raise QueueError("QueueDoesNotExist", "The specified queue does not exist.")
        return self._queues[name]

    def _at_url(self, fields: Fields) -> FakeQueue:
        return self._named(str(fields["QueueUrl"]).rpartition("/")[2])


def _batch(fields: Fields, one: Callable[[Fields], Fields | None]) -> Fields:
    successful: list[Fields] = []
    failed: list[Fields] = []
    for entry in fields["Entries"]:
        try:
            successful.append({"Id": entry["Id"]} | dict(one(entry) or {}))
        except QueueError as error:
            failed.append({"Id": entry["Id"], "SenderFault": True, "Code": error.code, "Message": str(error)})
    return {"Successful": successful, "Failed": failed}


def _told(message: Message) -> Fields:
    attributes = {
        "ApproximateReceiveCount": str(message.receives),
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "ApproximateFirstReceiveTimestamp": str(int(message.sent_at * 1000)),
    }
    if message.group:
        attributes["MessageGroupId"] = message.group
    told: dict[str, Any] = {
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt_handle,
        "Body": message.body,
        "MD5OfBody": _md5(message.body),
        "Attributes": attributes,
    }
    if message.user_attributes:
        told["MessageAttributes"] = message.user_attributes
    return told


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _error(code: str, message: str) -> Response:
    return Response(400, json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": message}).encode())


class FakeSqs:
    """The service in a thread: `with FakeSqs() as sqs: boto3.client("sqs", endpoint_url=sqs.url)`."""

    def __init__(self, latency: float = 0.0) -> None:
        self.service = SqsService(latency)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(serve(self.service.answer, 0), self._loop).result()
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.service.at(self.url)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _main(port: int, latency: float) -> None:
    service = SqsService(latency)
    server = await serve(service.answer, port)
    service.at(f"http://127.0.0.1:{server.port}")
    print(f"http://127.0.0.1:{server.port}", flush=True)  # noqa: T201 - the address, for whoever started it
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    options = parser.parse_args()
    asyncio.run(_main(options.port, options.latency_ms / 1000))
