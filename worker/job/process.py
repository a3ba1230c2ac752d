"""One job, as the flow reads: claim, make variants (fetch, probe, pixels, store), record, notify.

Every step may run twice, and the record that names an attempt's results is written on a condition. What happens after
an error is said by the table in `worker.job.error_actions`, and done by `Processor._act`.
"""

from dataclasses import replace

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.transitions import Aim, Failure, Refusal, Success
from pixelfleet.operations.recipe_choice import RecipeChoice
from worker.job.attempt import Attempt, Hold, Surroundings
from worker.job.error_actions import Decision, ErrorAction, Situation, decide
from worker.job.finish import Finish
from worker.job.make_variants import VariantMaker
from worker.job.revision import revision_of
from worker.job.stopwatch import Stopwatch
from worker.job.time_limit import TimeLimit


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
        self._finish = Finish(deployment)

    @property
    def worker(self) -> str:
        """The name of this process in the history of images."""
        return self._surroundings.worker

    def carry_out(self, job: Job, lane: Lane, hold: Hold) -> Image | None:
        """Bring one job to its end; returns the image's record as this job left it, if it wrote one.

        Returning acknowledges the message.

        Raises:
            TransientError, MemoryError and others: the attempt failed in passing and its message should come back.
        """
        if job.kind is JobKind.REMOVE:
            current = self._deployment.objects.head(job.bucket, job.key)
            if current is None:
                return self._remove(job)
            # A delete of an old version, or one that an upload has overtaken: what the key holds now is what counts.
            job = replace(
                job,
                kind=JobKind.PROCESS,
                version_id=current.version_id,
                etag=current.etag,
                bytes=current.bytes,
            )
        attempt = self._begin(job, lane, hold) or self._claim(job, lane)
        return self._try(attempt, hold) if attempt is not None else None

    def _begin(self, job: Job, lane: Lane, hold: Hold) -> Attempt | None:
        """Claim without a read what is most likely new: an upload's event, delivered for the first time."""
        if job.origin is not Origin.EVENT or hold.receives > 1:
            return None
        aim = self._aim(job, None, lane)
        begun = self._deployment.images.begin(aim, self._deployment.settings.max_attempts)
        return self._attempt(aim, begun) if begun is not None else None

    def _claim(self, job: Job, lane: Lane) -> Attempt | None:
        seen = self._deployment.images.get(job.image_id)
        aim = self._aim(job, seen, lane)
        claimed = self._deployment.images.claim(aim, self._deployment.settings.max_attempts, seen)
        if isinstance(claimed, Refusal):
            self._finish.again(claimed, job, lane)
            return None
        if claimed.status is Status.FAILED:
            self._finish.gave_up(claimed, job, lane)
            return None
        return self._attempt(aim, claimed)

    def _aim(self, job: Job, seen: Image | None, lane: Lane) -> Aim:
        recipe = self._recipes.of(seen, job.place)
        return Aim(job, recipe, revision_of(job, recipe), self.worker, self._surroundings.timestamp(), lane)

    def _attempt(self, aim: Aim, image: Image) -> Attempt:
        return Attempt(aim, image, aim.lane, Stopwatch(self._surroundings.monotonic))

    def _try(self, attempt: Attempt, hold: Hold) -> Image | None:
        try:
            recipe = self._recipes.load(attempt.aim.recipe)
            success = self._maker.make(attempt, recipe, hold)
        except BaseException as error:  # noqa: BLE001 - the table has a row for each, and raises again what must go on
            return self._act(attempt, decide(error, self._situation(attempt)))
        return self._record(attempt, success)

    def _situation(self, attempt: Attempt) -> Situation:
        settings = self._deployment.settings
        return Situation(
            lane=attempt.lane,
            last_attempt=attempt.image.attempts >= settings.max_attempts,
            time_limit_struck=self._limit.struck,
            time_limit=settings.lanes[attempt.lane].time_limit,
            milliseconds=attempt.watch.milliseconds,
        )

    def _act(self, attempt: Attempt, decision: Decision) -> Image | None:
        """Do what was decided after an error; the one place that does."""
        failure = decision.failure
        match decision.action:
            case ErrorAction.RECORD_FAILED if failure is not None:
                facts = attempt.facts | {"timings_ms": attempt.watch.milliseconds}
                return self._failed(attempt, replace(failure, facts=facts))
            case ErrorAction.GIVE_UP if failure is not None:
                return self._give_up(attempt, failure)
            case ErrorAction.FOLLOW_BUCKET:
                return self._gone(attempt)
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
        recorded = self._deployment.images.record_ready(attempt.aim, success, attempt.image)
        if isinstance(recorded, Refusal):
            self._finish.refused(attempt.image, attempt.aim.revision)
            return None
        return self._finish.settled(recorded)

    def _failed(self, attempt: Attempt, failure: Failure) -> Image | None:
        recorded = self._deployment.images.record_failed(attempt.aim, failure, attempt.image)
        return None if isinstance(recorded, Refusal) else self._finish.settled(recorded)

    def _give_up(self, attempt: Attempt, failure: Failure) -> Image | None:
        recorded = self._deployment.images.record_failed(attempt.aim, failure, attempt.image)
        if isinstance(recorded, Refusal):
            return None
        return self._finish.gave_up(recorded, attempt.aim.job, attempt.lane)

    def _note(self, attempt: Attempt, failure: Failure | None) -> None:
        if failure is not None:
            self._deployment.images.note_transient(attempt.aim, failure, attempt.image)

    def _pass_on(self, attempt: Attempt) -> None:
        """To the heavy lane, then return the attempt: in this order a death in between costs a repeat, not the job."""
        self._deployment.queues.send_one(Lane.HEAVY, attempt.aim.job.asked_by(Origin.LANE))
        self._deployment.images.hand_back(attempt.aim)

    def _gone(self, attempt: Attempt) -> Image | None:
        """The version does not exist any more: deleted with its key, or overtaken by one with an event of its own."""
        job = attempt.aim.job
        if self._deployment.objects.head(job.bucket, job.key) is not None:
            return None
        return self._remove(replace(job, kind=JobKind.REMOVE))

    def _remove(self, job: Job) -> Image | None:
        removed = self._deployment.images.remove(job, self.worker)
        if isinstance(removed, Refusal):
            self._finish.again(removed, job, Lane.BULK)
            return None
        return self._finish.settled(removed)
