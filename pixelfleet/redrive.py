"""Failed work sent round again, or given up. The catalog says what failed; a DLQ holds copies.

The order is: send the job, then mark the record `queued` if it is still failed. Interrupted in between, the job is on
its way with a record that says `failed`, and the worker takes it all the same, since the job says that it was asked
for. Two redrives at once send some jobs twice, which the idempotent worker absorbs.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pixelfleet.bootstrap import Fleet
from pixelfleet.catalog.records import Image, Status
from pixelfleet.dead_letters import DeadLetter, DeadLetters, Fate, Pass
from pixelfleet.failures import Selection
from pixelfleet.jobs import Lane, Origin
from pixelfleet.queues import SEND_BATCH

#: Seconds between two looks at the canary's records.
LOOK_EVERY: Final = 0.5


@dataclass(slots=True)
class Sent:
    """How far a redrive has come: jobs sent, refused by SQS, and no longer failed when their turn came."""

    sent: int = 0
    refused: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the canary."""

    ready: int
    failed: int
    examples: tuple[str, ...] = ()


class Redrive:
    """One redrive, asked for by `who`."""

    def __init__(self, fleet: Fleet, who: str, progress: Callable[[Sent], None], rate: float | None = None) -> None:
        self._fleet = fleet
        self._who = who
        self._progress = progress
        self._pace = Pace(rate)
        self.done = Sent()

    def send(self, images: Iterable[Image]) -> Iterator[Image]:
        """Send the jobs of failed records, ten at a time; yields the records as they are marked `queued`."""
        waiting = iter(images)
        while ten := list(islice(waiting, SEND_BATCH)):
            self._pace.wait(len(ten))
            yield from self._send_ten(ten)
            self._progress(self.done)

    def outcomes(self, images: Sequence[Image], waiting: Callable[[int], None]) -> Outcomes:
        """Wait until every one of these is ready or failed again."""
        ids = [image.image_id for image in images]
        while True:
            found = self._fleet.images.get_many(ids)
            settled = [i for i in found.values() if i.status not in (Status.QUEUED, Status.PROCESSING)]
            waiting(len(ids) - len(settled))
            if len(settled) == len(found):
                failed = [image for image in settled if image.status is Status.FAILED]
                examples = tuple(f"{image.key}: {image.cause}: {image.message}" for image in failed[:3])
                return Outcomes(len(settled) - len(failed), len(failed), examples)
            time.sleep(LOOK_EVERY)

    def _send_ten(self, images: Sequence[Image]) -> Iterator[Image]:
        for lane in Lane:
            jobs = {image.job(Origin.REDRIVE): image for image in images if image.lane is lane}
            refused = set(self._fleet.queues.send(lane, jobs))
            self.done.refused += len(refused)
            for job, image in jobs.items():
                if job not in refused:
                    yield from self._mark(image)

    def _mark(self, image: Image) -> Iterator[Image]:
        self.done.sent += 1
        marked = self._fleet.images.queue_again(image, self._who, Origin.REDRIVE)
        if isinstance(marked, Image):
            yield marked
        else:
            self.done.skipped += 1


def drop_settled(fleet: Fleet, lane: Lane, selection: Selection, progress: Callable[[Pass], None]) -> Pass:
    """After a redrive: delete the DLQ's copies whose record is no longer failed; move back what no record explains.

    What no record explains is moved only by a selection that narrows nothing down.
    """

    def judge(letter: DeadLetter, image: Image | None) -> Fate:
        if _unexplained(letter, image):
            return Fate.MOVE if selection.everything else Fate.LEAVE
        return Fate.LEAVE if image is not None and image.status is Status.FAILED else Fate.DELETE

    return _lane_letters(fleet, lane).go_through(_judging(fleet, judge), progress)


def purge(fleet: Fleet, lane: Lane, selection: Selection, progress: Callable[[Pass], None]) -> Pass:
    """Delete the DLQ's copies of what is given up; the records stay failed, and can still be redriven."""

    def judge(letter: DeadLetter, image: Image | None) -> Fate:
        if image is None:
            return Fate.DELETE if selection.everything else Fate.LEAVE
        if image.status is Status.FAILED:
            return Fate.DELETE if selection.takes(image) else Fate.LEAVE
        return Fate.LEAVE if _unexplained(letter, image) else Fate.DELETE

    return _lane_letters(fleet, lane).go_through(_judging(fleet, judge), progress)


def _unexplained(letter: DeadLetter, image: Image | None) -> bool:
    """Whether this may be the only message of its image: no record, or one under way that SQS itself gave up on.

    A copy that a worker left says its cause; what SQS's redrive policy moved says nothing, and its record was never
    told.
    """
    if image is None:
        return True
    return not letter.buried and image.status in (Status.QUEUED, Status.PROCESSING)


def uploads_letters(fleet: Fleet, fate: Fate, progress: Callable[[Pass], None]) -> Pass:
    """Move back, or delete, the events that the producer could not handle."""
    settings = fleet.settings
    letters = DeadLetters(fleet.sqs, settings.uploads_dlq_url, settings.uploads_queue_url)
    return letters.go_through(lambda found: [fate] * len(found), progress)


def _lane_letters(fleet: Fleet, lane: Lane) -> DeadLetters:
    return DeadLetters(fleet.sqs, fleet.settings.dlq_url(lane), fleet.settings.queue_url(lane))


def _judging(
    fleet: Fleet, judge: Callable[[DeadLetter, Image | None], Fate]
) -> Callable[[Sequence[DeadLetter]], list[Fate]]:
    """Read the records of ten letters in one call, then judge each with its record, None where there is none."""

    def fates(letters: Sequence[DeadLetter]) -> list[Fate]:
        records = fleet.images.get_many(letter.job.image_id for letter in letters if letter.job)
        return [judge(letter, records.get(letter.job.image_id) if letter.job else None) for letter in letters]

    return fates


class Pace:
    """Holds back so that on the whole no more than `rate` a second pass."""

    def __init__(self, rate: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._started = clock()
        self._passed = 0

    def wait(self, count: int) -> None:
        if self._rate is None:
            return
        due = self._started + self._passed / self._rate
        self._passed += count
        time.sleep(max(0.0, due - self._clock()))
