"""Redrive and purge as background tasks. A request begins a task, a thread runs the task, and operators follow it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Final

from dashboard.problem import Problem
from dashboard.rendering import things
from pixelfleet.aws.dead_letters import Pass
from pixelfleet.catalog.background import BackgroundTask, BackgroundTaskState
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image, RecipeRef
from pixelfleet.domain.rollout import RolloutFacts
from pixelfleet.errors import PixelfleetError
from pixelfleet.operations import redrive as operation
from pixelfleet.operations.batch_rows import RolloutRow
from pixelfleet.operations.bulk import BulkResult
from pixelfleet.operations.dead_letter_passes import give_up, remaining
from pixelfleet.operations.failures import Selection
from pixelfleet.operations.recipe_rollback import Rollback, images_to_return, roll_back
from pixelfleet.operations.reconcile.outdated import OutdatedImages, outdated_images
from pixelfleet.operations.redrive import RedriveOrder, jobs
from pixelfleet.operations.routes import RouteChange
from pixelfleet.operations.stopping import StopAskedError
from pixelfleet.operations.task_progress import TaskProgress
from pixelfleet.operations.touched_images import TouchedImages, touched_images
from pixelfleet.telemetry import logger

#: Background tasks that one process works on at once.
MOST_RUNNING: Final = 4
#: The first part of the threads' names.
THREAD: Final = "background-task-"
#: The kinds of the tasks on images whose recipe has changed.
COUNT_OUTDATED: Final = "count outdated images"
MAKE_OUTDATED: Final = "make outdated images again"

ROLL_BACK: Final = "roll back"
COUNT_TOUCHED: Final = "count images of a route"
#: Counts of the images of a changed route at once. They do not take the places of tasks that somebody asks for.
MOST_COUNTING: Final = 1

#: The reason why a task is not stopped.
CANNOT_STOP: Final = "it has ended, or another process works on it"

_NO_THREAD: Final = (
    "the dashboard's machine cannot start another thread now; nothing was done; try again in some seconds"
)
_BUSY: Final = f"{MOST_RUNNING} background tasks are at work already; wait for one to end, or stop one under Tasks"
_COUNTING: Final = "the images of another changed route are being counted; Count them, on this page, counts all"


class _Places(threading.BoundedSemaphore):
    """The places of tasks of one sort, and the message while no place is free."""

    def __init__(self, number: int, busy: str) -> None:
        super().__init__(number)
        self.busy = busy


class Runner:
    """Runs background tasks in threads of this process. An interrupted task may be repeated."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._places = _Places(MOST_RUNNING, _BUSY)
        self._counts = _Places(MOST_COUNTING, _COUNTING)
        self._followed: dict[str, TaskProgress] = {}

    def redrive(self, who: str, selection: Selection, canary: int | None) -> BackgroundTask:
        """Raises Problem 429 while too many are at work."""

        def work(follow: TaskProgress) -> None:
            _redrive(self._deployment, follow, selection, canary)

        return self._start("redrive", who, RedriveOrder(selection, who).in_words(), work)

    def purge(self, who: str, selection: Selection) -> BackgroundTask:
        """Raises Problem 429 while too many are at work."""

        def work(follow: TaskProgress) -> None:
            _purge(self._deployment, follow, selection)

        return self._start("purge", who, selection.in_words("all dead letters"), work)

    def bulk(
        self, kind: str, who: str, on: str, act: Callable[[Callable[[BulkResult], bool]], BulkResult]
    ) -> BackgroundTask:
        """An action on many images. Raises Problem 429 while too many tasks run."""

        def work(follow: TaskProgress) -> None:
            _bulk(follow, act)

        return self._start(kind, who, on, work)

    def outdated(self, who: str, *, count: bool) -> BackgroundTask:
        """Count images whose recipe has changed, or make them again. Raises Problem 429 while too many tasks run."""

        def work(follow: TaskProgress) -> None:
            _outdated(self._deployment, follow, count=count)

        return self._start(COUNT_OUTDATED if count else MAKE_OUTDATED, who, "everything", work)

    def touched(self, who: str, change: RouteChange) -> BackgroundTask:
        """Count the images that a change of routes gives another recipe. Raises Problem 429 during another count."""

        def work(follow: TaskProgress) -> None:
            _touched(self._deployment, follow, change)

        return self._start(COUNT_TOUCHED, who, change.route.match, work, self._counts)

    def roll_back(self, who: str, rollout: BackgroundTask) -> BackgroundTask:
        """Take the images of a rollout back to the kept results of the older recipe.

        Raises:
            Problem: 404 for another task, 409 while the rollout runs, 429 while too many tasks run.
        """
        facts = rollout.rollout
        if facts is None:
            raise Problem(404, "this task is no rollout: there is nothing to roll back")
        if not rollout.settled:
            raise Problem(409, "the rollout is under way: stop it first, and roll back after that")

        def work(follow: TaskProgress) -> None:
            _roll_back(self._deployment, follow, facts)

        on = f"{_version(facts.newer)} to {_version(facts.older)}, {RolloutRow(rollout, facts).scope}"
        return self._start(ROLL_BACK, who, on, work)

    def stop(self, task_id: str) -> bool:
        """Stop a task after its present image, ten jobs or ten messages. False for a task of another process."""
        follow = self._followed.get(task_id)
        if follow is None:
            return False
        follow.stopped.set()
        return True

    def stop_for(self, who: str, task: BackgroundTask, *, is_operator: bool) -> bool:
        """As `stop`. A running rollout, whose process may be on any machine, gets a request: operators may ask so.

        Raises:
            TransientError: DynamoDB does not answer.
        """
        if task.rollout is None:
            return self.stop(task.id)
        if task.settled or not is_operator:
            return False
        self._deployment.background_tasks.ask_to_stop(task, who)
        return True

    def _start(
        self,
        kind: str,
        who: str,
        on: str,
        work: Callable[[TaskProgress], None],
        places: _Places | None = None,
    ) -> BackgroundTask:
        places = places or self._places
        if not places.acquire(blocking=False):
            raise Problem(429, places.busy, headers={"Retry-After": "5"})
        with ExitStack() as failed:
            failed.callback(places.release)
            task = self._deployment.background_tasks.begin(kind, who, on)
            follow = self._followed[task.id] = TaskProgress(self._deployment, task)
            # A daemon thread does not prevent the end of the process. Nothing is lost if the thread ends early.
            thread = threading.Thread(
                target=self._carry_out, args=(follow, work, places), name=f"{THREAD}{task.id}", daemon=True
            )
            try:
                thread.start()
            except RuntimeError as error:
                # The process has no room for another thread.
                self._followed.pop(task.id)
                follow.end(BackgroundTaskState.FAILED, _NO_THREAD)
                raise Problem(503, _NO_THREAD, headers={"Retry-After": "5"}) from error
            # From here on, the thread frees its place.
            failed.pop_all()
        return task

    def _carry_out(self, follow: TaskProgress, work: Callable[[TaskProgress], None], places: _Places) -> None:
        try:
            with follow.kept_alive():
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
            self._followed.pop(follow.task.id, None)
            places.release()


def _redrive(deployment: Deployment, follow: TaskProgress, selection: Selection, canary: int | None) -> None:
    def report(words: str, counts: dict[str, int]) -> None:
        follow.report(words, counts)
        if follow.stopped.is_set():
            raise StopAskedError

    result = operation.redrive(deployment, RedriveOrder(selection, follow.who, canary=canary), report)
    if result.stop_asked:
        words = f"stopped as asked: {jobs(result.sent.sent)} sent again"
        follow.end(BackgroundTaskState.STOPPED, words, result.sent.as_counts())
        return
    if result.canary is not None and result.stopped:
        examples = "; ".join(result.canary.examples)
        words = f"{result.canary.in_words()}{f': {examples}' if examples else ''}"
        follow.end(BackgroundTaskState.STOPPED, words, result.sent.as_counts())
        return
    refused = f"; {jobs(result.sent.refused)} not taken by SQS, still failed" if result.sent.refused else ""
    follow.end(BackgroundTaskState.DONE, f"{jobs(result.sent.sent)} sent again{refused}", result.sent.as_counts())


def _bulk(follow: TaskProgress, act: Callable[[Callable[[BulkResult], bool]], BulkResult]) -> None:
    def progress(result: BulkResult) -> bool:
        follow.report(f"{things(result.done, 'image')} done", _counts(result))
        return not follow.stopped.is_set()

    result = act(progress)
    state = BackgroundTaskState.STOPPED if result.stopped else BackgroundTaskState.DONE
    words = "stopped as asked" if result.stopped else "done"
    passed = f"; {things(result.gone, 'image')} left as before" if result.gone else ""
    left = f"; {things(result.left, 'image')} left in both batches: no copy is processed yet" if result.left else ""
    follow.end(state, f"{words}: {things(result.done, 'image')}{passed}{left}", _counts(result))


def _counts(result: BulkResult) -> dict[str, int]:
    others = {"gone": result.gone, "left": result.left}
    return {"done": result.done} | {name: number for name, number in others.items() if number}


def _outdated(deployment: Deployment, follow: TaskProgress, *, count: bool) -> None:
    def progress(so_far: OutdatedImages) -> bool:
        follow.report(f"{things(so_far.seen, 'object')} looked at", _outdated_counts(so_far))
        return not follow.stopped.is_set()

    result = outdated_images(deployment, follow.who, datetime.now(UTC), progress, count=count)
    state = BackgroundTaskState.STOPPED if follow.stopped.is_set() else BackgroundTaskState.DONE
    follow.end(state, result.in_words(), _outdated_counts(result))


def _touched(deployment: Deployment, follow: TaskProgress, change: RouteChange) -> None:
    def progress(so_far: TouchedImages) -> bool:
        follow.report(f"{things(so_far.seen, 'object')} looked at", counts(so_far))
        return not follow.stopped.is_set()

    def counts(so_far: TouchedImages) -> dict[str, int]:
        return {"objects": so_far.seen, "images": so_far.images}

    result = touched_images(deployment, change, progress)
    state = BackgroundTaskState.STOPPED if follow.stopped.is_set() else BackgroundTaskState.DONE
    follow.end(state, result.in_words(), counts(result))


def _roll_back(deployment: Deployment, follow: TaskProgress, facts: RolloutFacts) -> None:
    result = Rollback()

    def images() -> Iterator[Image]:
        for image in images_to_return(deployment, facts.newer, facts.owner, facts.batch):
            if follow.stopped.is_set():
                raise StopAskedError
            yield image

    def progress(so_far: Rollback) -> None:
        nonlocal result
        result = so_far
        follow.report(f"{things(so_far.back, 'image')} back", _rollback_counts(so_far))

    state, begun = BackgroundTaskState.DONE, ""
    try:
        roll_back(deployment, images(), (facts.newer, facts.older), follow.who, progress)
    except StopAskedError:
        state, begun = BackgroundTaskState.STOPPED, "stopped as asked: "
    older = _version(facts.older)
    words = f"{begun}{things(result.back, 'image')} back to {older}"
    if result.missing:
        again = f"`pixelfleet recipe rollout {older} --instead-of {_version(facts.newer)}{_scope(facts)}`"
        words += f"; {things(result.missing, 'image')} without kept results of it: run {again}"
    if result.busy:
        words += f"; {things(result.busy, 'image')} still being processed: roll back again after that"
    follow.end(state, words, _rollback_counts(result))


def _scope(facts: RolloutFacts) -> str:
    """The options that name the images of a rollout; none for the images of all owners."""
    if facts.batch is not None:
        return f" --batch {facts.owner}/{facts.batch}"
    return f" --owner {facts.owner}" if facts.owner is not None else ""


def _rollback_counts(so_far: Rollback) -> dict[str, int]:
    return {"back": so_far.back, "without_results": so_far.missing, "busy": so_far.busy}


def _version(recipe: RecipeRef) -> str:
    return f"{recipe.name}@{recipe.digest[:12]}"


def _outdated_counts(so_far: OutdatedImages) -> dict[str, int]:
    return {"objects": so_far.seen, "outdated": so_far.outdated} | ({"queued": so_far.sent} if so_far.sent else {})


def _purge(deployment: Deployment, follow: TaskProgress, selection: Selection) -> None:
    def progress(queue: str, done: Pass) -> None:
        follow.report(f"{queue}: {things(done.deleted, 'dead letter')} deleted", {f"{queue}_deleted": done.deleted})
        if follow.stopped.is_set():
            raise StopAskedError

    result = give_up(deployment, selection, follow.who, progress)
    counts = {f"{queue}_{what}": n for queue, done in result.passes.items() for what, n in _numbers(done).items()}
    words = f"{things(result.deleted, 'dead letter')} deleted"
    if result.stopped:
        rest = remaining(deployment, selection)
        left = f"; about {things(rest, 'dead letter')} left in the queues" if rest is not None else ""
        follow.end(BackgroundTaskState.STOPPED, f"stopped as asked: {words}{left}", counts)
    else:
        follow.end(BackgroundTaskState.DONE, f"{words}; the records stay failed", counts)


def _numbers(done: Pass) -> dict[str, int]:
    return {what: number for what, number in (("deleted", done.deleted), ("left", done.left)) if number}
