"""Redrive sends failed work again: some images first as a canary, then the rest, then a pass over the dead letters.

A job is sent before its record is marked `queued`, and the record is marked only if it is still the one that was
selected. A process that dies in between leaves a job under way with a record that says `failed`; the worker takes the
job all the same, since its origin is a redrive. Two redrives at once send some jobs twice; the worker
is idempotent.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from pixelfleet.aws.dead_letters import Pass
from pixelfleet.aws.queues import SEND_BATCH
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane, Origin
from pixelfleet.domain.records import Image, Status
from pixelfleet.operations.dead_letter_passes import settle
from pixelfleet.operations.failures import Selection, select
from pixelfleet.operations.noted import noted
from pixelfleet.operations.pace import Pace
from pixelfleet.operations.stopping import StopAskedError

#: Seconds between two looks at the canary's records.
LOOK_EVERY: Final = 0.5
#: Seconds that a redrive waits for its canary: longer than a bulk worker may take for an image, with its repeats.
CANARY_LIMIT: Final = 3600.0

#: Gets a sentence about the present step, and the numbers so far by name. It may raise StopAskedError.
Progress = Callable[[str, dict[str, int]], None]


@dataclass(frozen=True, slots=True)
class RedriveOrder:
    """The images to send again, and who asked; at most `rate` jobs a second; `canary` images first."""

    selection: Selection
    who: str
    rate: float | None = None
    canary: int | None = None

    def in_words(self) -> str:
        return self.selection.in_words("all that the system failed")


@dataclass(slots=True)
class Sent:
    """The progress of a redrive: jobs sent, jobs refused by SQS, and jobs for images that others had sent meanwhile."""

    sent: int = 0
    refused: int = 0
    skipped: int = 0

    def as_counts(self) -> dict[str, int]:
        return {"sent": self.sent, "refused": self.refused, "no_longer_failed": self.skipped}


@dataclass(frozen=True, slots=True)
class CanaryOutcome:
    """The canary's images by outcome; `pending` are those that did not finish in time."""

    ready: int
    failed: int
    pending: int = 0
    examples: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.failed and not self.pending

    def in_words(self) -> str:
        """The reason why nothing more was sent."""
        total = self.ready + self.failed + self.pending
        if self.failed:
            return f"{self.failed} of {total} canaries failed again, so nothing more was sent"
        return f"{self.pending} of {total} canaries did not finish within an hour, so nothing more was sent"


@dataclass(frozen=True, slots=True)
class RedriveResult:
    """The result of a redrive; `dead_letters` by queue, empty if the redrive stopped early."""

    sent: Sent
    canary: CanaryOutcome | None = None
    dead_letters: dict[str, Pass] = field(default_factory=dict)
    stop_asked: bool = False

    @property
    def stopped(self) -> bool:
        """Whether somebody stopped the redrive, or its canary did."""
        return self.stop_asked or (self.canary is not None and not self.canary.passed)


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock in seconds, and a sleep of some seconds."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def redrive(
    deployment: Deployment, order: RedriveOrder, progress: Progress, clock: Clock | None = None
) -> RedriveResult:
    """Carry out a redrive, and note the redrive in the activity.

    Raises:
        TransientError: SQS or DynamoDB does not answer; what was sent is sent, and the redrive may be repeated.
    """
    work = Redrive(deployment, order.who, order.rate)
    with noted(deployment, order.who, "redrive", order.in_words()) as details:
        try:
            result = _carry_out(deployment, work, order, progress, clock or Clock())
        except StopAskedError:
            result = RedriveResult(work.done, stop_asked=True)
        finally:
            details.update(work.done.as_counts())
        if result.stopped:
            details["outcome"] = "stopped"
    return result


def _carry_out(
    deployment: Deployment, work: "Redrive", order: RedriveOrder, progress: Progress, clock: Clock
) -> RedriveResult:
    def report() -> None:
        progress(f"{jobs(work.done.sent)} sent", work.done.as_counts())

    failed = select(deployment.images, order.selection)
    canary = None
    if order.canary:
        sent = list(work.send(islice(failed, order.canary), report))
        canary = _await_canary(deployment, sent, progress, clock)
        if not canary.passed:
            return RedriveResult(work.done, canary)
    for _ in work.send(failed, report):
        pass
    report()

    def report_pass(queue: str, done: Pass) -> None:
        counts = {f"{queue}_deleted": done.deleted, f"{queue}_moved": done.moved, f"{queue}_left": done.left}
        progress(f"looking through the dead letters of {queue}", {name: n for name, n in counts.items() if n})

    return RedriveResult(work.done, canary, settle(deployment, order.selection, report_pass))


class Redrive:
    """The sending part of one redrive, which `who` asked for."""

    def __init__(self, deployment: Deployment, who: str, rate: float | None = None) -> None:
        self._deployment = deployment
        self._who = who
        self._pace = Pace(rate)
        self.done = Sent()

    def send(self, images: Iterable[Image], progress: Callable[[], None] = lambda: None) -> Iterator[Image]:
        """Send the jobs of failed records, ten at a time; yields the records whose jobs SQS took."""
        waiting = iter(images)
        while ten := list(islice(waiting, SEND_BATCH)):
            self._pace.wait(len(ten))
            yield from self._send_ten(ten)
            progress()

    def _send_ten(self, images: Sequence[Image]) -> Iterator[Image]:
        for lane in Lane:
            by_job = {image.job(Origin.REDRIVE): image for image in images if image.next_lane is lane}
            refused = set(self._deployment.queues.send(lane, by_job))
            self.done.refused += len(refused)
            yield from (self._mark(image) for job, image in by_job.items() if job not in refused)

    def _mark(self, image: Image) -> Image:
        self.done.sent += 1
        marked = self._deployment.images.queue_again(image, self._who, Origin.REDRIVE)
        if isinstance(marked, Image):
            return marked
        self.done.skipped += 1
        return image


def _await_canary(deployment: Deployment, images: Sequence[Image], progress: Progress, clock: Clock) -> CanaryOutcome:
    """Wait until each of these images is ready or failed again."""
    ids = [image.image_id for image in images]
    until = clock.now() + CANARY_LIMIT
    while True:
        records = deployment.images.get_many(ids).values()
        settled = [image for image in records if image.status not in (Status.QUEUED, Status.PROCESSING)]
        pending = len(records) - len(settled)
        if not pending or clock.now() >= until:
            failed = [image for image in settled if image.status is Status.FAILED]
            examples = tuple(f"{image.key}: {image.cause}: {image.message}" for image in failed[:3])
            return CanaryOutcome(len(settled) - len(failed), len(failed), pending, examples)
        progress(f"waiting for {pending} of {len(ids)} canaries", {})
        clock.sleep(LOOK_EVERY)


def jobs(number: int) -> str:
    """`1 job`, `1,200 jobs`."""
    return "1 job" if number == 1 else f"{number:,} jobs"
