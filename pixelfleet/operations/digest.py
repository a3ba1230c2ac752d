"""The digest of failures: the failures of the last full hour, by cause, as one notice an hour.

A mail for every failed image would be thousands of mails after one bad batch, and SNS suspends an address that receives
more than ten a second. Operators get one digest of the deployment; each owner with failures gets a digest of their own.

Images that are ready and could not be processed again are in no index of failures. The operators' digest takes their
number by cause from the workers' statistics.
"""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final

from pixelfleet.aws.notices import Notice, digest_notice
from pixelfleet.catalog.activity import Activity
from pixelfleet.catalog.images import Images
from pixelfleet.deployment import Deployment
from pixelfleet.domain.outcomes import REPROCESSING_FAILED_AS
from pixelfleet.domain.records import Image, NoticeKind, timestamp
from pixelfleet.errors import Cause

HOUR: Final = timedelta(hours=1)
#: Full hours that one run looks at: the last one, and those before, which an earlier run may not have published.
HOURS: Final = 3
#: The most failures that one digest reads. A digest with more failures says that there are more.
MOST_READ: Final = 20_000
#: The most owners that get a digest in one hour: the owners with the most failures.
MOST_OWNERS: Final = 200
EXAMPLES: Final = 3


@dataclass(slots=True)
class Failures:
    """Counts by cause, and the first few failed images of each cause."""

    causes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Image]] = field(default_factory=dict)

    def add(self, image: Image) -> None:
        cause = str(image.cause)
        self.causes[cause] += 1
        examples = self.examples.setdefault(cause, [])
        if len(examples) < EXAMPLES:
            examples.append(image)


@dataclass(slots=True)
class Digest:
    """Failures from `since` up to `until`, of all owners and by owner. `complete` is False if more were not read.

    `reprocessing` counts by cause the images that keep earlier results because processing them again failed.
    """

    since: datetime
    until: datetime
    total: Failures = field(default_factory=Failures)
    owners: dict[str, Failures] = field(default_factory=dict)
    reprocessing: Counter[str] = field(default_factory=Counter)
    complete: bool = True
    published: int = 0


def run_digest(deployment: Deployment, now: datetime) -> Digest:
    """Publish the digests of the last full hours before `now` that are not yet published; returns that of the last.

    Nothing is published for an hour in which nothing failed. An hour is claimed before it is published, so that two
    runs at once do not both publish. If a run fails or dies before all notices of an hour are published, the next
    run publishes them, under the same notice ids. `published` counts the notices of all hours.

    Raises:
        TransientError: DynamoDB or SNS did not answer.
    """
    end, caller = now.replace(minute=0, second=0, microsecond=0), uuid.uuid4().hex
    digests = [_run_hour(deployment, end - number * HOUR, caller, now) for number in reversed(range(HOURS))]
    digests[-1].published = sum(digest.published for digest in digests)
    return digests[-1]


def _run_hour(deployment: Deployment, until: datetime, caller: str, now: datetime) -> Digest:
    digest = read(deployment.images, until - HOUR, until)
    digest.reprocessing = reprocessing_failures(deployment.activity, until - HOUR, until)
    if not digest.total.causes and not digest.reprocessing:
        return digest
    if deployment.activity.claim_digest(until, caller, now):
        for notice in notices(digest, deployment.settings.dashboard_url.rstrip("/")):
            deployment.notices.publish(notice)
            digest.published += 1
        deployment.activity.note_published(until)
    return digest


def read(images: Images, since: datetime, until: datetime, most: int = MOST_READ) -> Digest:
    """Count the failures of that time."""
    digest = Digest(since, until)
    for number, image in enumerate(_failed(images, since, until), 1):
        if number > most:
            digest.complete = False
            break
        digest.total.add(image)
        digest.owners.setdefault(image.owner, Failures()).add(image)
    return digest


def reprocessing_failures(activity: Activity, since: datetime, until: datetime) -> Counter[str]:
    """By cause, how many images could not be processed again in that time, as the workers counted them."""
    counts: Counter[str] = Counter()
    for sample in activity.samples(since):
        for outcome, number in sample.outcomes.items():
            if sample.at < timestamp(until) and outcome.startswith(REPROCESSING_FAILED_AS):
                counts[outcome.removeprefix(REPROCESSING_FAILED_AS)] += number
    return counts


def notices(digest: Digest, dashboard: str) -> Iterator[Notice]:
    """The deployment's digest, then those of the owners with the most failures."""
    yield _notice(digest, digest.total, None, dashboard)
    ranked = sorted(digest.owners.items(), key=lambda entry: (-entry[1].causes.total(), entry[0]))
    for owner, failures in ranked[:MOST_OWNERS]:
        yield _notice(digest, failures, owner, dashboard)


def _failed(images: Images, since: datetime, until: datetime) -> Iterator[Image]:
    for cause in Cause:
        end = f"{cause}#{timestamp(until)}"
        entries = takewhile(
            lambda entry, end=end: entry.sort < end,  # type: ignore[misc]
            images.failed(cause, after=f"{cause}#{timestamp(since)}"),
        )
        # A record may have changed since its entry of the index was read.
        yield from (image for _, image in images.records(entries) if image.cause is cause)


def _notice(digest: Digest, failures: Failures, owner: str | None, dashboard: str) -> Notice:
    number, more = failures.causes.total(), "" if digest.complete else " or more"
    kind = NoticeKind.FAILURES_DIGEST if owner is None else NoticeKind.OWNER_DIGEST
    link = f"{dashboard}/failures" if owner is None else f"{dashboard}/images?status=failed"
    reprocessing = digest.reprocessing if owner is None else Counter[str]()
    document: dict[str, Any] = {
        "kind": kind.value,
        "notice_id": f"{kind}#{timestamp(digest.until)}#{owner or ''}",
        "owner": owner,
        "since": timestamp(digest.since),
        "until": timestamp(digest.until),
        "failed": number,
        "complete": digest.complete,
        "failed_by_cause": dict(failures.causes),
        "reprocessing_failed_by_cause": dict(reprocessing),
        "dashboard": link,
    }
    lines = [f"{number}{more} image(s) failed from {timestamp(digest.since)} to {timestamp(digest.until)}:", ""]
    for cause, count in failures.causes.most_common():
        lines.append(f"  {cause}: {count}")
        lines += [f"    {image.key}: {dashboard}/images/{image.image_id}" for image in failures.examples[cause]]
    lines += ["", f"All failures: {link}"]
    if reprocessing:
        lines += [
            "",
            f"{reprocessing.total()} image(s) could not be processed again, and keep their earlier results:",
            "",
        ]
        lines += [f"  {cause}: {count}" for cause, count in reprocessing.most_common()]
        number += reprocessing.total()
    return digest_notice(document, lines, f"pixelfleet: {number}{more} image(s) failed in the last hour")
