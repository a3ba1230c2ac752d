"""Redrive and purge as background tasks: begun by a request, carried out behind it, followed by anybody who may."""

import threading
import time
from collections.abc import Callable
from itertools import islice
from typing import Final

from dashboard.problem import Problem
from pixelfleet.aws.dead_letters import Disposition, Pass
from pixelfleet.catalog.background import BackgroundTask, BackgroundTaskState
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import timestamp
from pixelfleet.errors import PixelfleetError
from pixelfleet.operations.failures import Selection, select
from pixelfleet.operations.redrive import Redrive, Sent, drop_settled, purge, uploads_letters
from pixelfleet.telemetry import logger

#: Background tasks that one process works on at once.
MOST_RUNNING: Final = 4
#: Seconds between two words on how far one has come.
_WORD_EVERY: Final = 2.0


class Runner:
    """Carries background tasks out in threads of this process. A task that is cut short may be repeated as it was."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._places = threading.BoundedSemaphore(MOST_RUNNING)

    def redrive(self, who: str, selection: Selection, canary: int | None) -> BackgroundTask:
        """Raises Problem 429 while too many are at work."""

        def work(follow: "Follow") -> None:
            _redrive(self._deployment, follow, selection, canary)

        return self._start("redrive", who, describe(selection, "all that the system failed"), work)

    def purge(self, who: str, selection: Selection) -> BackgroundTask:
        """Raises Problem 429 while too many are at work."""

        def work(follow: "Follow") -> None:
            _purge(self._deployment, follow, selection)

        return self._start("purge", who, describe(selection, "all dead letters"), work)

    def _start(self, kind: str, who: str, on: str, work: Callable[["Follow"], None]) -> BackgroundTask:
        if not self._places.acquire(blocking=False):
            raise Problem(
                429, "several redrives are at work already; wait for one to end", headers={"Retry-After": "5"}
            )
        try:
            task = self._deployment.background_tasks.begin(kind, who, on)
            follow = Follow(self._deployment, task)
            # A daemon: nothing is lost when the process ends in the middle, and it must not hold it.
            threading.Thread(target=self._carry_out, args=(follow, work), name=task.id, daemon=True).start()
        except BaseException:
            self._places.release()
            raise
        return task

    def _carry_out(self, follow: "Follow", work: Callable[["Follow"], None]) -> None:
        try:
            work(follow)
        except PixelfleetError as error:
            follow.end(BackgroundTaskState.FAILED, str(error))
        except Exception as error:
            logger("dashboard").exception("a background task failed")
            follow.end(
                BackgroundTaskState.FAILED, f"a bug in pixelfleet ({type(error).__name__}); the log has the details"
            )
            raise
        finally:
            self._places.release()
            task = follow.task
            details = task.counts | {"outcome": task.state.value}
            self._deployment.activity.note(task.who, task.kind, task.on, details)


class Follow:
    """How far a background task has come, written down every other second at most."""

    def __init__(self, deployment: Deployment, task: BackgroundTask) -> None:
        self._deployment = deployment
        self._next_word = 0.0
        self._lock = threading.Lock()
        self.task = task

    @property
    def who(self) -> str:
        return self.task.who

    def tell(self, message: str, counts: dict[str, int]) -> None:
        with self._lock:
            self._update(BackgroundTaskState.RUNNING, message, counts)
            if time.monotonic() >= self._next_word:
                self._next_word = time.monotonic() + _WORD_EVERY
                self._deployment.background_tasks.save(self.task)

    def end(self, state: BackgroundTaskState, message: str) -> None:
        with self._lock:
            self._update(state, message, {})
            self._deployment.background_tasks.save(self.task)

    def _update(self, state: BackgroundTaskState, message: str, counts: dict[str, int]) -> None:
        fields = {"state": state, "message": message, "updated_at": timestamp()}
        self.task = self.task.model_copy(update=fields | {"counts": self.task.counts | counts})


def describe(selection: Selection, everything: str) -> str:
    """In words, for the activity log; `everything` is what a selection without filters means."""
    said = {
        "cause": selection.cause,
        "owner": selection.owner,
        "batch": selection.batch,
        "lane": selection.lane,
        "image": selection.image_id,
        "at most": selection.limit,
    }
    what = ", ".join(f"{name} {value}" for name, value in said.items() if value is not None)
    return what or everything


def _redrive(deployment: Deployment, follow: Follow, selection: Selection, canary: int | None) -> None:
    def told(done: Sent) -> None:
        counts = {"sent": done.sent, "refused": done.refused, "no_longer_failed": done.skipped}
        follow.tell(f"{_jobs(done.sent)} sent", counts)

    work = Redrive(deployment, follow.who, told)
    failed = select(deployment.images, selection)
    if canary:
        queued = list(work.send(islice(failed, canary)))
        outcomes = work.outcomes(queued, lambda left: follow.tell(f"waiting for {left} of {len(queued)} canaries", {}))
        if outcomes.failed:
            examples = "; ".join(outcomes.examples)
            told(work.done)
            follow.end(
                BackgroundTaskState.STOPPED,
                f"{outcomes.failed} of {len(queued)} canaries failed again, so it ends here: {examples}",
            )
            return
    for _ in work.send(failed):
        pass
    told(work.done)
    for lane in _lanes(selection):
        if deployment.queues.depth(deployment.settings.dlq_url(lane)).waiting:
            _count(follow, lane.value, drop_settled(deployment, lane, selection, lambda _: None))
    if selection.everything and selection.lane is None:
        _count(follow, "uploads", uploads_letters(deployment, Disposition.MOVE, lambda _: None))
    refused = f"; {work.done.refused:,} were not taken by SQS and stay failed" if work.done.refused else ""
    follow.end(BackgroundTaskState.DONE, f"{_jobs(work.done.sent)} sent again{refused}")


def _purge(deployment: Deployment, follow: Follow, selection: Selection) -> None:
    for lane in _lanes(selection):
        name = lane.value

        def told(now: Pass, name: str = name) -> None:
            follow.tell(f"{name}: {now.deleted:,} dead letters deleted", {f"{name}_deleted": now.deleted})

        _count(follow, name, purge(deployment, lane, selection, told))
    if selection.everything and selection.lane is None:
        _count(follow, "uploads", uploads_letters(deployment, Disposition.DELETE, lambda _: None))
    deleted = sum(number for name, number in follow.task.counts.items() if name.endswith("_deleted"))
    follow.end(BackgroundTaskState.DONE, f"{deleted:,} dead letters deleted; the records stay failed")


def _jobs(number: int) -> str:
    return "1 job" if number == 1 else f"{number:,} jobs"


def _lanes(selection: Selection) -> list[Lane]:
    return [lane for lane in Lane if selection.lane in (None, lane)]


def _count(follow: Follow, name: str, done: Pass) -> None:
    counts = {f"{name}_deleted": done.deleted, f"{name}_moved": done.moved, f"{name}_left": done.left}
    follow.tell(f"dead letters of {name} gone through", {what: number for what, number in counts.items() if number})
