"""Results that no record names, and images whose original is gone while the event of its removal was lost."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice

from pixelfleet.aws.listing import ListedObject
from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.catalog.dynamo import BATCH_GET_KEYS
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.records import Image, Status, timestamp
from pixelfleet.domain.transitions import Refusal
from pixelfleet.operations.reconcile.compare import GROUP, THREADS


@dataclass(frozen=True, slots=True)
class Folder:
    """The results of one revision: `<owner>/<image_id>/<revision>/`, and the time of the newest of them."""

    prefix: str
    image_id: str
    revision: str
    newest: datetime


@dataclass(slots=True)
class Swept:
    """Folders seen; of these deleted, kept revisions whose days are over among them (`expired`), and kept because
    their image is unknown; images sent to be removed.
    """

    seen: int = 0
    orphaned: int = 0
    expired: int = 0
    unexplained: int = 0
    removed: int = 0


class Sweep:
    """Goes through the results bucket. Results younger than `before` may belong to an attempt that is under way."""

    def __init__(self, deployment: Deployment, before: datetime, *, dry_run: bool) -> None:
        self._deployment = deployment
        self._before = before
        self._dry_run = dry_run
        self.swept = Swept()

    def run(self, progress: Callable[[Swept], None]) -> Swept:
        """
        Raises:
            TransientError: S3, DynamoDB or SQS does not answer; the sweep may be repeated.
        """
        waiting = self._folders()
        # Every image without a fault costs a HEAD: one after the other, ten million would take days.
        with ThreadPoolExecutor(THREADS) as pool:
            while page := list(islice(waiting, BATCH_GET_KEYS)):
                records = self._deployment.images.get_many(folder.image_id for folder in page)
                kept = [image for folder in page if (image := self._keep(folder, records.get(folder.image_id)))]
                for image, original in zip(kept, pool.map(self._original, kept), strict=True):
                    if original is None:
                        self._remove(image)
                progress(self.swept)
        return self.swept

    def _keep(self, folder: Folder, image: Image | None) -> Image | None:
        """Delete a folder that its image does not name; else return the image, so that its original is checked."""
        self.swept.seen += 1
        if folder.newest > self._before:
            return None
        if image is None:
            # If the catalog was lost, its results are kept.
            self.swept.unexplained += 1
        elif folder.revision not in image.named_results or image.status is Status.DELETED:
            self.swept.orphaned += 1
            if not self._dry_run:
                self._delete(folder, image)
        elif folder.revision not in (image.revision, image.target):
            self._expire(folder, image)
        else:
            if image.status is Status.FAILED and folder.revision != image.revision:
                self._abandon(folder, image)
            return image
        return None

    def _abandon(self, folder: Folder, image: Image) -> None:
        """Delete the results of the attempts at a failed image. Another attempt stores in another folder."""
        self.swept.orphaned += 1
        if self._dry_run:
            return
        abandoned = self._deployment.images.abandon(image, folder.revision)
        if not isinstance(abandoned, Refusal):
            self._deployment.objects.delete_results(folder.prefix)
            self._deployment.images.forget_revisions(abandoned, [folder.revision])

    def _expire(self, folder: Folder, image: Image) -> None:
        """Delete a kept revision whose days are over. The record drops it first; then nobody can make it current."""
        kept = next(each for each in image.kept_revisions if each.results == folder.revision)
        if kept.superseded_at > timestamp(self._before - timedelta(days=self._deployment.settings.keep_revisions)):
            return
        self.swept.orphaned += 1
        self.swept.expired += 1
        if self._dry_run:
            return
        expired = self._deployment.images.expire(image, folder.revision)
        if not isinstance(expired, Refusal) and folder.revision not in expired.named_results:
            self._deployment.objects.delete_results(folder.prefix)
            self._deployment.images.forget_revisions(expired, [folder.revision])

    def _delete(self, folder: Folder, image: Image) -> None:
        """Delete a folder. The folder of a removed image may have been public, and leaves the edge caches, too.

        The record lists the folder meanwhile, so that the next reconcile goes on if this reconcile dies.
        """
        removed = image.status is Status.DELETED
        if removed:
            listed = self._deployment.images.supersede(image, folder.revision)
            image = image if isinstance(listed, Refusal) else listed
        self._deployment.objects.delete_results(folder.prefix)
        if removed and self._deployment.cdn is not None:
            self._deployment.invalidations.add(image)
        self._deployment.images.forget_revisions(image, [folder.revision])

    def _original(self, image: Image) -> ObjectVersion | None:
        return self._deployment.objects.head(image.bucket, image.key)

    def _remove(self, image: Image) -> None:
        self.swept.removed += 1
        if not self._dry_run:
            # As old as the record: a newer upload of the same name wins.
            removal = Job(JobKind.REMOVE, image.bucket, image.key, sequencer=image.sequencer, origin=Origin.RECONCILE)
            self._deployment.queues.send(Lane.BULK, [removal], GROUP)

    def _folders(self) -> Iterator[Folder]:
        pages = self._deployment.listings.pages(self._deployment.settings.results_bucket)
        # Keys come in order, so the keys of a revision are neighbours.
        for parts, members in groupby((listed for page in pages for listed in page), key=_revision):
            if parts is not None:
                owner, image_id, revision = parts
                newest = max(listed.modified for listed in members)
                yield Folder(f"{owner}/{image_id}/{revision}/", image_id, revision, newest)


def _revision(listed: ListedObject) -> tuple[str, str, str] | None:
    parts = listed.key.split("/", 3)
    return (parts[0], parts[1], parts[2]) if len(parts) == 4 else None
