"""The progress of a background task, written to the catalog every other second at most.

A thread writes the record also while nothing is reported: a record that is older than a minute counts as interrupted.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from pixelfleet.catalog.background import SILENT, BackgroundTask, BackgroundTaskState
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import timestamp
from pixelfleet.errors import PixelfleetError

#: Seconds between two writes of a task's progress.
_WRITE_EVERY: Final = 2.0
#: Seconds between two writes of a running task that reports nothing.
BEAT: Final = SILENT / 4
_AGAIN: Final = "taken up again"


class TaskProgress:
    """Keeps the record of one task. `stopped` is set when a person stops the task.

    A rollout is stopped through the catalog, since its process may be on any machine: `stopped_by` says by whom.
    """

    def __init__(
        self, deployment: Deployment, task: BackgroundTask, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._deployment = deployment
        self._clock = clock
        self._next_write = clock()
        self._lock = threading.Lock()
        self.stopped = threading.Event()
        self.stopped_by: str | None = None
        self.task = task

    @property
    def who(self) -> str:
        return self.task.who

    @contextmanager
    def kept_alive(self) -> Iterator[None]:
        """Within, the task is shown as running. An earlier run may have ended it as interrupted."""
        self._show_running(again=True)
        stop = threading.Event()
        thread = threading.Thread(target=self._beat, args=(stop,), name=f"progress-{self.task.id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _beat(self, stop: threading.Event) -> None:
        while not stop.wait(BEAT):
            self._show_running()

    def _show_running(self, *, again: bool = False) -> None:
        """Write the record of a task that has not ended; with `again`, of any task."""
        # The next beat writes again. The work itself has the same error, if the error lasts.
        with self._lock, suppress(PixelfleetError):
            if again or not self.task.settled:
                # The message of a task that has ended says how it ended.
                message = _AGAIN if self.task.settled else self.task.message
                self._update(BackgroundTaskState.RUNNING, message, {})
                self._deployment.background_tasks.save(self.task)

    def report(self, message: str, counts: dict[str, int]) -> None:
        """Note how far the work is. A note that cannot be written stops no work."""
        with self._lock:
            self._update(BackgroundTaskState.RUNNING, message, counts)
            if self._clock() >= self._next_write:
                self._next_write = self._clock() + _WRITE_EVERY
                with suppress(PixelfleetError):
                    self._deployment.background_tasks.save(self.task)
                    self._look_for_a_stop()

    def _look_for_a_stop(self) -> None:
        if self.task.rollout is not None:
            self.stopped_by = self._deployment.background_tasks.asked_to_stop(self.task)
            if self.stopped_by is not None:
                self.stopped.set()

    def end(self, state: BackgroundTaskState, message: str, counts: dict[str, int] | None = None) -> None:
        """Note the end. A task ends once: a second call writes the first end again, whose answer may be lost.

        Raises:
            TransientError: DynamoDB does not answer.
        """
        with self._lock:
            if not self.task.settled:
                self._update(state, message, counts or {})
            self._deployment.background_tasks.save(self.task)

    def _update(self, state: BackgroundTaskState, message: str, counts: dict[str, int]) -> None:
        fields = {"state": state, "message": message, "updated_at": timestamp()}
        self.task = self.task.model_copy(update=fields | {"counts": self.task.counts | counts})
