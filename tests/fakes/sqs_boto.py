"""A boto3 client's SQS methods on a `SqsAccount`, in process."""

import threading
from collections.abc import Callable
from typing import Any

from tests.fakes.errors import aws_error
from tests.fakes.sqs_account import SqsAccount
from tests.fakes.sqs_queue import QueueError

#: Waits for an arrival on a queue, at most until a time on the account's clock.
Wait = Callable[[str, float], None]


class FakeSqsClient:
    """Every operation of `SqsAccount` as a method that takes the request's fields by keyword.

    A long poll waits by `wait`. Without `wait`, a long poll returns at once, as after its timeout. Threads may share
    the client, as they may share a real one.
    """

    def __init__(self, account: SqsAccount, wait: Wait | None = None) -> None:
        self._account = account
        self._wait = wait
        self._lock = threading.RLock()

    def receive_message(self, **fields: Any) -> dict[str, Any]:
        """Raises ClientError."""
        queue = self._account.at_url(fields["QueueUrl"])
        seconds = float(fields.get("WaitTimeSeconds", queue.attributes["ReceiveMessageWaitTimeSeconds"]))
        deadline = self._account.clock() + seconds
        while True:
            answer = self._call("receive_message", fields, long=seconds > 0)
            now = self._account.clock()
            if answer or now >= deadline or self._wait is None:
                return answer
            hidden_until = queue.next_wake()
            self._wait(queue.name, deadline if hidden_until is None else min(deadline, max(hidden_until, now)))

    def __getattr__(self, operation: str) -> Any:
        if not hasattr(SqsAccount, operation):
            raise AttributeError(operation)
        return lambda **fields: self._call(operation, fields)

    def _call(self, operation: str, fields: dict[str, Any], **options: Any) -> dict[str, Any]:
        try:
            with self._lock:
                return dict(getattr(self._account, operation)(fields, **options))
        except QueueError as error:
            raise aws_error(error.code, 400, operation, str(error)) from None
