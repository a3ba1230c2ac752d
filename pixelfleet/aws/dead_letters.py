"""One pass over a DLQ: the messages are received by tens, then each is deleted, moved back, or left.

SQS's own StartMessageMoveTask moves all messages or none, 500 a second at most, and not every emulator has it. This
pass moves by tens on several threads, and decides on each message.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum, auto
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Final

from pixelfleet.aws.errors import translated
from pixelfleet.domain.jobs import Job, decode_message
from pixelfleet.errors import JobError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

THREADS: Final = 8
#: Seconds that a received message stays hidden, so that one pass receives it once. Messages that are left become
#: visible again at the end; if the pass is killed, after this time.
HIDDEN: Final = 300
#: Receipt handles kept to make messages visible again; further messages become visible after `HIDDEN` seconds.
MOST_SHOWN: Final = 20_000
#: Seconds that a receive waits. Any wait makes SQS ask all of its servers; without one, an answer may be empty while
#: messages are there (SQS developer guide, "Short and long polling").
LONG_POLL: Final = 1


class Disposition(Enum):
    DELETE = auto()
    MOVE = auto()
    LEAVE = auto()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message of a DLQ. `job` is None if the body is not a job of pixelfleet."""

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
    shown: list[str] = field(default_factory=list)


Dispositions = Callable[[Sequence[DeadLetter]], Sequence[Disposition]]


class DeadLetters:
    """The messages of one DLQ, and the queue that they came from. A dry run leaves all of them."""

    def __init__(self, client: "SQSClient", url: str, source_url: str, *, dry_run: bool = False) -> None:
        self._client = client
        self._url = url
        self._source = source_url
        self._dry_run = dry_run
        self._done = Pass()
        self._lock = Lock()

    def go_through(self, dispositions: Dispositions, progress: Callable[[Pass], None]) -> Pass:
        """Decide on every message, ten at a time and on several threads, until the queue has no visible one.

        A message that is moved is sent before it is deleted. If the process dies in between, the message is there
        twice, and the idempotent worker finds its work done.

        Raises:
            TransientError: SQS does not answer, or what `dispositions` raises; some messages are settled.
        """
        if first := self._receive():
            try:
                self._settle(first, dispositions(first))
                progress(self._done)
                self._go_on(dispositions, progress)
            finally:
                self._show()
        return self._done

    def _go_on(self, dispositions: Dispositions, progress: Callable[[Pass], None]) -> None:
        stop = Event()

        def work() -> None:
            while not stop.is_set() and (letters := self._receive()):
                self._settle(letters, dispositions(letters))
                progress(self._done)

        with ThreadPoolExecutor(THREADS) as pool:
            try:
                for future in [pool.submit(work) for _ in range(THREADS)]:
                    future.result()
            except BaseException:
                stop.set()
                raise

    def _receive(self) -> list[DeadLetter]:
        with translated("read dead letters"):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=HIDDEN,
                WaitTimeSeconds=LONG_POLL,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["MessageGroupId"],
            )
        return [_letter(message) for message in answer.get("Messages", [])]

    def _settle(self, letters: Sequence[DeadLetter], dispositions: Sequence[Disposition]) -> None:
        grouped: dict[Disposition, list[DeadLetter]] = {disposition: [] for disposition in Disposition}
        for letter, disposition in zip(letters, dispositions, strict=True):
            grouped[disposition].append(letter)
        moved, deleted = grouped[Disposition.MOVE], grouped[Disposition.DELETE]
        if not self._dry_run:
            moved = self._send(moved)
            self._delete([*moved, *deleted])
        gone = [] if self._dry_run else [*moved, *deleted]
        visible = [letter for letter in letters if letter not in gone]
        with self._lock:
            self._done.moved += len(moved)
            self._done.deleted += len(deleted)
            self._done.left += len(letters) - len(moved) - len(deleted)
            room = MOST_SHOWN - len(self._done.shown)
            self._done.shown += [letter.receipt for letter in visible[: max(room, 0)]]

    def _send(self, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
        """Returns those that the source queue took."""
        if not letters:
            return []
        entries: list[Any] = []
        for number, letter in enumerate(letters):
            entry: dict[str, Any] = {"Id": str(number), "MessageBody": letter.body}
            if letter.group:
                entry["MessageGroupId"] = letter.group
            entries.append(entry)
        with translated("move dead letters back"):
            answer = self._client.send_message_batch(QueueUrl=self._source, Entries=entries)
        return [letters[int(taken["Id"])] for taken in answer.get("Successful", [])]

    def _delete(self, letters: Sequence[DeadLetter]) -> None:
        if letters:
            entries: list[Any] = [{"Id": str(n), "ReceiptHandle": one.receipt} for n, one in enumerate(letters)]
            with translated("delete dead letters"):
                self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def _show(self) -> None:
        shown = self._done.shown
        for start in range(0, len(shown), 10):
            entries: list[Any] = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for number, receipt in enumerate(shown[start : start + 10])
            ]
            with translated("show dead letters again"):
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
        shown.clear()


def _letter(message: Any) -> DeadLetter:
    try:
        job = decode_message(message["Body"])
    except JobError:
        job = None
    return DeadLetter(
        body=message["Body"],
        receipt=message["ReceiptHandle"],
        attributes=message.get("MessageAttributes", {}),
        group=message.get("Attributes", {}).get("MessageGroupId"),
        job=job,
    )
