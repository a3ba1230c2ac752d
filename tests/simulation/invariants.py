"""The invariants when the faults are over and the queues are empty, before and after one reconcile.

Each check reads the models directly and returns violations. Their names are those of docs/reliability.md.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pixelfleet.catalog.dynamo import from_attributes
from pixelfleet.catalog.schema import CLAIM_MARK
from pixelfleet.domain.aliases import planned_aliases
from pixelfleet.domain.jobs import decode_message
from pixelfleet.domain.records import Image, Status, counted_as, timestamp
from pixelfleet.domain.s3_events import parse_message
from pixelfleet.errors import Cause
from tests.fakes.s3_archives import is_archived
from tests.fakes.s3_bucket import NULL, StoredVersion
from tests.simulation.cloud import EMPTY_POLLS, Cloud
from tests.simulation.environment import MOST_SKEW, Environment
from tests.simulation.lazy_recipes import LAZY, LAZY_DIGESTS, digest_in
from tests.simulation.observer import Observer
from tests.simulation.pixels import rendered, text_of
from tests.simulation.step import MASTERS, bucket_of
from tests.simulation.violations import Violation

#: Seconds without a receive after which a worker that lives counts as deaf.
DEAF: Final = 2 * EMPTY_POLLS
#: Seconds from the beginning of the reconcile to the last look at the books: its pause and its longest wait for
#: CloudFront, the age below which it deletes nothing, and two wrong clocks.
SINCE_RECONCILE: Final = 900.0 + 600.0 + 120.0 + 2 * MOST_SKEW


class _Originals:
    """The objects of the uploads bucket, and of the bucket that is adopted, by key."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    @property
    def keys(self) -> Iterable[str]:
        names = [name for name in (self._cloud.settings.uploads_bucket, MASTERS) if self._cloud.s3.has_bucket(name)]
        return [key for name in names for key in self._cloud.s3.bucket(name).keys]

    def current(self, key: str) -> StoredVersion | None:
        return self._cloud.s3.bucket(bucket_of(key, self._cloud.settings.uploads_bucket)).current(key)


class Books:
    """The state of every service at one moment."""

    def __init__(self, environment: Environment, observer: Observer) -> None:
        self.environment = environment
        self.observer = observer
        self.cloud = environment.cloud
        self.now = datetime.fromtimestamp(environment.scheduler.now, UTC)
        settings = environment.settings
        self.uploads = _Originals(self.cloud)
        self.results = self.cloud.s3.bucket(settings.results_bucket)
        self.items = {item["key"]: item for item in observer.images()}
        self.images = {key: Image.model_validate(item) for key, item in self.items.items()}
        self.batches = {
            item["batch_id"]: item
            for item in map(from_attributes, self.cloud.dynamodb.all_items(f"{settings.prefix}-batches"))
        }
        table = self.cloud.dynamodb.all_items(settings.images_table)
        self.claims = [from_attributes(item) for item in table if CLAIM_MARK in item["image_id"]["S"]]
        self.notices = [publication.document for publication in self.cloud.sns.published]
        #: Whether S3 sent no event of a change, or SQS gave a message up.
        self.gave_up = self.cloud.events_lost > 0 or self.cloud.gave_up()
        self.keys = sorted({*self.uploads.keys, *self.images})

    def is_unreported(self, image: Image) -> bool:
        """Whether the bucket holds other bytes than those of the record, or none, and no event or job reports that.

        The reconcile detects this.
        """
        current, deleted = self.uploads.current(image.key), image.status is Status.DELETED
        differs = not deleted if current is None else deleted or current.etag != image.etag
        differs = differs and not self.is_released(image)
        return self.gave_up and differs

    def is_released(self, image: Image) -> bool:
        """Whether the image was removed, and its original, which is in an adopted bucket, stays."""
        current = self.uploads.current(image.key)
        return (
            image.status is Status.DELETED
            and bool(image.released)
            and current is not None
            and current.etag == image.etag
        )

    def waits_to_be_counted(self, image: Image) -> bool:
        """Whether a seal uncounted the record's outcome, and no event, job or later seal shows that it stands again.

        It stands again if the bucket holds the record's bytes again, or if the key of a deleted image is empty again.
        The reconcile counts it.
        """
        current = self.uploads.current(image.key)
        if image.status is Status.DELETED:
            uncounted, stands = image.counted is None, current is None or self.is_released(image)
        else:
            uncounted = image.counted is None and image.uncounted_version == image.source_version
            stands = current is not None and current.etag == image.etag
        sealed_since = self.environment.touched_at.get(image.key, 0.0) < self.observer.seal_began(image)
        return self.gave_up and uncounted and stands and (not sealed_since or self.environment.cut_short > 0)

    def is_unrecorded(self, image: Image, result: str) -> bool:
        """Whether a result is a lazy variant that was stored for a revision of the image, and not recorded.

        The next request records it. It is deleted with the revision.
        """
        _, _, revision, file = result.split("/", 3)
        return file.partition(".")[0] == LAZY and revision in image.named_results

    def results_of(self, image: Image) -> list[str]:
        return [key for key in self.results.keys if f"/{image.image_id}/" in key]


Check = Callable[[Books], Iterator[Violation]]


def every_key_has_its_record(books: Books) -> Iterator[Violation]:
    """Every key of the bucket has the record that its current version deserves."""
    name = "every key has the record that its current version deserves"
    for key in books.keys:
        current, image = books.uploads.current(key), books.images.get(key)
        if current is None:
            continue
        if image is None:
            yield Violation(name, f"{key} has no record")
            continue
        version = current.etag if current.version_id == NULL else current.version_id
        # A listing shows no versions: if the event of the same bytes was lost, the record stays of the earlier version.
        # An adoption lists the bucket too: its records have no version.
        adopted = bucket_of(key, "") == MASTERS
        same_bytes = (books.gave_up or adopted) and image.etag == current.etag
        if image.source_version != version and not same_bytes:
            yield Violation(
                name, f"{key} is {version} in the bucket, {image.source_version} ({image.status}) in the record"
            )
        elif image.status is Status.DELETED:
            if not books.is_released(image):
                yield Violation(name, f"{key} exists, and its record says deleted")
        else:
            yield from _deserved(name, key, text_of(current.body), image, archived=is_archived(current, books.now))


def _deserved(name: str, key: str, text: str, image: Image, *, archived: bool) -> Iterator[Violation]:
    unreadable = text.startswith("bad")
    if unreadable and image.status is Status.READY:
        yield Violation(name, f"{key} cannot be read, and its record says ready")
    if image.status is Status.FAILED and image.cause is Cause.ARCHIVED:
        if not archived:
            yield Violation(name, f"{key} can be read, and its record says archived")
        return
    blamed = image.status is Status.FAILED and image.cause is not None and image.cause.blames_image
    if blamed and not unreadable and image.cause is not Cause.RECIPE_UNFIT:
        yield Violation(name, f"{key} is whole, and its record says {image.cause}")


def nothing_is_under_way(books: Books) -> Iterator[Violation]:
    for key, image in books.images.items():
        if image.status in (Status.QUEUED, Status.PROCESSING):
            yield Violation("nothing stays queued or processing", f"{key} stays {image.status}")


def results_exist(books: Books) -> Iterator[Violation]:
    """A ready image's results exist and were made of its current version by its recipe; so do those that it keeps."""
    name = "the results of a ready image exist and belong to it"
    for key, image in books.images.items():
        current = books.uploads.current(key)
        if image.status is not Status.READY or current is None or image.recipe is None or books.is_unreported(image):
            continue
        for variant in image.variants:
            if f"/{image.revision}/" not in variant.key:
                yield Violation(name, f"{key}: {variant.name} is of another revision")
        kept = [(kept.recipe, variant) for kept in image.kept_revisions for variant in kept.variants]
        for recipe, variant in (*((image.recipe, variant) for variant in image.variants), *kept):
            stored = books.results.current(variant.key)
            if stored is None:
                yield Violation(name, f"{key}: {variant.name} is missing")
            elif recipe is not None and stored.body != rendered(current.body, digest_in(recipe, variant.name)):
                yield Violation(name, f"{key}: {variant.name} is of another original or recipe")


def deleted_keys_say_so(books: Books) -> Iterator[Violation]:
    """A deleted key's record says deleted."""
    for key, image in books.images.items():
        if books.uploads.current(key) is None and image.status is not Status.DELETED:
            yield Violation("a deleted key's record says deleted", f"{key} is gone, and its record says {image.status}")


def deleted_keys_are_gone(books: Books) -> Iterator[Violation]:
    """Nothing of a deleted key is left in results or CDN."""
    for key, image in books.images.items():
        removed = books.uploads.current(key) is None or books.is_released(image)
        if not removed or image.status is not Status.DELETED:
            continue
        if books.results_of(image):
            yield Violation("nothing of a deleted image is left in the results", key)
        elif image.image_id in books.observer.results_deleted_at:
            deleted_at = books.observer.results_deleted_at[image.image_id]
            if not books.cloud.cloudfront.forgotten_since(deleted_at, f"/i/{image.owner}/{image.image_id}/x"):
                yield Violation("nothing of a deleted image is left in the CDN", key)


def nothing_is_left_over(books: Books) -> Iterator[Violation]:
    """No record lists superseded revisions, and no result belongs to no record."""
    name = "no superseded result is left"
    images = books.images.values()
    named = {variant.key for image in images for variant in image.variants}
    named |= {variant.key for image in images for kept in image.kept_revisions for variant in kept.variants}
    for key, image in books.images.items():
        if image.superseded:
            yield Violation(name, f"{key}: {len(image.superseded)} superseded revisions are listed")
        elif left := [
            key for key in books.results_of(image) if key not in named and not books.is_unrecorded(image, key)
        ]:
            yield Violation(name, f"{key}: {len(left)} results that the record does not name")


def nothing_is_kept_too_long(books: Books) -> Iterator[Violation]:
    """No image keeps a revision whose days were over when the reconcile began."""
    environment = books.environment
    days = timedelta(days=environment.settings.keep_revisions)
    oldest = timestamp(books.now - days - timedelta(seconds=SINCE_RECONCILE))
    for key, image in books.images.items():
        for kept in image.kept_revisions:
            if kept.superseded_at < oldest:
                yield Violation("no revision is kept for longer than its days", f"{key}: {kept.superseded_at}")


def counters_equal_records(books: Books) -> Iterator[Violation]:
    """Every outcome is counted, in the record and in its batch."""
    yield from _counters_equal_records(books, lambda _: False)


def counters_equal_records_before_reconcile(books: Books) -> Iterator[Violation]:
    """As `counters_equal_records`, but an outcome may wait for the reconcile to be counted again."""
    yield from _counters_equal_records(books, books.waits_to_be_counted)


def _counters_equal_records(books: Books, waits: Callable[[Image], bool]) -> Iterator[Violation]:
    name = "counters equal records"
    for batch_id in (identity for identity in books.batches if "#" not in identity):
        members = [image for image in books.images.values() if f"{image.owner}/{image.batch}" == batch_id]
        records = Counter(image.counted for image in members if image.counted)
        settled = Counter(str(counted_as(image.status, image.cause)) for image in members if not waits(image))
        unreported = any(books.is_unreported(image) for image in members)
        if not settled["None"] and not unreported and settled != records:
            yield Violation(name, f"{batch_id}: outcomes {dict(settled)}, counted as {dict(records)}")
        counters: Counter[str] = Counter()
        for identity, item in books.batches.items():
            if identity.startswith(f"{batch_id}#"):
                counters.update({k.removeprefix("n_"): v for k, v in item.items() if k.startswith("n_") and v})
        if counters != records:
            yield Violation(name, f"{batch_id}: counters {dict(counters)}, records {dict(records)}")


def batches_complete_once(books: Books) -> Iterator[Violation]:
    """A sealed batch whose images are all accounted for is completed, and announced under one notice id."""
    name = "each sealed batch completes exactly once"
    for batch_id, batch in books.batches.items():
        if "#" in batch_id:
            continue
        ids = {n["notice_id"] for n in books.notices if n["kind"] == "batch.completed" and _of(n) == batch_id}
        members = [image for image in books.images.values() if f"{image.owner}/{image.batch}" == batch_id]
        full = batch.get("sealed_at") and sum(1 for image in members if image.counted) >= batch["expected"]
        if full and not batch.get("completed_at"):
            yield Violation(name, f"{batch_id} is sealed and full, and not completed")
        if batch.get("completed_at") and (len(ids) != 1 or batch.get("notice")):
            yield Violation(name, f"{batch_id} was announced under {len(ids)} notice ids")


def _of(notice: dict[str, Any]) -> str:
    return f"{notice['owner']}/{notice['batch']}"


def batches_of_moves_are_sealed(books: Books) -> Iterator[Violation]:
    """A batch that a move made, and that has images, is sealed: else it would never complete."""
    for batch_id, batch in books.batches.items():
        members = [image for image in books.images.values() if f"{image.owner}/{image.batch}" == batch_id]
        if batch.get("made_by_move") and members and not batch.get("sealed_at"):
            yield Violation("a batch that a move made is sealed in the end", batch_id)


def outcomes_are_announced(books: Books) -> Iterator[Violation]:
    """Every outcome's notice was published at least once."""
    published = {(n["notice_id"], n["status"]) for n in books.notices if n["kind"] != "batch.completed"}
    for key, image in books.images.items():
        if image.status in (Status.READY, Status.FAILED) and (image.notice_id, image.status.value) not in published:
            yield Violation("every outcome is announced", f"{key} is {image.status}, and nobody was notified")


def aliases_are_as_the_catalog_says(books: Books) -> Iterator[Violation]:
    """Each alias holds the present result of the image that claims it; each other image says that the key is taken."""
    name = "every alias holds the present results of the image that claims it"
    settings = books.environment.settings
    bucket, by_id = books.cloud.s3.bucket(settings.alias_bucket), {i.image_id: i for i in books.images.values()}
    claims = {claim["alias"]: by_id[claim["holder"]] for claim in books.claims}
    for key in sorted({*bucket.keys, *claims}):
        stored, image = bucket.current(key), claims.get(key)
        planned = planned_aliases(image, settings.alias_template, settings.alias_place) if image is not None else []
        file = next((each.file for each in planned if each.key == key), None)
        result = books.results.current(file.key) if file is not None else None
        if file is None and stored is not None:
            yield Violation(name, f"{key} belongs to no image")
        elif file is None and image is not None:
            yield Violation(name, f"{key} is claimed by {image.key}, which has no such file")
        elif file is not None and (stored is None or result is None or stored.body != result.body):
            yield Violation(name, f"{key} is not as {file.key}")
    for image in books.images.values():
        if settings.alias and image.status is Status.READY and len(image.aliases) != len(image.variants):
            yield Violation(name, f"{image.key} has {len(image.aliases)} aliases for {len(image.variants)} variants")


def lazy_variants_are_made(books: Books) -> Iterator[Violation]:
    """A lazy variant that was asked for when the faults were over is made, if the bucket still has its very original.

    Where the event of the same bytes was lost, the record stays of the earlier version, which may have expired.
    """
    for key, image in books.images.items():
        current, recipe = books.uploads.current(key), image.revision_recipe
        if image.status is not Status.READY or current is None or recipe is None or books.is_unreported(image):
            continue
        version = current.etag if current.version_id == NULL else current.version_id
        if books.gave_up and image.revision_source != version:
            continue
        lazy = (recipe.digest, LAZY) in LAZY_DIGESTS and not is_archived(current, books.now)
        if lazy and all(variant.name != LAZY for variant in image.variants):
            yield Violation("a lazy variant of a ready image is made", f"{key} has none: {image.lazy_notes}")


def notices_differ(books: Books) -> Iterator[Violation]:
    """Different outcomes have different notice ids. A repeated notice names lazy variants that were made since."""
    contents: defaultdict[str, set[str]] = defaultdict(set)
    for notice in books.notices:
        if notice["kind"] != "batch.completed":
            names = [variant["s3"] for variant in notice["variants"] if variant["name"] != LAZY]
            contents[notice["notice_id"]].add(repr((notice["status"], notice["cause"], names)))
    for notice_id, variants in contents.items():
        if len(variants) > 1:
            yield Violation("different outcomes have different notice ids", f"{notice_id}: {sorted(variants)}")


def queues_are_empty(books: Books) -> Iterator[Violation]:
    if not books.cloud.lanes_empty():
        yield Violation("queues are empty", "messages wait")


def dead_letters_are_explained(books: Books) -> Iterator[Violation]:
    """A dead letter's image has a record, or its key is gone."""
    for name in ("uploads", "bulk", "heavy"):
        for body in books.cloud.dead_letters(name):
            for key in _keys_of(name, body):
                if key not in books.images and books.uploads.current(key) is not None:
                    yield Violation("dead-letter queues hold only what a record explains", f"{name}: {key}")


def _keys_of(name: str, body: str) -> Iterable[str]:
    return [job.key for job in parse_message(body).jobs] if name == "uploads" else [decode_message(body).key]


def workers_receive(books: Books) -> Iterator[Violation]:
    """No worker that lives has stopped receiving."""
    now = books.environment.scheduler.now
    for worker in books.environment.workers:
        frozen = worker.process.frozen_until + DEAF > now
        if worker.process.alive and worker.exit_code is None and not frozen and now - worker.received_at > DEAF:
            yield Violation("every worker that lives receives", f"{worker.process.name} has stopped receiving")


def newer_attributes_are_kept(books: Books) -> Iterator[Violation]:
    """Attributes that a worker of the next release wrote are kept."""
    for key, item in books.items.items():
        wrote = any(line.get("worker", "").startswith("newer") for line in item.get("attempt_log", []))
        if wrote and "next_release" not in item:
            yield Violation("attributes of a newer release are kept", key)


def nothing_happened_too_early(books: Books) -> Iterator[Violation]:
    """The violations that the observer recorded during the run."""
    yield from books.environment.violations


def without_a_reconcile(books: Books) -> Iterator[Violation]:
    """The stronger set: a reconcile is needed only where a command was cut short, or S3 or SQS gave a message up."""
    if books.environment.cut_short or books.gave_up:
        return
    checks = (
        every_key_has_its_record,
        deleted_keys_say_so,
        nothing_is_under_way,
        outcomes_are_announced,
        batches_complete_once,
    )
    for check in checks:
        for violation in check(books):
            yield Violation(f"without a reconcile: {violation.invariant}", violation.what)


_ALWAYS: Final[tuple[Check, ...]] = (
    results_exist,
    notices_differ,
    queues_are_empty,
    workers_receive,
    newer_attributes_are_kept,
    nothing_happened_too_early,
)
#: The checks that hold as soon as the queues are empty, without a reconcile.
BEFORE_RECONCILE: Final[tuple[Check, ...]] = (
    without_a_reconcile,
    counters_equal_records_before_reconcile,
    *_ALWAYS,
)
#: The checks that hold after one reconcile with a sweep.
AFTER_RECONCILE: Final[tuple[Check, ...]] = (
    every_key_has_its_record,
    nothing_is_under_way,
    deleted_keys_say_so,
    deleted_keys_are_gone,
    nothing_is_left_over,
    nothing_is_kept_too_long,
    batches_complete_once,
    batches_of_moves_are_sealed,
    outcomes_are_announced,
    dead_letters_are_explained,
    counters_equal_records,
    aliases_are_as_the_catalog_says,
    lazy_variants_are_made,
    *_ALWAYS,
)


def violations(checks: Iterable[Check], environment: Environment, observer: Observer) -> list[Violation]:
    """The present violations of these checks."""
    books = Books(environment, observer)
    return list(dict.fromkeys(violation for check in checks for violation in check(books)))
