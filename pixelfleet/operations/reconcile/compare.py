"""One pass over a listing: each page is compared with the catalog, and missing, stuck or outdated work is queued."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from pixelfleet.aws.listing import ListedObject
from pixelfleet.aws.queues import SEND_BATCH
from pixelfleet.deployment import Deployment
from pixelfleet.domain.adoption import present_order
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin, lane_for, message_group
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image, RecipeRef, Status, is_uncounted
from pixelfleet.operations.completion import recount
from pixelfleet.operations.pace import Pace
from pixelfleet.operations.recipe_choice import RecipeChoice
from pixelfleet.operations.reconcile.listing import ListingPage
from pixelfleet.operations.reconcile.verdict import TO_QUEUE, Horizon, Verdict, is_outdated, verdict_on

#: SQS serves message groups in turn: new uploads, each in its owner's group, do not wait behind ten million of these.
GROUP: Final = message_group("\0reconcile")
THREADS: Final = 8
EXAMPLES: Final = 3


@dataclass(slots=True)
class ReconcileResult:
    """Objects by verdict, with the first keys of each verdict that is queued; jobs sent, and refused by SQS."""

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
class CompareOptions:
    """With `outdated`, images are queued that were not made by `recipe`, or by the recipe that each would get now.

    `who` is the user; `rate` is in jobs a second; a dry run queues nothing. `bucket` is that of the listing,
    None for the uploads bucket.
    """

    who: str
    outdated: bool = False
    recipe: RecipeRef | None = None
    dry_run: bool = False
    rate: float | None = None
    bucket: str | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An object to queue, with its record."""

    verdict: Verdict
    listed: ListedObject
    image: Image | None


class Reconcile:
    """Compares page after page. It can go on after any page: a job that is sent twice is done once."""

    def __init__(
        self, deployment: Deployment, horizon: Horizon, options: CompareOptions, pace: Pace | None = None
    ) -> None:
        self._deployment = deployment
        self._horizon = horizon
        self._options = options
        self._choice = RecipeChoice(deployment)
        self._pace = pace or Pace(options.rate)
        self._bucket = options.bucket or deployment.settings.uploads_bucket
        self.result = ReconcileResult()

    def run(self, pages: Iterable[ListingPage], done: Callable[[str], None]) -> ReconcileResult:
        """`done` gets the position after each page.

        Raises:
            TransientError: S3, DynamoDB or SQS does not answer; pages up to the last position are done.
        """
        with ThreadPoolExecutor(THREADS) as pool:
            for page in pages:
                records = self._records(page.objects)
                candidates = self._candidates(page.objects, records)
                if not self._options.dry_run:
                    list(pool.map(self._count_again, filter(_may_count_again, records.values())))
                    jobs = pool.map(self._job, candidates)
                    self._send([pair for pair in jobs if pair is not None])
                done(page.position)
        return self.result

    def run_records(self, pages: Iterable[Sequence[Image]], done: Callable[[], None]) -> ReconcileResult:
        """Compare ready images with the recipes that they would get now, by their records alone.

        For adopted buckets: their listings have objects that nobody adopted. `done` is called after each page.

        Raises:
            TransientError: DynamoDB or SQS does not answer; a job that is sent twice is done once.
        """
        for images in pages:
            outdated = [
                image for image in images if is_outdated(image, self._choice.of(image, image.bucket, image.key))
            ]
            self.result.verdicts[Verdict.KNOWN] += len(images) - len(outdated)
            for image in outdated:
                self.result.add(Verdict.OUTDATED, image.key)
            if not self._options.dry_run:
                self._send([(image.job(Origin.RECONCILE), image) for image in outdated])
            done()
        return self.result

    def _records(self, objects: Sequence[ListedObject]) -> dict[str, Image]:
        """The records of these objects, by key."""
        records = self._deployment.images.get_many([image_id(self._bucket, listed.key) for listed in objects])
        return {image.key: image for image in records.values()}

    def _candidates(self, objects: Sequence[ListedObject], records: Mapping[str, Image]) -> list[_Candidate]:
        candidates = []
        for listed in objects:
            image = records.get(listed.key)
            verdict = verdict_on(listed, image, self._horizon, self._recipe(listed, image))
            self.result.add(verdict, listed.key)
            if verdict in TO_QUEUE:
                candidates.append(_Candidate(verdict, listed, image))
        return candidates

    def _count_again(self, image: Image) -> None:
        """Count a version that a seal uncounted, if the bucket holds it again.

        There may be no event: S3 sent none, or SQS gave up its message. S3 is asked, because a listing is older.
        """
        current = self._deployment.objects.head(image.bucket, image.key)
        if current is not None and current.etag == image.etag:
            recount(self._deployment, image)

    def _recipe(self, listed: ListedObject, image: Image | None) -> RecipeRef | None:
        if self._options.recipe is not None or not self._options.outdated:
            return self._options.recipe
        return self._choice.of(image, self._bucket, listed.key)

    def _job(self, candidate: _Candidate) -> tuple[Job, Image | None] | None:
        """The job of an object, None if there is nothing left to do.

        If no record is of the object, S3 is asked for its present version: a listing is older, an inventory by days.
        The job then has the revision that the object's own event would have, if that event still comes. The job carries
        the next sequencer after that of the record that was read here: a version that an event reports meanwhile is
        newer, and wins.
        """
        image, key = candidate.image, candidate.listed.key
        if image is not None and candidate.verdict in (Verdict.STUCK, Verdict.OUTDATED):
            return image.job(Origin.RECONCILE), image
        current = self._deployment.objects.head(self._bucket, key)
        if current is None or (image is not None and _is_recorded(image, current.version_id or current.etag)):
            return None
        etag = current.etag or candidate.listed.etag
        version, order = current.version_id, present_order(image)
        return Job(JobKind.PROCESS, self._bucket, key, version, etag, order, current.bytes, Origin.RECONCILE), None

    def _send(self, jobs: Sequence[tuple[Job, Image | None]]) -> None:
        for start in range(0, len(jobs), SEND_BATCH):
            ten = jobs[start : start + SEND_BATCH]
            self._pace.wait(len(ten))
            for job, image in ten:
                self._mark(job, image)
            for lane in Lane:
                of_lane = [job for job, image in ten if self._lane(job, image) is lane]
                refused = self._deployment.queues.send(lane, of_lane, GROUP)
                self.result.refused += len(refused)
                self.result.sent += len(of_lane) - len(refused)

    def _mark(self, job: Job, image: Image | None) -> None:
        """Write the recipe into the record before the job is sent. A later reconcile queues a record without a job."""
        if image is not None and self._options.recipe is not None:
            self._deployment.images.queue_again(image, self._options.who, job.origin, self._options.recipe)

    def _lane(self, job: Job, image: Image | None) -> Lane:
        return image.next_lane if image is not None else lane_for(job, self._deployment.settings.bulk_max_bytes)


def _may_count_again(image: Image) -> bool:
    return is_uncounted(image) and image.status is not Status.DELETED


def _is_recorded(image: Image, source_version: str | None) -> bool:
    """Whether the record is of the present version, although an old listing has another version."""
    return image.status is not Status.DELETED and image.source_version == source_version
