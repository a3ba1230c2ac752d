"""Results that no record names, images whose original is gone while the event of its removal was lost, and aliases that
are not what the catalog says."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, groupby, islice

from pixelfleet.aws.listing import ListedObject
from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.catalog.dynamo import BATCH_GET_KEYS
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.records import Image, Status, timestamp
from pixelfleet.domain.transitions import Refusal
from pixelfleet.operations.alias_plan import AliasPlan
from pixelfleet.operations.aliases import AliasCopies
from pixelfleet.operations.reconcile.compare import GROUP, THREADS
from pixelfleet.operations.reconcile.stray_claims import StrayClaims
from pixelfleet.operations.reconcile.verdict import last_touched
from pixelfleet.settings import Settings


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
    their image is unknown; images sent to be removed, and images sent because an alias is missing, old or another.
    `stray_aliases` are copies that belong to no image, and are deleted. `stray_claims` are aliases that an image has
    claimed, and that neither its results nor its record have; they are given up.
    """

    seen: int = 0
    orphaned: int = 0
    expired: int = 0
    unexplained: int = 0
    removed: int = 0
    aliases: int = 0
    stray_aliases: int = 0
    stray_claims: int = 0


class Sweep:
    """Goes through the results bucket. Results younger than `before` may belong to an attempt that is under way."""

    def __init__(self, deployment: Deployment, before: datetime, *, dry_run: bool) -> None:
        self._deployment = deployment
        self._before = before
        self._dry_run = dry_run
        self._aliases = AliasPlan(deployment)
        self._claims = StrayClaims(deployment, self._aliases, before)
        self.swept = Swept()

    def run(self, progress: Callable[[Swept], None]) -> Swept:
        """
        Raises:
            TransientError: S3, DynamoDB or SQS does not answer; the sweep may be repeated.
        """
        # Every image without a fault costs a HEAD: one after the other, ten million would take days.
        with ThreadPoolExecutor(THREADS) as pool:
            for _ in chain(self._sweep_results(pool), self._sweep_aliases(pool), self._sweep_claims()):
                progress(self.swept)
        return self.swept

    def _sweep_results(self, pool: ThreadPoolExecutor) -> Iterator[None]:
        waiting = self._folders()
        while page := list(islice(waiting, BATCH_GET_KEYS)):
            records = self._deployment.images.get_many(folder.image_id for folder in page)
            kept = [image for folder in page if (image := self._keep(folder, records.get(folder.image_id)))]
            for image, original in zip(kept, pool.map(self._original, kept), strict=True):
                if original is None:
                    self._remove(image)
            for image, differ in zip(kept, pool.map(self._differ, kept), strict=True):
                if differ:
                    self._make_aliases(image)
            yield

    def _sweep_aliases(self, pool: ThreadPoolExecutor) -> Iterator[None]:
        for listed in self._alias_pages():
            list(pool.map(self._delete_stray, self._unclaimed(listed)))
            yield

    def _sweep_claims(self) -> Iterator[None]:
        for claims in self._deployment.alias_claims.pages():
            for image, strays in self._claims.find(claims):
                self.swept.stray_claims += len(strays)
                if not self._dry_run:
                    self._claims.give_up(image, strays)
            yield

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
        """Delete a kept revision whose days are over. The record drops it first; then nobody can make it current.

        Its days are those of the worker that replaced it, or of this process if these are more: an operator's shell may
        lack the setting.
        """
        kept = next(each for each in image.kept_revisions if each.results == folder.revision)
        days = timedelta(days=self._deployment.settings.keep_revisions)
        if kept.superseded_at > timestamp(self._before - days) or (kept.until or "") > timestamp(self._before):
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

    def _differ(self, image: Image) -> bool:
        """Whether a ready image's aliases are to be made again. An image under way makes them at its end."""
        ready = image.status is Status.READY and image.notice is None
        return ready and last_touched(image) <= timestamp(self._before) and self._aliases.differ(image)

    def _make_aliases(self, image: Image) -> None:
        self.swept.aliases += 1
        if not self._dry_run:
            self._deployment.queues.send(image.next_lane, [image.job(Origin.ALIASES)], GROUP)

    def _alias_pages(self) -> Iterator[list[ListedObject]]:
        settings = self._deployment.settings
        return self._deployment.listings.pages(settings.alias_bucket, settings.alias_prefix)

    def _unclaimed(self, page: list[ListedObject]) -> list[tuple[str, str]]:
        """The keys of a page that no image has claimed, and that nobody can be about to claim."""
        bucket = self._deployment.settings.alias_bucket
        places = [(bucket, listed.key) for listed in page if listed.modified <= self._before]
        holders = self._deployment.alias_claims.holders(places)
        return [place for place in places if place not in holders]

    def _delete_stray(self, place: tuple[str, str]) -> None:
        """Delete a copy that belongs to no image. The file of somebody else stays."""
        if self._deployment.alias_objects.result_of(place) is None:
            return
        self.swept.stray_aliases += 1
        if not self._dry_run:
            AliasCopies(self._deployment, self._aliases).settle(place)

    def _folders(self) -> Iterator[Folder]:
        settings = self._deployment.settings
        pages = self._deployment.listings.pages(settings.results_bucket)
        # Keys come in order, so the keys of a revision are neighbours.
        results = (listed for page in pages for listed in page if not _is_alias(listed, settings))
        for parts, members in groupby(results, key=_revision):
            if parts is not None:
                owner, image_id, revision = parts
                newest = max(listed.modified for listed in members)
                yield Folder(f"{owner}/{image_id}/{revision}/", image_id, revision, newest)


def _revision(listed: ListedObject) -> tuple[str, str, str] | None:
    parts = listed.key.split("/", 3)
    return (parts[0], parts[1], parts[2]) if len(parts) == 4 else None


def _is_alias(listed: ListedObject, settings: Settings) -> bool:
    return settings.alias_bucket == settings.results_bucket and listed.key.startswith(settings.alias_prefix)
