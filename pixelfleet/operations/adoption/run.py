"""Carries out an adoption: each page of the listing becomes records and jobs, and at the end the batch is sealed.

A record is written before its job is sent, on the condition that there is none. So the catalog has the images of the
batch, even if an event reports the same object meanwhile; and a repeated run, from this machine or another machine,
finds the finished work.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from pixelfleet.aws.listing import ListedObject
from pixelfleet.aws.queues import SEND_BATCH
from pixelfleet.aws.source_buckets import RestoreAnswer
from pixelfleet.deployment import Deployment
from pixelfleet.domain.adoption import BEFORE_ALL, adopted_image, is_back, present_order
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin, lane_for, message_group
from pixelfleet.domain.keys import Place, image_id
from pixelfleet.domain.records import Batch, Image, Status, timestamp
from pixelfleet.errors import Cause, TransientError
from pixelfleet.operations.adoption.journal import AdoptionJournal
from pixelfleet.operations.adoption.order import Adoption, Rejects, candidates, check_order, listing_of
from pixelfleet.operations.adoption.prepare import check_routes, known_batch, made_batch
from pixelfleet.operations.completion import complete_if_full, seal
from pixelfleet.operations.noted import noted
from pixelfleet.operations.pace import Pace
from pixelfleet.operations.recipe_choice import RecipeChoice
from pixelfleet.operations.reconcile.listing import ListingPage

#: SQS serves message groups in turn: new uploads do not wait behind ten million of these.
GROUP: Final = message_group("\0adopt")
#: Records that are written at once.
THREADS: Final = 8


class Step(StrEnum):
    """The step of an adoption for an object, by its record."""

    #: A record was made, and a job is sent.
    NEW = "new"
    #: The record was made before, and no worker has begun: the job is sent again, because the first may be lost.
    WAITING = "waiting"
    #: The object is archived, and its restore is requested.
    ARCHIVED = "archived"
    #: The object is in the bucket again after it was removed; a job is sent.
    RETURNED = "returned"
    #: The image is under way, done, failed, or removed.
    THERE = "there"


@dataclass(slots=True)
class AdoptionResult:
    """The result of one run. `listed` are candidates, each once; `steps` counts them; SQS refused `refused` jobs.

    `batch` is None if routes give each key its batch, or if no object was without a record. `others` counts the images
    of other owners, who keep them.
    """

    batch: Batch | None = None
    listed: int = 0
    steps: Counter[Step] = field(default_factory=Counter)
    rejects: Rejects = field(default_factory=Rejects)
    restores: Counter[RestoreAnswer] = field(default_factory=Counter)
    sent: int = 0
    refused: int = 0
    sealed: bool = False
    #: Jobs that were sent by all runs of this adoption.
    sent_in_all: int = 0
    #: Keys that the listing had more than once; each counts once.
    repeated: int = 0
    others: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Candidate:
    listed: ListedObject
    image: Image
    step: Step


def adopt(
    deployment: Deployment,
    order: Adoption,
    progress: Callable[[AdoptionResult], None] = lambda _: None,
    pace: Pace | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AdoptionResult:
    """Adopt a bucket. After an interruption, the same order goes on where it stopped.

    Raises:
        SetupError: the bucket, the inventory or the batch cannot be used; nothing is changed.
        TransientError: S3, DynamoDB or SQS does not answer; the same order goes on where it stopped.
    """
    check_order(deployment, order)
    pages = listing_of(deployment, order)
    check_routes(deployment, order)
    with _journal_of(deployment, order) as journal:
        name = journal.batch or order.batch or now().strftime("%Y%m%d-%H%M%S")
        batch = known_batch(deployment, order, name)
        journal.begin(name if order.owner is not None else "")
        run = _Run(deployment, order, batch, journal, pace or Pace(order.rate), now)
        with noted(deployment, order.who, "adopt", order.source) as details:
            try:
                run.pages(pages.pages(journal.position), progress)
            finally:
                made = run.result.batch
                details.update(listed=run.result.listed, sent=run.result.sent, batch=made.batch_id if made else "")
            run.seal()
        journal.finish()
    return run.result


def interrupted_position(deployment: Deployment, order: Adoption) -> str:
    """The position at which an interrupted run of this order stopped; empty if there is no such run.

    Raises:
        SetupError: the journal cannot be read.
    """
    with _journal_of(deployment, order) as journal:
        return journal.position


@contextmanager
def _journal_of(deployment: Deployment, order: Adoption) -> Iterator[AdoptionJournal]:
    """The journal of an order. The journal of a catalog that was emptied since begins anew.

    A record is never deleted from a catalog, so the catalog has each image that the journal has seen.
    """
    with AdoptionJournal.open(*deployment.settings.identity, *order.identity) as journal:
        seen = journal.any_seen()
        if seen is not None and deployment.images.get(seen) is None:
            journal.begin_anew()
        yield journal


class _Run:
    """One run over the pages of a listing."""

    def __init__(
        self,
        deployment: Deployment,
        order: Adoption,
        batch: Batch | None,
        journal: AdoptionJournal,
        pace: Pace,
        now: Callable[[], datetime],
    ) -> None:
        self._deployment = deployment
        self._order = order
        self._journal = journal
        self._pace = pace
        self._now = now
        self._choice = RecipeChoice(deployment, makes_batches=False)
        self.result = AdoptionResult(batch)

    def pages(self, pages: Iterable[ListingPage], progress: Callable[[AdoptionResult], None]) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            for page in pages:
                self._page(page, pool)
                self.result.sent_in_all = self._journal.sent
                progress(self.result)

    def seal(self) -> None:
        """Fix the number of images of the batch: the images whose record is in the batch, each once.

        A batch that was sealed before, by an earlier adoption or by an interrupted run, has more images than this run
        has seen: the catalog has them all.
        """
        batch = self.result.batch
        if batch is None or next(self._journal.members(), None) is None:
            return
        if batch.sealed_at is not None:
            if self._journal.sent or self._journal.has_later:
                seal(self._deployment, batch.owner, batch.name, self._journal.members)
            else:
                complete_if_full(self._deployment, batch.owner, batch.name)
        elif not self._deployment.batches.seal(batch.owner, batch.name, self._journal.members(), batch):
            raise TransientError(Cause.THROTTLED, f"batch {batch.batch_id} is being sealed by others: run it again")
        else:
            complete_if_full(self._deployment, batch.owner, batch.name)
        self.result.sealed = True

    def _page(self, page: ListingPage, pool: ThreadPoolExecutor) -> None:
        most = self._deployment.settings.heavy_max_bytes
        listed = list(candidates(page, self._order, most, self.result.rejects))
        by_id = {image_id(self._order.bucket, each.key): each for each in listed}
        unseen = self._journal.unseen(list(by_id))
        by_id = {its_id: each for its_id, each in by_id.items() if its_id in unseen}
        self.result.repeated += len(listed) - len(by_id)
        records = self._deployment.images.get_many(by_id)
        if self.result.batch is None and by_id.keys() - records.keys():
            # Only now: a batch without images would stay open for ever.
            self.result.batch = made_batch(self._deployment, self._order, self._journal.batch or "")
        found = list(pool.map(lambda pair: self._candidate(pair[1], records.get(pair[0])), by_id.items()))
        sent = self._carry_out(found, pool)
        self.result.listed += len(found)
        self.result.steps.update(candidate.step for candidate in found)
        owners = (candidate.image.owner for candidate in found)
        self.result.others.update(owner for owner in owners if self._order.owner not in (None, owner))
        members = {candidate.image.image_id for candidate in found if self._is_member(candidate.image)}
        later = {candidate.image.image_id for candidate in found if self._is_later(candidate)} & members
        self._journal.page_done(page.position, members - later, by_id.keys() - members, sent, later)

    def _candidate(self, listed: ListedObject, image: Image | None) -> _Candidate:
        new = False
        if image is None:
            made = self._record(listed)
            image = self._deployment.images.add(made)
            # The same history: no other process wrote the record first.
            new = image.attempt_log == made.attempt_log and image.batch == made.batch
        return _Candidate(listed, image, self._step(listed, image, new=new))

    def _record(self, listed: ListedObject) -> Image:
        job = Job(
            JobKind.PROCESS, self._order.bucket, listed.key, None, listed.etag, BEFORE_ALL, listed.bytes, Origin.ADOPT
        )
        lane = lane_for(job, self._deployment.settings.bulk_max_bytes)
        return adopted_image(job, self._place(listed.key), lane, timestamp(self._now()), self._order.who)

    def _place(self, key: str) -> Place:
        if self._order.owner is None:
            return self._choice.place(None, self._order.bucket, key)
        batch = self.result.batch
        return Place(self._order.owner, batch.name if batch is not None else None, key)

    def _step(self, listed: ListedObject, image: Image, *, new: bool) -> Step:
        waits = new or image.status is Status.QUEUED
        if self._order.restore is not None and (
            (waits and listed.archive is not None) or (image.status is Status.FAILED and image.cause is Cause.ARCHIVED)
        ):
            return Step.ARCHIVED
        if new:
            return Step.NEW
        if is_back(image, listed.etag):
            return Step.RETURNED
        return Step.WAITING if image.status is Status.QUEUED else Step.THERE

    def _is_member(self, image: Image) -> bool:
        batch = self.result.batch
        return batch is not None and (image.owner, image.batch) == (batch.owner, batch.name)

    def _is_later(self, candidate: _Candidate) -> bool:
        """Whether the seal of the batch may not have seen the image.

        An image whose restore is requested, or whose job SQS refused, is in the batch before its job is sent. An
        interrupted run may have made a record whose image is done by now.
        """
        batch = self.result.batch
        sealed_at = batch.sealed_at if batch is not None else None
        made_since = sealed_at is not None and candidate.image.uploaded_at >= sealed_at
        return made_since or candidate.step in (Step.NEW, Step.ARCHIVED)

    def _carry_out(self, found: Sequence[_Candidate], pool: ThreadPoolExecutor) -> int:
        """Request restores, and send jobs; returns the number of jobs that SQS accepted."""
        archived = [candidate for candidate in found if candidate.step is Step.ARCHIVED]
        answers = list(pool.map(self._restore, archived))
        self.result.restores.update(answers)
        # A worker settles the image of an object that is gone by now.
        at_once = (RestoreAnswer.READABLE, RestoreAnswer.GONE)
        readable = [c for c, answer in zip(archived, answers, strict=True) if answer in at_once]
        waiting = [candidate for candidate in found if candidate.step in (Step.NEW, Step.WAITING, Step.RETURNED)]
        return self._send([self._job(candidate) for candidate in (*waiting, *readable)])

    def _restore(self, candidate: _Candidate) -> RestoreAnswer:
        tier = self._order.restore
        assert tier is not None  # noqa: S101 - `_step` asks for no restore without a tier
        self._pace.wait(1)
        return self._deployment.source_buckets.restore(
            self._order.bucket, candidate.listed.key, tier, self._order.restore_days
        )

    def _job(self, candidate: _Candidate) -> tuple[Lane, Job]:
        """The job of a record, with its lane."""
        listed, image = candidate.listed, candidate.image
        if candidate.step is Step.RETURNED:
            order = present_order(image)
            job = Job(JobKind.PROCESS, image.bucket, image.key, None, listed.etag, order, listed.bytes, Origin.ADOPT)
            return lane_for(job, self._deployment.settings.bulk_max_bytes), job
        # An image that failed as archived is tried again: its object can be read now.
        return image.next_lane, image.job(Origin.RESTORE if image.status is Status.FAILED else Origin.ADOPT)

    def _send(self, all_jobs: Sequence[tuple[Lane, Job]]) -> int:
        before = self.result.sent
        for start in range(0, len(all_jobs), SEND_BATCH):
            ten = all_jobs[start : start + SEND_BATCH]
            self._pace.wait(len(ten))
            for lane in Lane:
                jobs = [job for of_lane, job in ten if of_lane is lane]
                refused = self._deployment.queues.send(lane, jobs, GROUP) if jobs else []
                self.result.refused += len(refused)
                self.result.sent += len(jobs) - len(refused)
        return self.result.sent - before
