"""A small fast SQS over HTTP: the JSON protocol of boto3, in memory, with a fixed latency for every answer.

`python -m tests.fakes.sqs --port 0 --latency-ms 8` prints its address. `FakeSqs()` runs the fake in a thread of a test.
The embedded cloud passes the same conformance suite (tests/integration/test_sqs_conformance.py). The fake checks no
signature, writes nothing to disk and listens on the loopback interface alone.
"""

import argparse
import asyncio
import json
import re
import threading
import time
from collections import defaultdict
from types import TracebackType
from typing import Self

from tests.fakes.http import Request, Response, serve
from tests.fakes.sqs_account import ACCOUNT, Fields, SqsAccount
from tests.fakes.sqs_queue import FakeQueue, QueueError

__all__ = ["ACCOUNT", "FakeSqs", "SqsService"]


class SqsService:
    """The operations by name, as requests of the JSON protocol. One instance is one account in one region."""

    def __init__(self, latency: float = 0.0) -> None:
        self.latency = latency
        self.calls: dict[str, int] = {}
        self.account = SqsAccount()
        self._arrivals: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.account.on_arrival = lambda name: self._arrivals[name].set()

    def at(self, address: str) -> None:
        """Set the address that queue URLs start with."""
        self.account.at(address)

    def queue(self, name: str) -> FakeQueue:
        """One queue, for a test to read or fill."""
        return self.account.queue(name)

    async def answer(self, request: Request) -> Response:
        operation = request.headers.get("x-amz-target", "").partition(".")[2]
        self.calls[operation] = self.calls.get(operation, 0) + 1
        if self.latency:
            await asyncio.sleep(self.latency)
        method = _method_name(operation)
        if not hasattr(SqsAccount, method):
            return _error("UnsupportedOperation", f"the fake has no {operation}")
        fields = json.loads(request.body or b"{}")
        try:
            receives = operation == "ReceiveMessage"
            answer = await self._receive(fields) if receives else getattr(self.account, method)(fields)
            return Response(200, json.dumps(answer).encode())
        except QueueError as error:
            return _error(error.code, str(error))

    async def _receive(self, fields: Fields) -> Fields:
        queue = self.account.at_url(fields["QueueUrl"])
        seconds = float(fields.get("WaitTimeSeconds", queue.attributes["ReceiveMessageWaitTimeSeconds"]))
        deadline = time.time() + seconds
        while True:
            answer = self.account.receive_message(fields, long=seconds > 0)
            if answer or time.time() >= deadline:
                return answer
            await self._arrival(queue, deadline)

    async def _arrival(self, queue: FakeQueue, deadline: float) -> None:
        """Wait until a message is sent or becomes visible again, at most until `deadline`."""
        until, hidden = deadline, queue.next_wake()
        if hidden is not None:
            until = min(until, hidden)
        arrival = self._arrivals[queue.name]
        arrival.clear()
        try:
            await asyncio.wait_for(arrival.wait(), max(until - time.time(), 0.001))
        except TimeoutError:
            return


def _method_name(operation: str) -> str:
    """`SendMessageBatch` as `send_message_batch`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


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
    print(f"http://127.0.0.1:{server.port}", flush=True)  # noqa: T201 - the address, for the caller
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    options = parser.parse_args()
    asyncio.run(_main(options.port, options.latency_ms / 1000))
