"""One attempt at a job, and the surroundings that a process gives to its attempts."""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Image, timestamp
from pixelfleet.domain.transitions import Aim
from worker.job.engine import Engine, InlineEngine
from worker.job.stopwatch import Stopwatch


class Hold(Protocol):
    """The part of a lease that an attempt uses."""

    @property
    def receives(self) -> int:
        """How often the message has been received, this time included."""

    def check(self) -> None:
        """Raises LeaseLostError when another worker may hold the message by now."""


def _process_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The surroundings of an attempt: the engine, the clocks, and the name of the process.

    `now` is the wall clock; `monotonic` counts seconds from any start.
    """

    engine: Engine = field(default_factory=InlineEngine)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    worker: str = field(default_factory=_process_name)
    #: Called after an image was noted for invalidation in the edge caches.
    on_invalidation: Callable[[], None] = lambda: None

    def timestamp(self) -> str:
        return timestamp(self.now())


@dataclass(frozen=True, slots=True)
class Attempt:
    """One claimed attempt at an image: its aim, the record as claimed, and the facts of the image read so far."""

    aim: Aim
    image: Image
    lane: Lane
    watch: Stopwatch
    #: How many versions of the key this delivery has tried before this version.
    follows: int = 0
    facts: dict[str, object] = field(default_factory=dict)
