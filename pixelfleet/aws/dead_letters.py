"""A DLQ, gone through once: every message is looked at by ten, then deleted, moved back, or left as it lies.

SQS's own StartMessageMoveTask takes all or nothing, 500 a second at most, and needs a source that it knows. This
moves by tens on several threads, asks about each message, and works wherever SQS does.
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
#: Seconds that a message which was looked at stays hidden, so that one pass meets it once. Those to be left are shown
#: again at the end; should the pass be killed, they show themselves after this time.
HIDDEN: Final = 300
#: Receipt handles kept in order to show messages again; beyond it they are left to show themselves.
MOST_SHOWN: Final = 20_000


class Disposition(Enum):
    DELETE = auto()
    MOVE = auto()
    LEAVE = auto()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message. `job` is None for what is no job of ours."""

    body: str
    receipt: str
    attributes: dict[str, Any]
    group: str | None
    job: Job | None

    @property
    def buried(self) -> bool:
        """Whether a worker put it here when its image's attempts were used up, rather than SQS."""
        return "cause" in self.attributes


@dataclass(slots=True)
class Pass:
    """What one pass did."""

    deleted: int = 0
    moved: int = 0
    left: int = 0
    shown: list[str] = field(default_factory=list)


Judge = Callable[[Sequence[DeadLetter]], Sequence[Disposition]]


class DeadLetters:
    """The messages of one DLQ, and the queue that they came from."""

    def __init__(self, client: "SQSClient", url: str, source_url: str) -> None:
        self._client = client
        self._url = url
        self._source = source_url
        self._done = Pass()
        self._lock = Lock()

    def go_through(self, judge: Judge, progress: Callable[[Pass], None]) -> Pass:
        """Ask `judge` of every message, ten at a time and on several threads, until the queue shows no more.

        A message that is moved is sent before it is deleted: killed in between, it is there twice, and its worker,
        being idempotent, finds its work done.
        """

        stop = Event()

        def work() -> None:
            while not stop.is_set() and (letters := self._receive()):
                self._settle(letters, judge(letters))
                progress(self._done)

        with ThreadPoolExecutor(THREADS) as pool:
            try:
                for future in [pool.submit(work) for _ in range(THREADS)]:
                    future.result()
            except BaseException:
                stop.set()
                raise
            finally:
                self._show()
        return self._done

    def _receive(self) -> list[DeadLetter]:
        with translated("read dead letters"):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=HIDDEN,
                WaitTimeSeconds=0,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["MessageGroupId"],
            )
        return [_letter(message) for message in answer.get("Messages", [])]

    def _settle(self, letters: Sequence[DeadLetter], dispositions: Sequence[Disposition]) -> None:
        by_fate: dict[Disposition, list[DeadLetter]] = {disposition: [] for disposition in Disposition}
        for letter, disposition in zip(letters, dispositions, strict=True):
            by_fate[disposition].append(letter)
        moved = self._send(by_fate[Disposition.MOVE])
        self._delete([*moved, *by_fate[Disposition.DELETE]])
        left = [letter for letter in letters if letter not in moved and letter not in by_fate[Disposition.DELETE]]
        with self._lock:
            self._done.moved += len(moved)
            self._done.deleted += len(by_fate[Disposition.DELETE])
            self._done.left += len(left)
            room = MOST_SHOWN - len(self._done.shown)
            self._done.shown += [letter.receipt for letter in left[: max(room, 0)]]

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
