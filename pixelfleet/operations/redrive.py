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

from pixelfleet.aws.dead_letters import DeadLetter, DeadLetters, Disposition, Pass
from pixelfleet.aws.queues import SEND_BATCH
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane, Origin
from pixelfleet.domain.records import Image, Status
from pixelfleet.operations.failures import Selection
from pixelfleet.operations.pace import Pace

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

    def __init__(
        self, deployment: Deployment, who: str, progress: Callable[[Sent], None], rate: float | None = None
    ) -> None:
        self._deployment = deployment
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
            found = self._deployment.images.get_many(ids)
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
            refused = set(self._deployment.queues.send(lane, jobs))
            self.done.refused += len(refused)
            for job, image in jobs.items():
                if job not in refused:
                    yield from self._mark(image)

    def _mark(self, image: Image) -> Iterator[Image]:
        self.done.sent += 1
        marked = self._deployment.images.queue_again(image, self._who, Origin.REDRIVE)
        if isinstance(marked, Image):
            yield marked
        else:
            self.done.skipped += 1


def drop_settled(deployment: Deployment, lane: Lane, selection: Selection, progress: Callable[[Pass], None]) -> Pass:
    """After a redrive: delete the DLQ's copies whose record is no longer failed; move back what no record explains.

    What no record explains is moved only by a selection that narrows nothing down.
    """

    def judge(letter: DeadLetter, image: Image | None) -> Disposition:
        if _unexplained(letter, image):
            return Disposition.MOVE if selection.everything else Disposition.LEAVE
        return Disposition.LEAVE if image is not None and image.status is Status.FAILED else Disposition.DELETE

    return _lane_letters(deployment, lane).go_through(_judging(deployment, judge), progress)


def purge(deployment: Deployment, lane: Lane, selection: Selection, progress: Callable[[Pass], None]) -> Pass:
    """Delete the DLQ's copies of what is given up; the records stay failed, and can still be redriven."""

    def judge(letter: DeadLetter, image: Image | None) -> Disposition:
        if image is None:
            return Disposition.DELETE if selection.everything else Disposition.LEAVE
        if image.status is Status.FAILED:
            return Disposition.DELETE if selection.takes(image) else Disposition.LEAVE
        return Disposition.LEAVE if _unexplained(letter, image) else Disposition.DELETE

    return _lane_letters(deployment, lane).go_through(_judging(deployment, judge), progress)


def _unexplained(letter: DeadLetter, image: Image | None) -> bool:
    """Whether this may be the only message of its image: no record, or one under way that SQS itself gave up on.

    A copy that a worker left says its cause; what SQS's redrive policy moved says nothing, and its record was never
    told.
    """
    if image is None:
        return True
    return not letter.buried and image.status in (Status.QUEUED, Status.PROCESSING)


def uploads_letters(deployment: Deployment, disposition: Disposition, progress: Callable[[Pass], None]) -> Pass:
    """Move back, or delete, the events that the producer could not handle."""
    settings = deployment.settings
    letters = DeadLetters(deployment.sqs, settings.uploads_dlq_url, settings.uploads_queue_url)
    return letters.go_through(lambda found: [disposition] * len(found), progress)


def _lane_letters(deployment: Deployment, lane: Lane) -> DeadLetters:
    return DeadLetters(deployment.sqs, deployment.settings.dlq_url(lane), deployment.settings.queue_url(lane))


def _judging(
    deployment: Deployment, judge: Callable[[DeadLetter, Image | None], Disposition]
) -> Callable[[Sequence[DeadLetter]], list[Disposition]]:
    """Read the records of ten letters in one call, then judge each with its record, None where there is none."""

    def dispositions(letters: Sequence[DeadLetter]) -> list[Disposition]:
        records = deployment.images.get_many(letter.job.image_id for letter in letters if letter.job)
        return [judge(letter, records.get(letter.job.image_id) if letter.job else None) for letter in letters]

    return dispositions
