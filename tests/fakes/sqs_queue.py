"""One standard SQS queue in memory, without a network or a clock: pure, and O(1) per message.

The rules are those of the SQS developer guide. A receive hides messages for the visibility timeout and increments
their receive counts. A message that has been received `maxReceiveCount` times goes to the dead-letter queue at the
next receive. Only the newest receipt handle of a message is valid. A delete is idempotent. A message older than the
retention period is removed.
"""

import heapq
import itertools
import json
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from typing import Final

#: Most messages in flight of one standard queue (SQS developer guide, "Amazon SQS standard queue quotas").
MOST_IN_FLIGHT: Final = 120_000

DEFAULT_ATTRIBUTES: Final = {
    "VisibilityTimeout": "30",
    "DelaySeconds": "0",
    "ReceiveMessageWaitTimeSeconds": "0",
    "MessageRetentionPeriod": "345600",
}


@cache
def _max_receives(policy: str) -> int:
    return int(json.loads(policy)["maxReceiveCount"])


class QueueError(Exception):
    """An error that SQS returns with status 400 and this code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class State(Enum):
    VISIBLE = auto()
    IN_FLIGHT = auto()
    DELAYED = auto()
    GONE = auto()


@dataclass(slots=True, eq=False)
class Message:
    body: str
    sent_at: float
    group: str | None = None
    user_attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    message_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    receives: int = 0
    first_received_at: float | None = None
    hidden_until: float = 0.0
    state: State = State.GONE

    @property
    def receipt_handle(self) -> str:
        return f"{self.message_id}#{self.receives}"


class FakeQueue:
    """Times are seconds on any clock. Every call must use the same clock."""

    def __init__(self, name: str, url: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.url = url
        self.attributes = DEFAULT_ATTRIBUTES | attributes
        self.dead_letters: FakeQueue | None = None
        self.most_in_flight = MOST_IN_FLIGHT
        self.counts = dict.fromkeys(State, 0)
        self.deleted = 0
        #: Called with each message that a client deletes.
        self.on_delete: Callable[[Message], None] = lambda _message: None
        #: Messages that the redrive policy moved to the dead-letter queue.
        self.buried = 0
        self._by_id: dict[str, Message] = {}
        self._visible: deque[Message] = deque()
        self._hidden: list[tuple[float, int, Message]] = []
        self._order = itertools.count()

    @property
    def visibility(self) -> float:
        return float(self.attributes["VisibilityTimeout"])

    @property
    def max_receives(self) -> int | None:
        policy = self.attributes.get("RedrivePolicy")
        return _max_receives(policy) if policy else None

    def send(self, message: Message, now: float, delay: float | None = None) -> None:
        delay = float(self.attributes["DelaySeconds"]) if delay is None else delay
        self._by_id[message.message_id] = message
        if delay > 0:
            self._hide(message, State.DELAYED, now + delay)
        else:
            self._show(message)

    def receive(
        self,
        most: int,
        now: float,
        visibility: float | None = None,
        sees: Callable[[Message], bool] | None = None,
    ) -> list[Message]:
        """Return up to `most` messages. Messages without a receive left go to the dead-letter queue instead.

        `sees` selects the messages that a short poll samples. None samples all messages.

        Raises:
            QueueError: OverLimit, because the limit of messages in flight is reached.
        """
        self.wake(now)
        if self.counts[State.IN_FLIGHT] >= self.most_in_flight:
            raise QueueError("OverLimit", "Too many messages are in flight.")
        limit, until = self.max_receives, now + (self.visibility if visibility is None else visibility)
        taken: list[Message] = []
        unseen: list[Message] = []
        while self._visible and len(taken) < most:
            message = self._visible.popleft()
            if message.state is not State.VISIBLE or self._expired(message, now):
                continue
            if sees is not None and not sees(message):
                unseen.append(message)
                continue
            if limit is not None and self.dead_letters is not None and message.receives >= limit:
                self._bury(message, now)
                continue
            message.receives += 1
            message.first_received_at = message.first_received_at or now
            self._hide(message, State.IN_FLIGHT, until)
            taken.append(message)
        self._visible.extendleft(reversed(unseen))
        return taken

    def delete(self, handle: str) -> None:
        message = self._find(handle)
        if message is not None and message.receipt_handle == handle:
            self.deleted += message.state is not State.GONE
            self.on_delete(message)
            self._forget(message)

    def change_visibility(self, handle: str, seconds: float, now: float) -> None:
        """Raises QueueError if the handle is not the newest, or the message is not in flight."""
        self.wake(now)
        message = self._find(handle)
        if message is None or message.receipt_handle != handle:
            raise QueueError("InvalidParameterValue", "Message does not exist or is not available.")
        if message.state is not State.IN_FLIGHT:
            raise QueueError("MessageNotInflight", "The specified message isn't in flight.")
        if seconds > 0:
            self._hide(message, State.IN_FLIGHT, now + seconds)
        else:
            self._show(message)

    def purge(self) -> None:
        for message in list(self._by_id.values()):
            self._forget(message)

    def wake(self, now: float) -> None:
        """Make the messages visible whose visibility timeout or delay is over."""
        while self._hidden and self._hidden[0][0] <= now:
            until, _, message = heapq.heappop(self._hidden)
            if message.state in (State.IN_FLIGHT, State.DELAYED) and message.hidden_until == until:
                self._show(message)

    def next_wake(self) -> float | None:
        return self._hidden[0][0] if self._hidden else None

    def messages(self) -> list[Message]:
        """All messages, in no order, for assertions."""
        return list(self._by_id.values())

    def _expired(self, message: Message, now: float) -> bool:
        """Whether the retention period is over. The period starts at the first send, also in a dead-letter queue."""
        if now < message.sent_at + float(self.attributes["MessageRetentionPeriod"]):
            return False
        self._forget(message)
        return True

    def _find(self, handle: str) -> Message | None:
        message_id, mark, receives = handle.partition("#")
        if not mark or not receives.isdigit():
            raise QueueError("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
        return self._by_id.get(message_id)

    def _show(self, message: Message) -> None:
        self._enter(message, State.VISIBLE)
        self._visible.append(message)

    def _hide(self, message: Message, state: State, until: float) -> None:
        self._enter(message, state)
        message.hidden_until = until
        heapq.heappush(self._hidden, (until, next(self._order), message))

    def _bury(self, message: Message, now: float) -> None:
        assert self.dead_letters is not None
        self.buried += 1
        self._forget(message)
        self.dead_letters.send(message, now, delay=0)

    def _forget(self, message: Message) -> None:
        self._enter(message, State.GONE)
        self._by_id.pop(message.message_id, None)

    def _enter(self, message: Message, state: State) -> None:
        self.counts[message.state] -= 1
        self.counts[state] += 1
        message.state = state
