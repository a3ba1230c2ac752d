"""Settling messages: deletes and changes of visibility, by tens, off the main loop.

A message is settled only after its work is done (or refused), so the death of a process with waiting settlements costs
only a redelivery. The same holds for a delete that fails again and again: it is tried as long as the message is hidden,
then dropped. SQS delivers the message again, and the idempotent task finds its work done and acknowledges it again.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from worker.sqs.backoff import RetryBudget
from worker.sqs.threads import end_worker, essential_thread

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

#: DeleteMessageBatch and ChangeMessageVisibilityBatch take ten entries (SQS API reference).
BATCH: Final = 10


@dataclass(frozen=True, slots=True)
class Settlement:
    """`hide_for` None deletes the message, else the message is visible again after that many seconds.

    The settlement is tried until the monotonic time `until`. After SQS has accepted it, the ack batcher's thread calls
    `then` with the monotonic time of the call.
    """

    queue_url: str
    receipt_handle: str
    hide_for: int | None
    until: float
    then: Callable[[float], None] | None = None

    @property
    def kind(self) -> tuple[str, bool]:
        """The kind of the settlement. One call has settlements of one kind."""
        return self.queue_url, self.hide_for is None


class AckBatcher:
    """One thread and its queue. It never logs: if a thread holds a log lock while Celery forks, the child hangs."""

    def __init__(
        self,
        client: "SQSClient",
        retry_budget: RetryBudget,
        warn: Callable[[str], object],
        exhausted: Callable[[], None],
        linger: float = 0.3,
        on_death: Callable[[str], object] = end_worker,
    ) -> None:
        """`linger`: seconds that a settlement waits for others, since each call is billed and costs CPU."""
        self._on_death = on_death
        self._client = client
        self._retry_budget = retry_budget
        self._warn = warn
        self._exhausted = exhausted
        self._linger = linger
        #: Monotonic: the end of the oldest settlement's wait for others.
        self._ripe_at = 0.0
        self._waiting: deque[Settlement] = deque()
        self._changed = threading.Condition()
        self._closing_until: float | None = None
        self._thread: threading.Thread | None = None

    @property
    def backlog(self) -> int:
        return len(self._waiting)

    def add(self, settlement: Settlement) -> None:
        with self._changed:
            if self._thread is None:
                self._thread = essential_thread("ack-batcher", self._run, self._on_death)
                self._thread.start()
            if not self._waiting:
                self._ripe_at = time.monotonic() + self._linger
            self._waiting.append(settlement)
            self._changed.notify()

    def close(self, seconds: float) -> int:
        """Send waiting settlements, for about so many seconds at most; returns the number that were not sent."""
        with self._changed:
            self._closing_until = time.monotonic() + seconds
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(seconds + 1)
        return len(self._waiting)

    def _run(self) -> None:
        while batch := self._next_batch():
            pause = self._send(batch)
            if pause:
                self._rest(pause)

    def _next_batch(self) -> list[Settlement]:
        """Up to ten settlements of one kind, oldest first; none at the end."""
        with self._changed:
            while not self._waiting:
                if self._closing_until is not None:
                    return []
                self._changed.wait()
            if self._closing_until is None and len(self._waiting) < BATCH:
                left = max(0.0, self._ripe_at - time.monotonic())
                self._changed.wait_for(lambda: len(self._waiting) >= BATCH or self._closing_until, left)
            elif self._closing_until is not None and time.monotonic() >= self._closing_until:
                return []
            kind = self._waiting[0].kind
            batch = list(islice((one for one in self._waiting if one.kind == kind), BATCH))
            for one in batch:
                self._waiting.remove(one)
            # The remaining settlements have waited as long.
            self._ripe_at = 0.0
            return batch

    def _send(self, batch: Sequence[Settlement]) -> float:
        """Returns the seconds to wait before the next call."""
        asked_at = time.monotonic()
        try:
            failures = self._call(batch)
        except Exception as error:  # noqa: BLE001 - every error is a failed call, counted and tried again
            self._again(batch, f"{type(error).__name__}: {error}")
            return self._failed()
        failed = {int(failure["Id"]) for failure in failures}
        for number, one in enumerate(batch):
            if one.then is not None and number not in failed:
                one.then(asked_at)
        for failure in failures:
            if failure.get("SenderFault"):
                # The receipt handle is no longer valid: SQS has shown the message again, or will.
                self._warn(f"a message was not settled and may come again: {failure.get('Code')}")
        again = [batch[int(failure["Id"])] for failure in failures if not failure.get("SenderFault")]
        if again:
            self._again(again, "refused by SQS")
            return self._failed()
        self._retry_budget.succeeded()
        return 0.0

    def _failed(self) -> float:
        pause = self._retry_budget.failed()
        if self._retry_budget.exhausted:
            self._exhausted()
        return pause

    def _call(self, batch: Sequence[Settlement]) -> Sequence[Any]:
        url = batch[0].queue_url
        entries: list[Any] = [{"Id": str(n), "ReceiptHandle": one.receipt_handle} for n, one in enumerate(batch)]
        if batch[0].hide_for is None:
            return self._client.delete_message_batch(QueueUrl=url, Entries=entries).get("Failed", [])
        for entry, one in zip(entries, batch, strict=True):
            entry["VisibilityTimeout"] = one.hide_for
        return self._client.change_message_visibility_batch(QueueUrl=url, Entries=entries).get("Failed", [])

    def _again(self, batch: Sequence[Settlement], why: str) -> None:
        kept = [one for one in batch if time.monotonic() < one.until]
        with self._changed:
            self._waiting.extendleft(reversed(kept))
            self._ripe_at = 0.0
        lost = len(batch) - len(kept)
        self._warn(f"{len(batch)} messages were not settled ({why}); {len(kept)} are tried again, {lost} come again")

    def _rest(self, seconds: float) -> None:
        with self._changed:
            if self._closing_until is None:
                self._changed.wait_for(lambda: self._closing_until, seconds)
            else:
                self._changed.wait(min(seconds, 0.2))
