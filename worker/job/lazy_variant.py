"""Makes one lazy variant, by a job that the dashboard sent because the original is too large to be decoded beside it.

Such a job is no attempt at the image: the image stays ready, and no notice is published. A fault of the image is noted
in the record. After an error of the machine the message is delivered again, as the table of `worker.job.error_actions`
says.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, Lane
from pixelfleet.domain.records import Image
from pixelfleet.domain.transitions import Failure
from pixelfleet.operations.lazy_variants import LazyRecipes, LazyVariant, make_lazy
from pixelfleet.recipes import Recipe
from worker.job.attempt import Hold, Surroundings
from worker.job.engine import bounds_of
from worker.job.error_actions import ErrorAction, Situation, decide
from worker.job.scratch import attempt_folder
from worker.job.time_limit import TimeLimit

if TYPE_CHECKING:
    from pixelfleet.images.rendition import Rendition


class LazyVariantMaker:
    """Carries out jobs of the kind `variant`."""

    def __init__(self, deployment: Deployment, surroundings: Surroundings, limit: TimeLimit) -> None:
        self._deployment = deployment
        self._surroundings = surroundings
        self._limit = limit
        self._recipes = LazyRecipes(deployment)

    def make(self, job: Job, lane: Lane, hold: Hold) -> None:
        """Make the variant, unless the image has another revision by now, or has the variant already.

        Raises:
            TransientError and others: the message should be delivered again.
        """
        image = self._deployment.images.get(job.image_id)
        if image is None or image.revision != job.revision:
            return
        lazy = self._recipes.find(image, job.variant or "")
        if lazy is None:
            return
        try:
            self._make(image, lazy, lane, hold)
        except BaseException as error:  # noqa: BLE001 - the table has a row for each, and raises some errors again
            self._act(image, lazy, job, error, lane, hold)

    def _make(self, image: Image, lazy: LazyVariant, lane: Lane, hold: Hold) -> None:
        bounds = bounds_of(self._deployment.settings, lane)

        def render(original: Path, recipe: Recipe, folder: Path) -> "Rendition":
            rendition = self._surroundings.engine.make(original, recipe, bounds, folder, lambda _: None)
            hold.check()
            return rendition

        most = self._deployment.settings.lanes[lane].max_bytes
        with attempt_folder(self._deployment.settings.scratch_dir) as folder:
            make_lazy(self._deployment, image, lazy, folder, render, most)

    def _act(self, image: Image, lazy: LazyVariant, job: Job, error: BaseException, lane: Lane, hold: Hold) -> None:
        settings = self._deployment.settings
        situation = Situation(
            lane=lane,
            last_attempt=hold.receives >= settings.max_attempts,
            time_limit_exceeded=self._limit.exceeded,
            time_limit=settings.lanes[lane].time_limit,
        )
        decision = decide(error, situation)
        match decision.action:
            case ErrorAction.RECORD_FAILED | ErrorAction.GIVE_UP if decision.failure is not None:
                self._note(image, lazy, decision.failure)
            case ErrorAction.PASS_ON:
                self._deployment.queues.send_one(Lane.HEAVY, job)
            case ErrorAction.FOLLOW_BUCKET:
                # The original was replaced: its own job makes another revision, which has its own variants.
                return
            case _:
                raise decision.error

    def _note(self, image: Image, lazy: LazyVariant, failure: Failure) -> None:
        self._deployment.images.note_lazy(image, image.revision or "", lazy.name, failure)
