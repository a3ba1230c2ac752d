"""Results that no record names, and images whose original is gone without a word."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any, Final

from pixelfleet.aws.errors import translated
from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.records import Image, Status
from pixelfleet.operations.reconcile.compare import GROUP, THREADS

PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Folder:
    """The results of one revision: `<owner>/<image_id>/<revision>/`, and when the newest of them was stored."""

    prefix: str
    image_id: str
    revision: str
    newest: datetime


@dataclass(slots=True)
class Swept:
    """Folders looked at; those that were deleted; those of unknown images, left alone; images sent to be removed."""

    seen: int = 0
    orphaned: int = 0
    unexplained: int = 0
    removed: int = 0


class Sweep:
    """Goes through the results bucket. What is younger than `before` may belong to an attempt that goes on."""

    def __init__(self, deployment: Deployment, before: datetime, *, dry_run: bool) -> None:
        self._deployment = deployment
        self._before = before
        self._dry_run = dry_run
        self.swept = Swept()

    def run(self, progress: Callable[[Swept], None]) -> Swept:
        """
        Raises:
            TransientError: S3, DynamoDB or SQS does not answer; it may be begun again.
        """
        waiting = self._folders()
        # Every image that is as it should be costs a HEAD: one after the other, ten million would take days.
        with ThreadPoolExecutor(THREADS) as pool:
            while page := list(islice(waiting, PAGE)):
                records = self._deployment.images.get_many(folder.image_id for folder in page)
                judged = [self._judge(folder, records.get(folder.image_id)) for folder in page]
                named = [image for image in judged if image is not None]
                for image, original in zip(named, pool.map(self._original, named), strict=True):
                    if original is None:
                        self._remove(image)
                progress(self.swept)
        return self.swept

    def _judge(self, folder: Folder, image: Image | None) -> Image | None:
        """Returns the image whose results these rightly are, if its original is to be looked for."""
        self.swept.seen += 1
        if folder.newest > self._before:
            return None
        if image is None:
            # A catalog that was lost must not take the results with it.
            self.swept.unexplained += 1
        elif folder.revision not in (image.revision, image.target) or image.status is Status.DELETED:
            self.swept.orphaned += 1
            if not self._dry_run:
                self._deployment.objects.delete_results(folder.prefix)
                self._deployment.images.strike_off(image, [folder.revision])
        else:
            return image
        return None

    def _original(self, image: Image) -> ObjectVersion | None:
        return self._deployment.objects.head(image.bucket, image.key)

    def _remove(self, image: Image) -> None:
        self.swept.removed += 1
        if not self._dry_run:
            removal = Job(JobKind.REMOVE, image.bucket, image.key, origin=Origin.RECONCILE)
            self._deployment.queues.send(Lane.BULK, [removal], GROUP)

    def _folders(self) -> Iterator[Folder]:
        bucket = self._deployment.settings.results_bucket
        with translated(f"list {bucket}"):
            pages = self._deployment.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            entries = (entry for page in pages for entry in page.get("Contents", []))
            # Keys come in order, so that a revision's are neighbours.
            for parts, members in groupby(entries, key=_revision):
                if parts is not None:
                    owner, image_id, revision = parts
                    yield Folder(f"{owner}/{image_id}/{revision}/", image_id, revision, _newest(members))


def _revision(entry: Any) -> tuple[str, str, str] | None:
    parts = entry["Key"].split("/", 3)
    return (parts[0], parts[1], parts[2]) if len(parts) == 4 else None


def _newest(members: Iterable[Any]) -> datetime:
    newest: datetime = max(entry["LastModified"] for entry in members)
    return newest
