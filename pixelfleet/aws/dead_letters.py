"""One pass over a DLQ: the messages are received by tens, then each is deleted, moved back, or left.

SQS's own StartMessageMoveTask moves all messages or none, 500 a second at most, and not every emulator has it. This
pass moves by tens on several threads, and decides on each message.

A pass has an end, however long it lasts and whatever arrives meanwhile: it decides on each message once, and leaves
messages that were sent after it began to the next pass.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, auto
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Final

from pixelfleet.aws.errors import translated
from pixelfleet.domain.jobs import Job, decode_message
from pixelfleet.errors import JobError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

THREADS: Final = 8
#: Seconds that a received message stays hidden at least. Messages that are left become visible again at the end; if the
#: pass is killed, after this time. A pass that lasts longer receives them again, and hides them for twice as long as
#: the pass has lasted, so that it gets on in a queue that gives out its first messages first.
HIDDEN: Final = 300
#: Seconds that SQS hides a message at most (SQS API reference, ChangeMessageVisibility).
MOST_HIDDEN: Final = 43_200
#: Receipt handles kept to make messages visible again; further messages become visible when their time is over.
MOST_SHOWN: Final = 20_000
#: Seconds by which this clock and that of SQS may differ: messages sent later than so after the beginning are late.
CLOCKS_DIFFER: Final = 300
#: Messages with nothing to decide that a pass receives in a row, beside those that it has left, before it ends.
MOST_REPEATS: Final = 1_000
#: Seconds that a receive waits. Any wait makes SQS ask all of its servers; without one, an answer may be empty while
#: messages are there (SQS developer guide, "Short and long polling").
LONG_POLL: Final = 1


class Disposition(Enum):
    DELETE = auto()
    MOVE = auto()
    LEAVE = auto()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message of a DLQ. `job` is None if the body is not a job of pixelfleet. `sent_at` is epoch seconds."""

    identity: str
    sent_at: float
    body: str
    receipt: str
    attributes: dict[str, Any]
    group: str | None
    job: Job | None

    @property
    def buried(self) -> bool:
        """Whether a worker put the message here when its image's attempts were used up, and not SQS."""
        return "cause" in self.attributes


@dataclass(slots=True)
class Pass:
    """What one pass did; in a dry run, what it would have done."""

    deleted: int = 0
    moved: int = 0
    left: int = 0


Dispositions = Callable[[Sequence[DeadLetter]], Sequence[Disposition]]


class DeadLetters:
    """The messages of one DLQ, and the queue that they came from. A dry run leaves all of them.

    `clock` returns epoch seconds.
    """

    def __init__(
        self,
        client: "SQSClient",
        url: str,
        source_url: str,
        *,
        dry_run: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._url = url
        self._source = source_url
        self._dry_run = dry_run
        self._clock = clock
        self._began = clock()
        self._done = Pass()
        #: Hashes of the identities of the messages that were decided on: a million take some 60 MB.
        self._decided: set[int] = set()
        #: Newest receipts, by identity, of messages that stay in the queue.
        self._shown: dict[str, str] = {}
        self._stay = 0
        self._repeats = 0
        self._lock = Lock()

    def go_through(self, dispositions: Dispositions, progress: Callable[[Pass], None]) -> Pass:
        """Decide on every message, ten at a time and on several threads, until the queue has no further one.

        A message that is moved is sent before it is deleted. If the process dies in between, the message is there
        twice, and the idempotent worker finds its work done.

        Raises:
            TransientError: SQS does not answer; some messages are settled.
            What `dispositions` and `progress` raise ends the pass, too. In every case, the tens that are under way on
            other threads are settled and counted first.
        """
        self._began = self._clock()
        stop = Event()

        def work() -> None:
            try:
                while not stop.is_set() and self._next_ten(dispositions, progress):
                    pass
            except BaseException:
                stop.set()
                raise

        try:
            # Ctrl-C arrives in the main thread, and so interrupts no ten.
            with ThreadPoolExecutor(THREADS) as pool:
                if pool.submit(self._next_ten, dispositions, progress).result():
                    self._wait_for([pool.submit(work) for _ in range(THREADS)], stop)
        finally:
            self._show()
        return self._done

    @staticmethod
    def _wait_for(workers: Iterable[Future[None]], stop: Event) -> None:
        try:
            for worker in workers:
                worker.result()
        except BaseException:
            stop.set()
            raise

    def _next_ten(self, dispositions: Dispositions, progress: Callable[[Pass], None]) -> bool:
        """Whether there may be further messages."""
        messages = self._receive()
        undecided = self._undecided(messages)
        if undecided:
            self._settle(undecided, dispositions(undecided))
            progress(self._done)
        return bool(messages) and self._repeats <= self._stay + MOST_REPEATS

    def _undecided(self, messages: Sequence[DeadLetter]) -> list[DeadLetter]:
        """Those that are neither decided on already nor late."""
        latest = self._began + CLOCKS_DIFFER
        with self._lock:
            undecided = [one for one in messages if one.sent_at <= latest and hash(one.identity) not in self._decided]
            self._repeats = 0 if undecided else self._repeats + len(messages)
            self._decided.update(hash(message.identity) for message in undecided)
            self._keep_receipts(message for message in messages if message not in undecided)
        return undecided

    def _keep_receipts(self, messages: Iterable[DeadLetter]) -> None:
        for message in messages:
            if message.identity in self._shown or len(self._shown) < MOST_SHOWN:
                self._shown[message.identity] = message.receipt

    def _receive(self) -> list[DeadLetter]:
        hidden = min(max(HIDDEN, int(2 * (self._clock() - self._began))), MOST_HIDDEN)
        with translated("read dead letters"):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=hidden,
                WaitTimeSeconds=LONG_POLL,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["MessageGroupId", "SentTimestamp"],
            )
        return [_dead_letter(message) for message in answer.get("Messages", [])]

    def _settle(self, messages: Sequence[DeadLetter], dispositions: Sequence[Disposition]) -> None:
        grouped: dict[Disposition, list[DeadLetter]] = {disposition: [] for disposition in Disposition}
        for message, disposition in zip(messages, dispositions, strict=True):
            grouped[disposition].append(message)
        moved, deleted = grouped[Disposition.MOVE], grouped[Disposition.DELETE]
        if not self._dry_run:
            moved = self._send(moved)
            self._delete([*moved, *deleted])
        gone = [] if self._dry_run else [*moved, *deleted]
        stay = [message for message in messages if message not in gone]
        with self._lock:
            self._done.moved += len(moved)
            self._done.deleted += len(deleted)
            self._done.left += len(messages) - len(moved) - len(deleted)
            self._stay += len(stay)
            self._keep_receipts(stay)

    def _send(self, messages: Sequence[DeadLetter]) -> list[DeadLetter]:
        """Returns those that the source queue took."""
        if not messages:
            return []
        entries: list[Any] = []
        for number, message in enumerate(messages):
            entry: dict[str, Any] = {"Id": str(number), "MessageBody": message.body}
            if message.group:
                entry["MessageGroupId"] = message.group
            entries.append(entry)
        with translated("move dead letters back"):
            answer = self._client.send_message_batch(QueueUrl=self._source, Entries=entries)
        return [messages[int(taken["Id"])] for taken in answer.get("Successful", [])]

    def _delete(self, messages: Sequence[DeadLetter]) -> None:
        if messages:
            entries: list[Any] = [{"Id": str(n), "ReceiptHandle": one.receipt} for n, one in enumerate(messages)]
            with translated("delete dead letters"):
                self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def _show(self) -> None:
        shown = list(self._shown.values())
        for start in range(0, len(shown), 10):
            entries: list[Any] = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for number, receipt in enumerate(shown[start : start + 10])
            ]
            with translated("show dead letters again"):
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
        self._shown.clear()


def _dead_letter(message: Any) -> DeadLetter:
    try:
        job = decode_message(message["Body"])
    except JobError:
        job = None
    attributes = message.get("Attributes", {})
    return DeadLetter(
        identity=message["MessageId"],
        sent_at=int(attributes.get("SentTimestamp", 0)) / 1000,
        body=message["Body"],
        receipt=message["ReceiptHandle"],
        attributes=message.get("MessageAttributes", {}),
        group=attributes.get("MessageGroupId"),
        job=job,
    )
