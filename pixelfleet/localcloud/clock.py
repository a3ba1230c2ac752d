"""The embedded cloud keeps its order when the machine's clock is set back: queues, and the order of S3 events.

ministack 1.5.33 counts visibility, delays and retention of messages by the wall clock. After a step back by an hour, a
message that was in flight stayed invisible for an hour. It starts the sequencers of S3 events at the wall clock, too:
after a start with an earlier clock, the events of new uploads were older than the records, and workers dropped them.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pixelfleet.files.regular import read_regular
from pixelfleet.localcloud.state import StateError

#: More events than one run of the embedded cloud has.
EVENTS_OF_A_RUN: Final = 1_000_000_000
#: The longest delay of a message (SQS, DelaySeconds).
_LONGEST_DELAY: Final = 900.0


class SteadyTime:
    """Stands in for the module `time`: `time()` begins at the wall clock, and then neither goes back nor jumps."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._offset = wall() - steady()

    def time(self) -> float:
        return self._offset + self._steady()

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


def install(sqs: ModuleType, s3: ModuleType, sequence: Path | None) -> SteadyTime:
    """Give ministack's queues a steady time, and its S3 events sequencers above those of earlier runs.

    `sequence` is the file with the last run's first sequencer; None if no data outlasts the process.

    Raises:
        RuntimeError: ministack is not the pinned version.
        StateError: the file cannot be read or written.
    """
    if getattr(sqs, "time", None) is not time or not isinstance(getattr(s3, "_event_sequence", None), itertools.count):
        raise RuntimeError("ministack keeps its time in another way than version 1.5.33: pixelfleet cannot correct it")
    steady = SteadyTime()
    sqs.time = steady  # type: ignore[attr-defined]
    s3._event_sequence = itertools.count(first_sequencer(sequence, time.time_ns() // 1_000))  # type: ignore[attr-defined] # noqa: SLF001
    return steady


def first_sequencer(path: Path | None, now: int) -> int:
    """The wall clock in microseconds, as in ministack, but above every sequencer of earlier runs.

    Raises:
        StateError: the file cannot be written.
    """
    if path is None:
        return now
    try:
        last = int(read_regular(path))
    except (FileNotFoundError, ValueError):
        last = -EVENTS_OF_A_RUN
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}. Move it away, and start again") from None
    first = max(now, last + EVENTS_OF_A_RUN)
    draft = path.with_name(f"{path.name}.new")
    try:
        with draft.open("w", encoding="ascii") as file:
            file.write(str(first))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise StateError(f"{path} cannot be written: {error.strerror}. Make room, and start again") from None
    return first


def show_in_time(queues: Iterable[dict[str, Any]], now: float) -> None:
    """Messages of an earlier run become visible within their queue's visibility timeout, or the longest delay.

    No worker of that run is left. Its clock may have been ahead of this clock.
    """
    for queue in queues:
        latest = now + max(_LONGEST_DELAY, float(queue["attributes"].get("VisibilityTimeout", 30)))
        for message in queue["messages"]:
            message["visible_at"] = min(message.get("visible_at", now), latest)
