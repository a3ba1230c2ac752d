"""The images whose recipe has changed, after a change of a recipe or a route: counted, or made again.

As `pixelfleet reconcile --outdated`, but for the records without an object, and without a checkpoint. The images of the
uploads bucket are compared by its listing, those of adopted buckets by their records.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image
from pixelfleet.operations.monitoring import lanes
from pixelfleet.operations.noted import noted
from pixelfleet.operations.reconcile.compare import CompareOptions, Reconcile
from pixelfleet.operations.reconcile.horizon import horizon
from pixelfleet.operations.reconcile.listing import BucketListing, ListingPage
from pixelfleet.operations.reconcile.verdict import Verdict

#: Objects that a count checks: each of them costs the read of a record.
MOST_COUNTED: Final = 100_000
#: Pages of records that a count reads for adopted buckets, each a megabyte: about 100,000 records.
MOST_PAGES: Final = 200


@dataclass(frozen=True, slots=True)
class OutdatedImages:
    """Checked objects, images of another recipe among them, jobs sent; whether all objects were checked.

    `others` are missing, changed and stuck objects, which are queued, too.
    """

    seen: int = 0
    outdated: int = 0
    others: int = 0
    sent: int = 0
    refused: int = 0
    complete: bool = True

    def in_words(self) -> str:
        """A sentence for people."""
        least = "" if self.complete else "at least "
        among = "" if self.complete else f", among the first {self.seen:,} objects"
        if self.sent or self.refused:
            refused = f"; {self.refused:,} not taken by SQS: repeat the task" if self.refused else ""
            queued = "image was" if self.sent == 1 else "images were"
            return f"{self.sent:,} {queued} queued to be made again{among}{refused}"
        were = "image gets" if self.outdated == 1 else "images get"
        return f"{least}{self.outdated:,} {were} another recipe now{among}"


#: Gets the numbers so far after each thousand objects; returns whether to go on.
Progress = Callable[[OutdatedImages], bool]


def outdated_images(
    deployment: Deployment, who: str, now: datetime, progress: Progress, *, count: bool = False, most: int | None = None
) -> OutdatedImages:
    """Queue the images whose recipe has changed. `count`: only count them, among the first `MOST_COUNTED` objects.

    Raises:
        TransientError: S3, DynamoDB or SQS does not answer; queued images stay queued; a repetition queues the rest.
    """
    if count:
        return _run(deployment, who, now, progress, dry_run=True, most=most or MOST_COUNTED)
    with noted(deployment, who, "make outdated images again", "everything") as details:
        result = _run(deployment, who, now, progress, dry_run=False, most=most)
        details |= {"outdated": result.outdated, "sent": result.sent}
        if not result.complete:
            details["outcome"] = "stopped"
        return result


def _run(
    deployment: Deployment, who: str, now: datetime, progress: Progress, *, dry_run: bool, most: int | None
) -> OutdatedImages:
    limits = horizon(deployment.settings, lanes(deployment), now, None)
    work = Reconcile(deployment, limits, CompareOptions(who, outdated=True, dry_run=dry_run))
    uploads = deployment.settings.uploads_bucket
    goes_on, complete = [True], [True]

    def report() -> None:
        goes_on[0] = progress(_numbers(work))

    def objects() -> Iterator[ListingPage]:
        for page in BucketListing(deployment.listings, uploads, "").pages(""):
            if not goes_on[0] or (most is not None and work.result.seen >= most):
                complete[0] = False
                return
            yield page

    def records() -> Iterator[list[Image]]:
        for number, page in enumerate(deployment.images.ready_outside(uploads)):
            if not goes_on[0] or (dry_run and number >= MOST_PAGES):
                complete[0] = False
                return
            yield page

    work.run(objects(), lambda _position: report())
    work.run_records(records(), report)
    return _numbers(work, complete=complete[0])


def _numbers(work: Reconcile, *, complete: bool = True) -> OutdatedImages:
    result = work.result
    outdated = result.verdicts[Verdict.OUTDATED]
    return OutdatedImages(result.seen, outdated, result.to_queue - outdated, result.sent, result.refused, complete)
