"""Passes over the DLQs. The image's record decides whether a message is deleted, moved back, or left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pixelfleet.aws.dead_letters import DeadLetter, DeadLetters, Disposition, Pass
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.sequencers import pad_sequencer
from pixelfleet.errors import TransientError
from pixelfleet.operations.failures import Selection, dead_letters
from pixelfleet.operations.noted import noted
from pixelfleet.operations.stopping import StopAskedError

Decide = Callable[[DeadLetter, Image | None], Disposition]
Progress = Callable[[str, Pass], None]


def drop_settled(deployment: Deployment, lane: Lane, selection: Selection, progress: Callable[[Pass], None]) -> Pass:
    """After a redrive: delete messages whose work is recorded; move back messages that no record explains.

    Messages without an explanation are moved only if the selection has no filter. The message of an image that is still
    failed is left: the redrive of the image deletes it.
    """

    def decide(message: DeadLetter, image: Image | None) -> Disposition:
        if image is None or unexplained(message, image):
            return Disposition.MOVE if selection.everything else Disposition.LEAVE
        return Disposition.LEAVE if image.status is Status.FAILED else Disposition.DELETE

    return _lane_dead_letters(deployment, lane).go_through(_with_records(deployment, decide), progress)


@dataclass(frozen=True, slots=True)
class PurgeResult:
    """The result of a purge by queue. A stopped purge has the queues that it came to."""

    passes: dict[str, Pass]
    stopped: bool = False

    @property
    def deleted(self) -> int:
        return sum(done.deleted for done in self.passes.values())


def give_up(deployment: Deployment, selection: Selection, who: str, progress: Progress) -> PurgeResult:
    """Delete the messages of failures that are given up, by queue, and note the purge in the activity.

    The records stay failed and can be redriven. Without filters, messages that no record explains are deleted too,
    although no other trace of them exists. `progress` may raise StopAskedError: the purge ends after the messages that
    are under way, at most ten on each thread, and the rest stays in the queues.

    Raises:
        TransientError: SQS or DynamoDB does not answer.
    """
    # A pass counts until its last thread has ended, which may be after the last report.
    passes: dict[str, Pass] = {}
    stopped = False
    with noted(deployment, who, "purge", selection.in_words("all dead letters")) as details:

        def report(queue: str, done: Pass) -> None:
            passes[queue] = done
            progress(queue, done)

        try:
            passes |= _give_up(deployment, selection, report, dry_run=False)
        except StopAskedError:
            stopped = True
            details["outcome"] = "stopped"
        finally:
            details |= {queue: done.deleted for queue, done in passes.items()}
    return PurgeResult(passes, stopped=stopped)


def remaining(deployment: Deployment, selection: Selection) -> int | None:
    """The number of messages in the queues that a selection covers, as SQS estimates it; None if SQS does not answer.

    Some of them may not be selected: this reads no message.
    """
    queues = {lane.value for lane in selection.lanes} | ({"uploads"} if selection.covers_uploads else set())
    try:
        numbers = dead_letters(deployment)
    except TransientError:
        return None
    return sum(number for queue, number in numbers.items() if queue in queues)


def count_given_up(deployment: Deployment, selection: Selection, progress: Progress) -> dict[str, Pass]:
    """The numbers of messages that `give_up` would delete, by queue. Nothing is deleted.

    Raises:
        TransientError: SQS or DynamoDB does not answer.
    """
    return _give_up(deployment, selection, progress, dry_run=True)


def _give_up(deployment: Deployment, selection: Selection, progress: Progress, *, dry_run: bool) -> dict[str, Pass]:
    def decide(message: DeadLetter, image: Image | None) -> Disposition:
        if image is None:
            return Disposition.DELETE if selection.everything else Disposition.LEAVE
        if unexplained(message, image):
            return Disposition.LEAVE
        if image.status is Status.FAILED:
            return Disposition.DELETE if selection.takes(image) else Disposition.LEAVE
        return Disposition.DELETE

    done = {}
    for lane in selection.lanes:
        messages = _lane_dead_letters(deployment, lane, dry_run=dry_run)
        done[lane.value] = messages.go_through(_with_records(deployment, decide), _named(progress, lane.value))
    if selection.covers_uploads:
        done["uploads"] = _uploads(deployment, Disposition.DELETE, progress, dry_run=dry_run)
    return done


def settle(deployment: Deployment, selection: Selection, progress: Progress) -> dict[str, Pass]:
    """The pass over every DLQ that a selection covers, after its redrive; see `drop_settled`."""
    done = {
        lane.value: drop_settled(deployment, lane, selection, _named(progress, lane.value)) for lane in selection.lanes
    }
    if selection.covers_uploads:
        done["uploads"] = _uploads(deployment, Disposition.MOVE, progress)
    return done


def unexplained(message: DeadLetter, image: Image) -> bool:
    """Whether this message may be the only trace of work that is still to do.

    That is so for a job of a newer version than the record's; for a removal that is not recorded; for a settled image
    whose notice is pending or whose superseded results are not yet deleted; and for an image under way whose message
    SQS itself gave up. A message that a worker put here for a failed image is explained: it has the same cause as
    the record.
    """
    job = message.job
    if job is None:
        return True
    if _is_older(job, image):
        return False
    if _is_newer(job, image) or (job.kind is JobKind.REMOVE and image.status is not Status.DELETED):
        return True
    if image.status in (Status.QUEUED, Status.PROCESSING):
        return not message.buried
    if image.status is Status.FAILED and message.buried:
        return False
    return image.notice is not None or bool(image.superseded)


def _is_newer(job: Job, image: Image) -> bool:
    """Whether a job is of an object version that came after the record's."""
    if job.sequencer is not None:
        return pad_sequencer(job.sequencer) > image.sequencer
    return job.kind is JobKind.PROCESS and job.source_version != image.source_version


def _is_older(job: Job, image: Image) -> bool:
    return job.sequencer is not None and pad_sequencer(job.sequencer) < image.sequencer


def _uploads(deployment: Deployment, disposition: Disposition, progress: Progress, *, dry_run: bool = False) -> Pass:
    """Move back, or delete, the events that the producer could not handle."""
    settings = deployment.settings
    messages = DeadLetters(deployment.sqs, settings.uploads_dlq_url, settings.uploads_queue_url, dry_run=dry_run)
    return messages.go_through(lambda some: [disposition] * len(some), _named(progress, "uploads"))


def _lane_dead_letters(deployment: Deployment, lane: Lane, *, dry_run: bool = False) -> DeadLetters:
    settings = deployment.settings
    return DeadLetters(deployment.sqs, settings.dlq_url(lane), settings.queue_url(lane), dry_run=dry_run)


def _named(progress: Progress, queue: str) -> Callable[[Pass], None]:
    return lambda done: progress(queue, done)


def _with_records(deployment: Deployment, decide: Decide) -> Callable[[Sequence[DeadLetter]], list[Disposition]]:
    """Read the records of ten messages in one call, then decide on each with its record, None where there is none."""

    def dispositions(messages: Sequence[DeadLetter]) -> list[Disposition]:
        records = deployment.images.get_many(message.job.image_id for message in messages if message.job)
        return [decide(message, records.get(message.job.image_id) if message.job else None) for message in messages]

    return dispositions
