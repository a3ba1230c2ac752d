"""A whole rollout: the sample, then after a confirmation the canary, then the rest. It goes on where it was stopped."""

import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Final

from pixelfleet.catalog.background import BackgroundTaskState
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Status
from pixelfleet.domain.rollout import LEAST_COUNTED, OUTLIER, ImageState, RolloutFacts, canary_size
from pixelfleet.domain.rollout_sample import SampledImage
from pixelfleet.domain.sampling import StratifiedSample
from pixelfleet.operations.noted import noted
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.operations.redrive import Clock
from pixelfleet.operations.rollout.journal import RolloutJournal, Touched
from pixelfleet.operations.rollout.order import UNDER_WAY, RolloutOrder, as_touched, check_order, survey, waiting
from pixelfleet.operations.rollout.sample import render_sample
from pixelfleet.operations.rollout.table import SampleTable, table_of
from pixelfleet.operations.rollout.wave import LOOK_EVERY, Wave, WaveResult
from pixelfleet.operations.stopping import StopAskedError
from pixelfleet.operations.task_progress import TaskProgress

KIND: Final = "rollout"
#: Bits of a seed: few enough that people can type the number.
_SEED_BITS: Final = 31
_PAGE: Final = 100
#: Seconds in which images that somebody else has processed may get their outcomes, at the end of a rollout.
BUSY_SECONDS: Final = 60.0


class Step(StrEnum):
    SAMPLE = "sample"
    CANARY = "canary"
    REST = "rest"


#: Renders the sample: an argument, so that tests of the order of steps need no pixels.
Renderer = Callable[
    [Deployment, RolloutOrder, RolloutJournal, Sequence[str], Callable[[str], None]], list[SampledImage]
]


@dataclass(frozen=True, slots=True)
class RolloutState:
    """The state of a rollout before a run. `images` are ready and made by the old recipe, `newer` by the new one.

    `stopped` is the reason for which an earlier run stopped by its bound.
    """

    step: Step
    seed: int
    images: int
    newer: int
    stopped: str | None = None


@dataclass(slots=True)
class RolloutResult:
    """The images of the canary and of the rest by outcome; `reason` says why the rollout stopped at its bound.

    `stopped_by` is who stopped this run elsewhere; the same rollout goes on where it stopped.
    """

    canary: dict[str, int] = field(default_factory=dict)
    rest: dict[str, int] = field(default_factory=dict)
    reason: str | None = None
    examples: tuple[str, ...] = ()
    #: Images of the old recipe that somebody else still has processed at the end. The same rollout takes them later.
    busy: int = 0
    stopped_by: str | None = None

    @property
    def made(self) -> int:
        """The images that the new recipe made, outliers among them."""
        return self.total(ImageState.DONE) + self.total(OUTLIER)

    def total(self, state: str) -> int:
        return self.canary.get(state, 0) + self.rest.get(state, 0)


@contextmanager
def journal_of(deployment: Deployment, order: RolloutOrder) -> Iterator[RolloutJournal]:
    """
    Raises:
        SetupError: another process carries out this rollout, or the journal cannot be written.
    """
    with RolloutJournal.open(*_identity(deployment, order)) as journal:
        yield journal


@contextmanager
def ended_rollout(deployment: Deployment, order: RolloutOrder) -> Iterator[None]:
    """Within, no process carries out this rollout; at the end, its journal is deleted.

    Raises:
        SetupError: another process carries out this rollout.
    """
    if not RolloutJournal.exists(*_identity(deployment, order)):
        yield
        return
    with journal_of(deployment, order) as journal:
        yield
        journal.finish()


def _identity(deployment: Deployment, order: RolloutOrder) -> tuple[str, ...]:
    newer, older = order.refs
    return (*deployment.settings.identity, newer.digest, older.digest, order.owner or "", order.batch or "")


class Rollout:
    """One run of a rollout, with its open journal."""

    def __init__(
        self,
        deployment: Deployment,
        order: RolloutOrder,
        journal: RolloutJournal,
        progress: Callable[[str], None] = lambda _: None,
        clock: Clock | None = None,
    ) -> None:
        self._deployment = deployment
        self._order = order
        self._journal = journal
        self._progress = progress
        self._clock = clock or Clock()

    def begin(self, seed: int | None = None) -> RolloutState:
        """Survey the images and choose the sample, unless an earlier run began the canary.

        Without `seed`, the seed of an earlier run is taken: it chooses the same sample if the images are the same.

        Raises:
            SetupError: the order is wrong, or there is no image.
            TransientError: DynamoDB does not answer.
        """
        check_order(self._deployment, self._order)
        if self._journal.fact("step") in (None, Step.SAMPLE):
            self._survey(seed)
        fact = self._journal.fact
        return RolloutState(Step(fact("step")), fact("seed"), fact("images"), fact("newer"), fact("stopped"))

    def _survey(self, seed: int | None) -> None:
        noted_seed = self._journal.fact("seed")
        random = noted_seed if noted_seed is not None else secrets.randbits(_SEED_BITS)
        sample = StratifiedSample(self._order.sample, seed if seed is not None else random)
        counted = survey(self._deployment, self._order, sample, self._progress)
        self._journal.note(
            seed=sample.seed, images=counted.ready, newer=counted.newer, chosen=counted.chosen, step=Step.SAMPLE
        )

    def sample(self, render: Renderer = render_sample) -> tuple[list[SampledImage], SampleTable]:
        """The images of the sample, made by both recipes, and their figures.

        Raises:
            SetupError, TransientError: as `render_sample`.
        """
        chosen, images = self._journal.fact("chosen"), self._journal.fact("images")
        sample = render(self._deployment, self._order, self._journal, chosen, self._progress)
        table = table_of(sample, images)
        self._journal.note(ratio=table.ratio)
        return sample, table

    def note_sheet(self, sheet: Path | None) -> None:
        """Note where the contact sheet of the sample is, for those who look at the rollout elsewhere."""
        self._journal.note(sheet=str(sheet) if sheet is not None else None)

    def carry_out(self) -> RolloutResult:
        """The canary and the rest, from where an earlier run stopped. A rollout that is done has no journal.

        Somebody may stop the run in the dashboard: it ends after its present look at the images.

        Raises:
            TransientError: DynamoDB or SQS does not answer; the same rollout goes on where it stopped.
        """
        order, result = self._order, RolloutResult()
        newer, older = order.refs
        store_recipe(self._deployment, order.newer)
        task = self._task()
        with noted(self._deployment, order.who, KIND, self._on()) as details:
            try:
                with task.kept_alive():
                    self._steps(task, result)
            except KeyboardInterrupt:
                task.end(BackgroundTaskState.INTERRUPTED, "interrupted; the same command goes on where it stopped")
                raise
            except StopAskedError:
                result.stopped_by, details["outcome"] = task.stopped_by, "stopped"
                by = f"stopped by {task.stopped_by}; the same command goes on where it stopped"
                task.end(BackgroundTaskState.STOPPED, by)
                return result
            except Exception as error:
                task.end(BackgroundTaskState.FAILED, f"{error}; the same command goes on where it stopped")
                raise
            finally:
                details.update(canary=sum(result.canary.values()), rest=sum(result.rest.values()))
            if result.reason is not None:
                details["outcome"] = "stopped"
                self._journal.note(stopped=result.reason)
                task.end(BackgroundTaskState.STOPPED, result.reason)
                return result
        made = "1 image was" if result.made == 1 else f"{result.made:,} images were"
        done = f"{made} made by {newer.name}@{newer.digest[:12]}"
        kept = f"{result.total('failed'):,} kept {older.name}@{older.digest[:12]}"
        task.end(BackgroundTaskState.DONE, f"{done}; {kept}")
        self._journal.finish()
        return result

    def _steps(self, task: TaskProgress, result: RolloutResult) -> None:
        images: int = self._journal.fact("images")
        canary = canary_size(images, self._order.canary)
        if self._journal.fact("step") == Step.SAMPLE:
            self._journal.touch(Step.CANARY, self._choose(canary))
            self._journal.note(step=Step.CANARY)
        bound = self._order.bound
        if self._journal.fact("step") == Step.CANARY:
            wave = self._wave(Step.CANARY, lambda bad, _: not bound.is_exceeded(bad, canary))
            self._apply(result, Step.CANARY, wave.run((), self._reporter(task, Step.CANARY, canary)))
            if result.reason is not None:
                return
            self._journal.note(step=Step.REST)
        result.canary = self._journal.counts(Step.CANARY)
        rest = max(images - canary, 0)
        wave = self._wave(Step.REST, lambda bad, settled: not bound.is_exceeded(bad, max(settled, LEAST_COUNTED)))
        busy: list[str] = []
        sent, report = waiting(self._deployment, self._order, busy), self._reporter(task, Step.REST, rest)
        self._apply(result, Step.REST, wave.run(sent, report))
        self._take_busy(busy, result, wave, report)

    def _take_busy(
        self, busy: list[str], result: RolloutResult, wave: Wave, report: Callable[[dict[str, int]], None]
    ) -> None:
        """Take images that somebody else had processed again, as they get their outcomes, for a minute at most."""
        older, deadline = self._order.refs[1], self._clock.now() + BUSY_SECONDS
        while busy and result.reason is None:
            images = list(self._deployment.images.get_many(busy).values())
            ready = [image for image in images if image.status is Status.READY and image.is_made_by(older)]
            if ready:
                self._apply(result, Step.REST, wave.run(ready, report))
            busy = [image.image_id for image in images if image.status in UNDER_WAY]
            result.busy = len(busy)
            if not busy or self._clock.now() >= deadline:
                return
            report(self._journal.counts(Step.REST))
            self._clock.sleep(LOOK_EVERY)

    def _choose(self, size: int) -> list[tuple[str, Touched]]:
        """The images of the canary, as they are before: a stratified sample of another seed."""
        sample = StratifiedSample(max(size, 1), self._journal.fact("seed") + 1)
        for image in waiting(self._deployment, self._order):
            sample.add(image)
        chosen, ids = [], iter(sample.chosen())
        while some := list(islice(ids, _PAGE)):
            records = self._deployment.images.get_many(some)
            chosen += [
                (image_id, as_touched(records[image_id], self._order.older)) for image_id in some if image_id in records
            ]
        return chosen

    def _wave(self, step: Step, allows: Callable[[int, int], bool]) -> Wave:
        return Wave(self._deployment, self._order, self._journal, step, allows, self._clock)

    def _apply(self, result: RolloutResult, step: Step, wave: WaveResult) -> None:
        if step is Step.CANARY:
            result.canary = wave.counts
        else:
            result.rest = wave.counts
        result.reason, result.examples = wave.reason, wave.examples

    def _reporter(self, task: TaskProgress, step: Step, images: int) -> Callable[[dict[str, int]], None]:
        def report(counts: dict[str, int]) -> None:
            done, failed = counts.get("done", 0) + counts.get("outlier", 0), counts.get("failed", 0)
            words = f"{step}: {done:,} of {images:,} made, {failed:,} failed"
            # A state that no image has any more is 0: counts of a task are merged.
            before = {name: 0 for name in task.task.counts if name.startswith(f"{step}_")}
            task.report(words, before | {f"{step}_{state}": count for state, count in counts.items()})
            self._progress(words)
            if task.stopped.is_set():
                raise StopAskedError("somebody stopped this rollout")

        return report

    def _task(self) -> TaskProgress:
        """The background task of this rollout: one for all its runs."""
        tasks = self._deployment.background_tasks
        task_id = self._journal.fact("task")
        task = tasks.get(task_id) if task_id is not None else None
        if task is None:
            task = tasks.begin(KIND, self._order.who, self._on(), self._facts())
            self._journal.note(task=task.id)
        task = task.model_copy(update={"rollout": self._facts(), "run": task.run + 1})
        return TaskProgress(self._deployment, task, self._clock.now)

    def _facts(self) -> RolloutFacts:
        newer, older = self._order.refs
        images: int = self._journal.fact("images")
        return RolloutFacts(
            newer=newer,
            older=older,
            owner=self._order.owner,
            batch=self._order.batch,
            images=images,
            canary=canary_size(images, self._order.canary),
            command=self._order.command,
            way_back=self._order.way_back,
            machine=socket.gethostname(),
            sheet=self._journal.fact("sheet") or "",
        )

    def _on(self) -> str:
        newer, older = self._order.refs
        versions = f"{newer.name}@{newer.digest[:12]} instead of {older.name}@{older.digest[:12]}"
        return f"{versions}, {self._order.scope}"
