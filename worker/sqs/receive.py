"""Receiving: long polls of one queue on threads of their own, delivered on Celery's event loop.

Each thread makes only SQS calls, by boto3. Every call has time-outs, so that a stalled poll is a failed poll, and every
error is a failed poll. The event loop alone decides how many messages to ask for, when a prefetch slot becomes free:
there is no polling interval.

When the consumer is cancelled, polls may still be under way. They are not dropped, since SQS would hide the messages of
a dropped poll until their visibility runs out. The polls run to their end, and their messages are shown again at once.
"""

import json
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pixelfleet.errors import SetupError
from worker.sqs.backoff import RetryBudget
from worker.sqs.threads import end_worker, essential_thread

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

#: ReceiveMessage brings ten messages at most (SQS API reference).
MOST: Final = 10


@dataclass(frozen=True, slots=True)
class SourceQueue:
    """A queue to receive from. `wait` is the long poll's seconds, `threads` the most polls at once."""

    name: str
    url: str
    wait: int = 5
    threads: int = 4


@dataclass(slots=True)
class ReceiveResult:
    """The result of one poll: messages, or an error. `at` is monotonic, before the call."""

    asked: int
    at: float
    messages: list[Mapping[str, Any]] = field(default_factory=list)
    error: Exception | None = None


def receive_count(room: int, spare: int, in_flight: int, *, plenty: bool) -> int:
    """How many messages to ask for now; 0 for none.

    `room` is the number of prefetch slots that are neither held nor asked for. `spare` is the number of slots beyond
    one for each child: half of them may stay empty so that one call brings several messages, but no child is left idle.
    For an empty queue one long poll is enough.
    """
    if in_flight and not plenty:
        return 0
    least = max(1, min(MOST, (spare + 1) // 2))
    return min(MOST, room) if room >= least else 0


class Receiver:
    """All receives from one queue. Methods belong to the event loop's thread."""

    def __init__(
        self,
        source: SourceQueue,
        client: "SQSClient",
        retry_budget: RetryBudget,
        call_soon: Callable[[Callable[[], None]], object],
        take: Callable[["Receiver", ReceiveResult], None],
        on_death: Callable[[str], object] = end_worker,
    ) -> None:
        self.source = source
        #: Seconds that a received message stays hidden: the queue's own attribute, read before the first receive.
        self.visibility = 0
        self.asked = 0
        self.plenty = False
        self.retry_budget = retry_budget
        self._client = client
        self._call_soon = call_soon
        self._take = take
        self._on_death = on_death
        self._asks: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._outcomes: deque[ReceiveResult] = deque()
        self._gate = threading.Lock()
        self._closed = False
        self._threads: list[threading.Thread] = []
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        return self._in_flight

    def ask(self, most: int) -> None:
        """Start one poll; `take` gets its result."""
        self.asked += most
        self._in_flight += 1
        if len(self._threads) < min(self._in_flight, self.source.threads):
            thread = essential_thread(f"receive-{self.source.name}", self._run, self._on_death)
            self._threads.append(thread)
            thread.start()
        self._asks.put(most)

    def close(self) -> None:
        """Receive no more. Messages of polls under way, and messages that were not taken, are shown again."""
        with self._gate:
            self._closed = True
            left = [result for result in self._outcomes if result.messages]
            self._outcomes.clear()
        for _ in self._threads:
            self._asks.put(0)
        for result in left:
            self._show(result.messages)

    def join(self) -> None:
        """Wait until the polls that were under way when it was closed have ended."""
        deadline = time.monotonic() + self.source.wait + 5
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while most := self._asks.get():
            result = self._poll(most)
            with self._gate:
                if not self._closed:
                    self._outcomes.append(result)
                    self._call_soon(self._deliver)
                    continue
            self._show(result.messages)

    def _deliver(self) -> None:
        while self._outcomes:
            result = self._outcomes.popleft()
            self.asked -= result.asked
            self._in_flight -= 1
            self.plenty = len(result.messages) == result.asked
            self._take(self, result)

    def _poll(self, most: int) -> ReceiveResult:
        result = ReceiveResult(most, time.monotonic())
        try:
            self.visibility = self.visibility or self._inspect()
            answer = self._client.receive_message(
                QueueUrl=self.source.url,
                MaxNumberOfMessages=most,
                WaitTimeSeconds=self.source.wait,
                # The call names the visibility, so that a change of the queue's attribute does not shorten a lease.
                VisibilityTimeout=self.visibility,
                MessageSystemAttributeNames=["ApproximateReceiveCount", "MessageGroupId"],
            )
            result.messages = list(answer.get("Messages", []))
            # A long poll receives its messages at its end, but for the time of the way back.
            result.at = max(result.at, time.monotonic() - 1)
        except Exception as error:  # noqa: BLE001 - every error is a failed poll, counted and tried again
            result.error = error
        return result

    def _inspect(self) -> int:
        answer = self._client.get_queue_attributes(
            QueueUrl=self.source.url, AttributeNames=["RedrivePolicy", "VisibilityTimeout"]
        )
        attributes: Mapping[Any, str] = answer.get("Attributes", {})
        policy = json.loads(attributes.get("RedrivePolicy") or "{}")
        if not policy.get("deadLetterTargetArn"):
            raise SetupError(
                f"queue {self.source.url} has no RedrivePolicy: a message that no worker can handle would come back "
                "for ever. Give it a dead-letter queue with maxReceiveCount 10, as `pixelfleet provision` and the "
                "Terraform module do"
            )
        visibility = int(attributes["VisibilityTimeout"])
        if visibility < 1:
            raise SetupError(f"queue {self.source.url} has VisibilityTimeout 0: every message would be handled twice")
        return visibility

    def _show(self, messages: list[Mapping[str, Any]]) -> None:
        """Called on either side, after the end: a failure costs the wait for the visibility to run out."""
        entries: list[Any] = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
            for number, message in enumerate(messages)
        ]
        if not entries:
            return
        with suppress(Exception):
            self._client.change_message_visibility_batch(QueueUrl=self.source.url, Entries=entries)
