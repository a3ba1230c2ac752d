"""One pass over a listing: page by page it is held against the catalog, and what is to be done is queued."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from pixelfleet.aws.queues import SEND_BATCH
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin, lane_for, message_group
from pixelfleet.domain.keys import image_id, place_of
from pixelfleet.domain.records import Image, RecipeRef
from pixelfleet.operations.pace import Pace
from pixelfleet.operations.recipe_choice import RecipeChoice
from pixelfleet.operations.reconcile.listing import Page
from pixelfleet.operations.reconcile.verdict import TO_QUEUE, Horizon, Listed, Verdict, judge

#: SQS serves message groups in turn: new uploads, each in its owner's, do not wait behind ten million of these.
GROUP: Final = message_group("\0reconcile")
THREADS: Final = 8
EXAMPLES: Final = 3


@dataclass(slots=True)
class ReconcileResult:
    """How many objects are what, with the first few keys of each that is queued; jobs sent, and not taken by SQS."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    examples: dict[Verdict, list[str]] = field(default_factory=dict)
    sent: int = 0
    refused: int = 0

    def add(self, verdict: Verdict, key: str) -> None:
        self.verdicts[verdict] += 1
        if verdict in TO_QUEUE and len(kept := self.examples.setdefault(verdict, [])) < EXAMPLES:
            kept.append(key)

    @property
    def seen(self) -> int:
        return self.verdicts.total()

    @property
    def to_queue(self) -> int:
        return sum(self.verdicts[verdict] for verdict in TO_QUEUE)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be found: `outdated` too; held against `recipe`, or else the recipe that each image would get now."""

    who: str
    outdated: bool = False
    recipe: RecipeRef | None = None
    dry_run: bool = False
    rate: float | None = None


class Reconcile:
    """Goes through pages. Interrupted, it may be gone on with after any page: a job that is sent twice is done once."""

    def __init__(self, deployment: Deployment, horizon: Horizon, wishes: Wishes, pace: Pace | None = None) -> None:
        self._deployment = deployment
        self._horizon = horizon
        self._wishes = wishes
        self._choice = RecipeChoice(deployment)
        self._pace = pace or Pace(wishes.rate)
        self.found = ReconcileResult()

    def run(self, pages: Iterable[Page], done: Callable[[str], None]) -> ReconcileResult:
        """`done` is told the position after each page.

        Raises:
            TransientError: S3, DynamoDB or SQS does not answer; pages up to the last position are done.
        """
        with ThreadPoolExecutor(THREADS) as pool:
            for page in pages:
                wanted = self._judge(page.objects)
                if not self._wishes.dry_run:
                    jobs = pool.map(self._job, wanted)
                    self._send([pair for pair in jobs if pair is not None])
                done(page.position)
        return self.found

    def _judge(self, objects: Sequence[Listed]) -> list[tuple[Verdict, Listed, Image | None]]:
        bucket = self._deployment.settings.uploads_bucket
        ids = {found.key: image_id(bucket, found.key) for found in objects}
        records = self._deployment.images.get_many(ids.values())
        wanted = []
        for found in objects:
            image = records.get(ids[found.key])
            verdict = judge(found, image, self._horizon, self._recipe(found, image))
            self.found.add(verdict, found.key)
            if verdict in TO_QUEUE:
                wanted.append((verdict, found, image))
        return wanted

    def _recipe(self, found: Listed, image: Image | None) -> RecipeRef | None:
        if self._wishes.recipe is not None or not self._wishes.outdated:
            return self._wishes.recipe
        return self._choice.of(image, place_of(found.key))

    def _job(self, wanted: tuple[Verdict, Listed, Image | None]) -> tuple[Job, Image | None] | None:
        """The job of an object, None if it has gone meanwhile.

        One without a fitting record is asked for its version, so that its revision is the one that its event would
        have had, should that still come.
        """
        verdict, found, image = wanted
        if image is not None and verdict in (Verdict.STUCK, Verdict.OUTDATED):
            return image.job(Origin.RECONCILE), image
        bucket = self._deployment.settings.uploads_bucket
        version, etag, size = found.version_id, found.etag, found.bytes
        if version is None:
            current = self._deployment.objects.head(bucket, found.key)
            if current is None:
                return None
            version, etag, size = current.version_id, current.etag or etag, current.bytes
        return Job(JobKind.PROCESS, bucket, found.key, version, etag, None, size, Origin.RECONCILE), None

    def _send(self, jobs: Sequence[tuple[Job, Image | None]]) -> None:
        for start in range(0, len(jobs), SEND_BATCH):
            ten = jobs[start : start + SEND_BATCH]
            self._pace.wait(len(ten))
            for job, image in ten:
                self._mark(job, image)
            for lane in Lane:
                mine = [job for job, image in ten if self._lane(job, image) is lane]
                refused = self._deployment.queues.send(lane, mine, GROUP)
                self.found.refused += len(refused)
                self.found.sent += len(mine) - len(refused)

    def _mark(self, job: Job, image: Image | None) -> None:
        """A recipe must be in the record before a worker reads it; without its job, the record is found stuck again."""
        if image is not None and self._wishes.recipe is not None:
            self._deployment.images.queue_again(image, self._wishes.who, job.origin, self._wishes.recipe)

    def _lane(self, job: Job, image: Image | None) -> Lane:
        return image.lane if image is not None else lane_for(job, self._deployment.settings.bulk_max_bytes)
