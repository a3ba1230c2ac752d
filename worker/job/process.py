"""The flow of one job: claim, make variants (fetch, probe, pixels, store), record, notify.

Every step may run twice, and the record that names an attempt's results is written on a condition. After an error, the
table in `worker.job.error_actions` decides on the action, and `Processor._act` carries it out.
"""

from dataclasses import replace
from typing import Final

from pixelfleet.aws.objects import ObjectGoneError, ObjectVersion
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.transitions import Aim, Failure, Refusal, Success
from pixelfleet.errors import Cause, TransientError
from pixelfleet.operations.completion import recount
from pixelfleet.operations.recipe_choice import RecipeChoice
from worker.job.attempt import Attempt, Hold, Surroundings
from worker.job.error_actions import Decision, ErrorAction, Situation, decide
from worker.job.finish import Finish
from worker.job.lazy_variant import LazyVariantMaker
from worker.job.make_variants import VariantMaker
from worker.job.revision import revision_of
from worker.job.stopwatch import Stopwatch
from worker.job.time_limit import TimeLimit

#: The most tries of a claim if another outcome must be finished first each time.
CLAIM_TRIES: Final = 3
#: The most versions of a key that one delivery of a message tries, if each is replaced during the reading.
MOST_FOLLOWS: Final = 3


class Processor:
    """Carries out jobs with the adapters of one process."""

    def __init__(
        self, deployment: Deployment, limit: TimeLimit | None = None, surroundings: Surroundings | None = None
    ) -> None:
        self._deployment = deployment
        self._limit = limit or TimeLimit()
        self._surroundings = surroundings or Surroundings()
        self._recipes = RecipeChoice(deployment, self._surroundings.monotonic)
        self._maker = VariantMaker(deployment, self._surroundings)
        self._lazy = LazyVariantMaker(deployment, self._surroundings, self._limit)
        self._finish = Finish(deployment, self._surroundings.on_invalidation, self._recipes.load)

    @property
    def worker(self) -> str:
        """The name of this process in the history of images."""
        return self._surroundings.worker

    def carry_out(self, job: Job, lane: Lane, hold: Hold) -> Image | None:
        """Carry out one job; returns the image's record that this job wrote, if it wrote one.

        Returning acknowledges the message.

        Raises:
            TransientError, MemoryError and others: the attempt failed, and its message should be delivered again.
        """
        if job.kind is JobKind.REMOVE:
            return self._follow_removal(job, lane, hold)
        if job.kind is JobKind.VARIANT:
            self._lazy.make(job, lane, hold)
            return None
        if job.origin is Origin.RESTORE:
            return self._follow_restore(job, lane, hold)
        if job.origin is Origin.ALIASES:
            self._finish.again(job.image_id)
            return None
        return self._process(job, lane, hold)

    def _process(self, job: Job, lane: Lane, hold: Hold) -> Image | None:
        begun = self._begin(job, lane, hold) or self._claim(job, lane)
        return self._try(begun, hold) if isinstance(begun, Attempt) else begun

    def _follow_removal(self, job: Job, lane: Lane, hold: Hold) -> Image | None:
        """A removal may be of any version of its key: follow the bucket's present state."""
        current = self._deployment.objects.head(job.bucket, job.key)
        if current is None:
            return self._remove(job)
        present = _job_of(current, job)
        seen = self._deployment.images.get(job.image_id)
        if seen is not None and seen.released and seen.etag == present.etag:
            # Only the image was removed: its original stays in a bucket that existed before the deployment.
            self._finish.again(job.image_id)
            return None
        if seen is not None and seen.uncounted_version == present.source_version:
            # The bucket holds the version again that a seal uncounted.
            seen = recount(self._deployment, seen)
        if self._deployment.images.confirm(job, present.source_version, seen) is Refusal.UNKNOWN:
            return self._process(present, lane, hold)
        self._finish.again(job.image_id)
        return None

    def _follow_restore(self, job: Job, lane: Lane, hold: Hold) -> Image | None:
        """S3 has restored an archived object: process the image if it waits for the restore.

        Objects are also restored for other purposes: an image with an outcome stays as it is, and an object without a
        record is not processed.
        """
        seen = self._deployment.images.get(job.image_id)
        if seen is None:
            return None
        under_way = seen.status in (Status.QUEUED, Status.PROCESSING)
        if under_way or (seen.status is Status.FAILED and seen.cause is Cause.ARCHIVED):
            return self._process(seen.job(Origin.RESTORE), lane, hold)
        self._finish.again(job.image_id)
        return None

    def _begin(self, job: Job, lane: Lane, hold: Hold) -> Attempt | None:
        """Claim without a read an image that is probably new: an upload's event, delivered for the first time."""
        if job.origin is not Origin.EVENT or hold.receives > 1:
            return None
        aim = self._aim(job, None, lane)
        begun = self._deployment.images.begin(aim, self._deployment.settings.max_attempts)
        return self._attempt(aim, begun) if begun is not None else None

    def _claim(self, job: Job, lane: Lane, follows: int = 0) -> Attempt | Image | None:
        """The attempt that was begun; or the record, if no attempt was needed and the record was written."""
        for _ in range(CLAIM_TRIES):
            seen = self._deployment.images.get(job.image_id)
            present = self._present(job, seen)
            if present is None:
                break
            seen = self._counted_again(present, seen)
            aim = self._aim(present, seen, lane)
            claimed = self._deployment.images.claim(aim, self._deployment.settings.max_attempts, seen)
            if isinstance(claimed, Image):
                processing = claimed.status is Status.PROCESSING
                return self._attempt(aim, claimed, follows) if processing else self._finish.settled(claimed)
            if claimed is Refusal.NEWER_RELEASE:
                raise TransientError(
                    Cause.UNAVAILABLE, "the image's record is of a newer release; its workers serve it"
                )
            self._finish.again(job.image_id)
            if claimed is not Refusal.UNFINISHED:
                return None
        else:
            raise TransientError(Cause.THROTTLED, f"image {job.image_id} has a new outcome at every look")
        self._finish.again(job.image_id)
        return None

    def _present(self, job: Job, seen: Image | None) -> Job | None:
        """The job, of the present version if it passes a tombstone without a sequencer; None if the key is empty."""
        if seen is None or seen.status is not Status.DELETED or job.sequencer is not None:
            return job
        current = self._deployment.objects.head(job.bucket, job.key)
        return _job_of(current, job) if current is not None else None

    def _counted_again(self, job: Job, seen: Image | None) -> Image | None:
        """The record; counted again if the bucket holds the version of the job again that a seal had uncounted.

        A bucket without versions has the same version again when the same bytes are put again. The event does not
        show this: it may be of an earlier put, and late.
        """
        uncounted = seen.uncounted_version if seen is not None else None
        if seen is None or uncounted is None or uncounted != job.source_version or job.version_id is not None:
            return seen
        current = self._deployment.objects.head(job.bucket, job.key)
        if current is None or _job_of(current, job).source_version != uncounted:
            return seen
        return recount(self._deployment, seen)

    def _aim(self, job: Job, seen: Image | None, lane: Lane) -> Aim:
        recipe, place = self._recipes.of(seen, job.bucket, job.key), self._recipes.place(seen, job.bucket, job.key)
        return Aim(job, recipe, revision_of(job, recipe), self.worker, self._surroundings.timestamp(), lane, place)

    def _attempt(self, aim: Aim, image: Image, follows: int = 0) -> Attempt:
        return Attempt(aim.claimed(image), image, aim.lane, Stopwatch(self._surroundings.monotonic), follows)

    def _try(self, attempt: Attempt, hold: Hold) -> Image | None:
        try:
            self._check_folder(attempt.aim.job)
            recipe = self._recipes.load(attempt.aim.recipe)
            success = self._maker.make(attempt, recipe, hold, self._recipes.least_score(attempt.image, recipe))
        except BaseException as error:  # noqa: BLE001 - the table has a row for each, and raises some errors again
            return self._act(attempt, decide(error, self._situation(attempt)), hold)
        return self._record(attempt, success)

    def _check_folder(self, job: Job) -> None:
        """A removal of a key like a folder's leaves no tombstone without a record: read the bucket after the claim.

        Raises:
            ObjectGoneError: the key is empty.
        """
        if job.key.endswith("/") and self._deployment.objects.head(job.bucket, job.key) is None:
            raise ObjectGoneError(job.key)

    def _situation(self, attempt: Attempt) -> Situation:
        settings = self._deployment.settings
        return Situation(
            lane=attempt.lane,
            last_attempt=attempt.image.attempts >= settings.max_attempts,
            time_limit_exceeded=self._limit.exceeded,
            time_limit=settings.lanes[attempt.lane].time_limit,
            milliseconds=attempt.watch.milliseconds,
        )

    def _act(self, attempt: Attempt, decision: Decision, hold: Hold) -> Image | None:
        """Carry out the decision after an error. No other code does."""
        failure = decision.failure
        match decision.action:
            case ErrorAction.RECORD_FAILED | ErrorAction.GIVE_UP if failure is not None:
                facts = attempt.facts | {"timings_ms": attempt.watch.milliseconds}
                return self._failed(attempt, replace(failure, facts=facts))
            case ErrorAction.FOLLOW_BUCKET:
                return self._follow_version(attempt, hold)
            case ErrorAction.PASS_ON:
                self._note(attempt, failure)
                self._pass_on(attempt)
                return None
            case ErrorAction.BACK_OFF:
                self._note(attempt, failure)
            case ErrorAction.HAND_BACK:
                self._deployment.images.hand_back(attempt.aim)
        raise decision.error

    def _record(self, attempt: Attempt, success: Success) -> Image | None:
        days = self._deployment.settings.keep_revisions
        recorded = self._deployment.images.record_ready(attempt.aim, success, attempt.image, keep=days > 0, days=days)
        return self._recorded(attempt, recorded)

    def _failed(self, attempt: Attempt, failure: Failure) -> Image | None:
        recorded = self._deployment.images.record_failed(attempt.aim, failure, attempt.image)
        return self._recorded(attempt, recorded)

    def _recorded(self, attempt: Attempt, recorded: Image | Refusal) -> Image | None:
        if isinstance(recorded, Refusal):
            self._finish.refused(attempt.image, attempt.aim.revision)
            return None
        return self._finish.settled(recorded)

    def _note(self, attempt: Attempt, failure: Failure | None) -> None:
        if failure is not None:
            self._deployment.images.note_transient(attempt.aim, failure, attempt.image)

    def _pass_on(self, attempt: Attempt) -> None:
        """Send the job to heavy, then return the attempt: in this order, a death in between repeats the job."""
        self._deployment.queues.send_one(Lane.HEAVY, attempt.aim.job.asked_by(Origin.LANE))
        self._deployment.images.hand_back(attempt.aim)

    def _follow_version(self, attempt: Attempt, hold: Hold) -> Image | None:
        """The version does not exist any more: process the version that the key holds now, or remove the image."""
        job = attempt.aim.job
        current = self._deployment.objects.head(job.bucket, job.key)
        if current is None:
            # Without a sequencer in the job, that of the claim: an object that was recorded since then stays.
            sequencer = job.sequencer or attempt.image.sequencer
            return self._remove(replace(job, kind=JobKind.REMOVE, sequencer=sequencer))
        present = _job_of(current, job)
        if present.source_version == job.source_version or attempt.follows >= MOST_FOLLOWS:
            raise TransientError(Cause.UNAVAILABLE, f"{job.key!r} was replaced while it was read")
        begun = self._claim(present, attempt.lane, attempt.follows + 1)
        return self._try(begun, hold) if isinstance(begun, Attempt) else begun

    def _remove(self, job: Job) -> Image | None:
        if job.key.endswith("/") and self._deployment.images.get(job.image_id) is None:
            # The marker of a folder, of which there never was an image.
            return None
        place = self._recipes.place(None, job.bucket, job.key)
        removed = self._deployment.images.remove(job, self.worker, place=place)
        if isinstance(removed, Refusal):
            self._finish.again(job.image_id)
            return None
        return self._finish.settled(removed)


def _job_of(current: ObjectVersion, job: Job) -> Job:
    """The job of the version that the key of `job` holds now."""
    return replace(
        job,
        kind=JobKind.PROCESS,
        version_id=current.version_id,
        etag=current.etag,
        bytes=current.bytes,
    )
