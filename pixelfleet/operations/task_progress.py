"""The progress of a background task, written to the catalog every other second at most."""

import threading
import time
from collections.abc import Callable
from typing import Final

from pixelfleet.catalog.background import BackgroundTask, BackgroundTaskState
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import timestamp

#: Seconds between two writes of a task's progress.
_WRITE_EVERY: Final = 2.0


class TaskProgress:
    """Keeps the record of one task. `stopped` is set when a person stops the task."""

    def __init__(
        self, deployment: Deployment, task: BackgroundTask, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._deployment = deployment
        self._clock = clock
        self._next_write = clock()
        self._lock = threading.Lock()
        self.stopped = threading.Event()
        self.task = task

    @property
    def who(self) -> str:
        return self.task.who

    def report(self, message: str, counts: dict[str, int]) -> None:
        with self._lock:
            self._update(BackgroundTaskState.RUNNING, message, counts)
            if self._clock() >= self._next_write:
                self._next_write = self._clock() + _WRITE_EVERY
                self._deployment.background_tasks.save(self.task)

    def end(self, state: BackgroundTaskState, message: str, counts: dict[str, int] | None = None) -> None:
        with self._lock:
            self._update(state, message, counts or {})
            self._deployment.background_tasks.save(self.task)

    def _update(self, state: BackgroundTaskState, message: str, counts: dict[str, int]) -> None:
        fields = {"state": state, "message": message, "updated_at": timestamp()}
        self.task = self.task.model_copy(update=fields | {"counts": self.task.counts | counts})
