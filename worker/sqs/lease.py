"""A running task's hold on its message: the visibility is extended during the work.

    with hold(self.request.properties, sqs) as lease:
        ...
        lease.check()  # before anything is written

The worker's transport adds to each message the time of its receipt and its visibility. A thread extends the visibility
after every third of it. The lease is lost when SQS refuses, or when the time has run out by this machine's own clock:
SQS accepts some calls with a handle that is no longer the newest, so an accepted call alone proves nothing.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from pixelfleet.errors import LeaseLostError
from worker.sqs.backoff import BackOff
from worker.sqs.threads import essential_thread

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

#: A message can be in flight for 12 hours from its receipt (SQS API reference, ChangeMessageVisibility).
LONGEST: Final = 12 * 3600
#: How often in a visibility's time a failed extension is tried again, if the failure may pass.
RETRIES: Final = 20
#: Seconds that the end of a task waits for an extension under way.
LAST_EXTENSION: Final = 5.0


def lease_client(region: str | None = None, endpoint_url: str | None = None) -> "SQSClient":
    """The client for `hold`, with short time-outs: a call that hangs for a minute extends nothing in time.

    One for each process, made after the fork. The lease itself repeats failed calls.
    """
    config = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1}, tcp_keepalive=True)
    session = boto3.session.Session(region_name=region)
    return session.client("sqs", endpoint_url=endpoint_url, config=config)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One delivery of one message. `received_at` is monotonic, `visibility` in seconds."""

    queue_url: str
    handle: str
    received_at: float
    visibility: float
    receives: int = 1

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> "Receipt":
        """Read a task's `self.request.properties`, as the worker's transport made them."""
        info = properties["delivery_info"]
        message = info["sqs_message"]
        return cls(
            queue_url=info["sqs_queue"],
            handle=message["ReceiptHandle"],
            received_at=info["sqs_received_at"],
            visibility=info["sqs_visibility"],
            receives=int((message.get("Attributes") or {}).get("ApproximateReceiveCount", 1)),
        )


class Lease:
    """Made by `hold`. Its methods may be called from any thread of the task's process."""

    def __init__(
        self,
        receipt: Receipt,
        sqs: "SQSClient",
        limit: float = LONGEST,
        back_off: BackOff | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.receipt = receipt
        self._sqs = sqs
        self._back_off = back_off or BackOff()
        self._clock = clock
        self._expires = receipt.received_at + receipt.visibility
        self._end = min(receipt.received_at + LONGEST, clock() + limit)
        self._lost: str | None = None
        self._changed = threading.Condition()
        self._released = False

    @property
    def receives(self) -> int:
        """How often the message has been received, this time included."""
        return self.receipt.receives

    @property
    def lost(self) -> str | None:
        """The reason why the lease is lost; None as long as no loss is known."""
        return self._lost

    def check(self) -> None:
        """Raises LeaseLostError when another worker may hold the message by now."""
        if self._lost is None and self._clock() >= self._expires:
            self._lost = "its visibility ran out"
        if self._lost is not None:
            raise LeaseLostError(f"the lease on message {self.receipt.handle[:16]}… is lost: {self._lost}")

    def back_off(self, attempt: int) -> int:
        """Show the message again after an exponential back-off with jitter; returns the seconds.

        Ends the lease. If the call to SQS fails, the message becomes visible when its visibility runs out.
        """
        seconds = self._back_off.whole_seconds(attempt)
        self._leave(seconds)
        return seconds

    def hand_back(self) -> None:
        """Show the message to other workers at once. Ends the lease."""
        self._leave(0)

    def release(self) -> None:
        """Extend no more; the message stays hidden for the rest of its visibility."""
        with self._changed:
            self._released = True
            self._changed.notify_all()

    def keep(self) -> None:
        """Extend until released or lost. The lease's thread runs this."""
        due = self.receipt.received_at + self.receipt.visibility / 3
        while self._pause_until(due):
            due = self._clock() + self.receipt.visibility / (3 if self.extend() else RETRIES)

    def extend(self) -> bool:
        """One extension to the whole visibility; False when it failed and another try may succeed."""
        now = self._clock()
        if now >= min(self._expires, self._end):
            self.lose("its visibility ran out" if now < self._end else "its time limit is over")
            return False
        try:
            self._set_visibility(int(self.receipt.visibility))
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) < 500 and not _throttled(code):
                self.lose(f"SQS says {code}")
            return False
        except Exception:  # noqa: BLE001 - every other error may pass: the extension is tried again
            return False
        # The time before the call counts: SQS may have extended at any moment of it.
        self._expires = now + self.receipt.visibility
        return True

    def _leave(self, seconds: int) -> None:
        self.release()
        if self._lost is not None or self._clock() >= self._expires:
            return
        with suppress(Exception):
            self._set_visibility(seconds)

    def _set_visibility(self, seconds: int) -> None:
        self._sqs.change_message_visibility(
            QueueUrl=self.receipt.queue_url, ReceiptHandle=self.receipt.handle, VisibilityTimeout=seconds
        )

    def lose(self, why: str) -> None:
        """Count the lease as lost from now on: the next `check` raises."""
        self._lost = self._lost or why

    def _pause_until(self, due: float) -> bool:
        """False when no visibility is left to extend."""
        with self._changed:
            self._changed.wait_for(lambda: self._released, max(0.0, due - self._clock()))
            return not self._released and self._lost is None


@contextmanager
def hold(
    properties: Mapping[str, Any],
    sqs: "SQSClient",
    limit: float = LONGEST,
    back_off: BackOff | None = None,
) -> Iterator[Lease]:
    """Hold the message of a task (its `self.request.properties`) for as long as the block runs.

    After `limit` seconds the lease ends, also if the task still runs. Give a little more than the task's time limit, so
    that a task that hangs and cannot be ended does not hold its message for ever.

    Raises:
        LeaseLostError: the message waited in this process for so long that another worker may hold it.
    """
    lease = Lease(Receipt.of(properties), sqs, limit, back_off)
    lease.check()
    keeper = essential_thread("lease", lease.keep, lease.lose)
    keeper.start()
    try:
        yield lease
    finally:
        lease.release()
        # An extension after a back-off would undo the back-off, and delay the message.
        keeper.join(LAST_EXTENSION)


def _throttled(code: str) -> bool:
    return "Throttl" in code or code in {"RequestLimitExceeded", "TooManyRequestsException"}
