"""One pass over the catalog, for records that no listing of the bucket shows: without an object, or unfinished.

An image stays `queued`, `processing` or `failed` if its object was removed and the event of the removal was lost. This
pass skips ready images: they have results, and the sweep checks the originals of results. A notice stays pending, or
superseded results stay undeleted, if the worker died after its record and its message was lost too. An alias waits for
another image that has its key. A removal stays uncounted, if a seal found another object under the key, and that object
was removed without an event.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.catalog.dynamo import BATCH_GET_KEYS
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.records import Image, Status, timestamp
from pixelfleet.domain.sequencers import next_sequencer
from pixelfleet.errors import Cause
from pixelfleet.operations.alias_plan import AliasPlan
from pixelfleet.operations.completion import recount
from pixelfleet.operations.reconcile.compare import GROUP, THREADS
from pixelfleet.operations.reconcile.verdict import Horizon, last_touched

_UNDER_WAY: Final = (Status.QUEUED, Status.PROCESSING)


@dataclass(slots=True)
class UnsettledRecords:
    """Records under way or failed whose object is gone; those with a notice or results left; jobs that SQS refused.

    `waiting` are images that no listing of the uploads bucket shows: their job is lost, or their object was archived
    and can be read by now.
    """

    gone: int = 0
    unfinished: int = 0
    refused: int = 0
    waiting: int = 0


def settle_records(
    deployment: Deployment,
    horizon: Horizon,
    prefix: str,
    progress: Callable[[UnsettledRecords], None],
    *,
    dry_run: bool,
) -> UnsettledRecords:
    """Send a job for each record that is unsettled for longer than `horizon` allows.

    Raises:
        TransientError: S3, DynamoDB or SQS does not answer; the pass may be repeated.
    """
    result = UnsettledRecords()
    records, aliases = _overdue(deployment, horizon, prefix), AliasPlan(deployment)
    with ThreadPoolExecutor(THREADS) as pool:
        while page := list(islice(records, BATCH_GET_KEYS)):
            if not dry_run:
                list(pool.map(lambda image: recount(deployment, image), filter(_is_uncounted_removal, page)))
            jobs = list(pool.map(lambda image: (_job(deployment, aliases, image), image), page))
            for job, image in jobs:
                gone = job is not None and job.kind is JobKind.REMOVE and image.status is not Status.DELETED
                waiting = job is not None and job.kind is JobKind.PROCESS and job.origin is Origin.RECONCILE
                result.gone += gone
                result.waiting += waiting
                result.unfinished += job is not None and not gone and not waiting
            if not dry_run:
                result.refused += _send(deployment, [(job, image.next_lane) for job, image in jobs if job is not None])
            progress(result)
    return result


def _overdue(deployment: Deployment, horizon: Horizon, prefix: str) -> Iterator[Image]:
    for image in deployment.images.unsettled():
        if image.key.startswith(prefix) and last_touched(image) <= timestamp(horizon.lanes[image.next_lane]):
            yield image


def _is_uncounted_removal(image: Image) -> bool:
    return image.status is Status.DELETED and image.counted is None


def _job(deployment: Deployment, aliases: AliasPlan, image: Image) -> Job | None:
    """The job that settles a record, None if the listing of the bucket covers it."""
    removal = Job(JobKind.REMOVE, image.bucket, image.key, sequencer=image.sequencer, origin=Origin.RECONCILE)
    under_way = image.status in _UNDER_WAY
    if under_way or image.status is Status.FAILED:
        current = deployment.objects.head(image.bucket, image.key)
        if current is None:
            return removal
        if _waits(deployment, image, current):
            return _job_of_present(image, current)
    if under_way or (image.notice is None and not image.superseded):
        return aliases.job(image) if image.alias_due and not under_way else None
    # The job repeats the image's event: the claim is refused as done, and the worker finishes the rest.
    return removal if image.status is Status.DELETED else image.job(Origin.EVENT)


def _job_of_present(image: Image, current: ObjectVersion) -> Job:
    """The job of the version that the key holds now: the same bytes may have been put again, and no event came."""
    job = image.job(Origin.RECONCILE)
    if image.version_id is None or current.version_id in (None, image.version_id):
        return job
    order = next_sequencer(image.sequencer)
    return replace(job, version_id=current.version_id, etag=current.etag, bytes=current.bytes, sequencer=order)


def _waits(deployment: Deployment, image: Image, current: ObjectVersion) -> bool:
    """Whether the image waits for a job that nothing else sends.

    The listing of the uploads bucket shows the lost jobs of that bucket. A restore in progress ends with its own event.
    """
    if image.status is Status.FAILED:
        return image.cause is Cause.ARCHIVED and current.archive is None
    return image.bucket != deployment.settings.uploads_bucket and not current.restoring


def _send(deployment: Deployment, jobs: list[tuple[Job, Lane]]) -> int:
    """Returns the number of jobs that SQS refused."""
    return sum(len(deployment.queues.send(lane, [job for job, of in jobs if of is lane], GROUP)) for lane in Lane)
