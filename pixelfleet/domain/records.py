"""The records of the catalog: images, batches and their counts.

Times are ISO 8601 in UTC with milliseconds, so that they sort as text. Durations are whole milliseconds.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.keys import place_of
from pixelfleet.domain.sequencers import SEQUENCER_WIDTH
from pixelfleet.errors import Cause

ATTEMPT_LOG_LENGTH: Final = 20
#: DynamoDB refuses items over 400 KB: the text of an error must not fill an item.
MESSAGE_LENGTH: Final = 1_000
#: The most folders to delete of a record, newest first; older folders are left to the sweep of `reconcile`.
MOST_SUPERSEDED: Final = 100

#: The most earlier revisions that a record keeps, newest last; older revisions are deleted.
MOST_KEPT: Final = 5

#: The group of the failure index.
FAILURES: Final = "failed"


class Status(StrEnum):
    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


class BatchState(StrEnum):
    """The state of a batch. `open`: more may be uploaded. `sealed`: its number of images is fixed."""

    OPEN = "open"
    SEALED = "sealed"
    COMPLETE = "complete"


class NoticeKind(StrEnum):
    IMAGE_READY = "image.ready"
    IMAGE_FAILED = "image.failed"
    #: Processing the image again failed; the earlier results are still there.
    REPROCESSING_FAILED = "image.reprocessing_failed"
    BATCH_COMPLETED = "batch.completed"
    FAILURES_DIGEST = "failures.digest"
    OWNER_DIGEST = "failures.owner_digest"


class AliasState(StrEnum):
    """The state of an alias.

    `held`: the alias is this image's. `taken`: another image has the key. `refused`: S3 refuses to write to the bucket.
    `invalid`: the template makes no key of this image's path.
    """

    HELD = "held"
    TAKEN = "taken"
    REFUSED = "refused"
    INVALID = "invalid"


Member = TypeVar("Member", bound=StrEnum)


def as_member(kind: type[Member], value: Any) -> Any:
    """`value` as a member of `kind`; a text that a newer release wrote as a member that is in no list of them."""
    if not isinstance(value, str) or isinstance(value, kind) or value in kind._value2member_map_:
        return value
    unknown = str.__new__(kind, value)
    unknown._name_, unknown._value_ = value, value
    return unknown


class Record(BaseModel):
    """The content of an item. Enumeration values of a newer release can be read; see `as_member`."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class WholeRecord(Record):
    """A record that is written as a whole: attributes of a newer release are carried through each write."""

    model_config = ConfigDict(frozen=True, extra="allow")


OpenStatus = Annotated[Status, BeforeValidator(lambda value: as_member(Status, value))]
OpenCause = Annotated[Cause, BeforeValidator(lambda value: as_member(Cause, value))]
OpenAlias = Annotated[AliasState, BeforeValidator(lambda value: as_member(AliasState, value))]
OpenLane = Annotated[Lane, BeforeValidator(lambda value: as_member(Lane, value))]
OpenNotice = Annotated[NoticeKind, BeforeValidator(lambda value: as_member(NoticeKind, value))]


class StoredVariant(WholeRecord):
    """One stored output. For tiles, `key` is the entry file and `files` the number of files below its folder."""

    name: str
    key: str
    format: str
    width: int
    height: int
    bytes: int
    content_type: str
    sha256: str = ""
    files: int = 1
    #: `gain-map`, `pq` or `hlg` for a file of high dynamic range.
    hdr: str | None = None
    #: The setting of the encoder, if it was searched for a target; None also where the original's pixels are used.
    quality: int | None = None
    #: The score of the quality by its metric, in the units of `scores.py`, if it was measured: SSIM or SSIMULACRA2.
    score: int | None = None
    ssimulacra2: int | None = None


class Alias(WholeRecord):
    """One alias of an image: the file of a revision (`card.jpg`) and its readable key. `problem` says what is wrong."""

    file: str
    bucket: str
    key: str = ""
    state: OpenAlias = AliasState.HELD
    problem: str = ""


class AttemptLine(WholeRecord):
    """One line of an image's history. `duration_ms`: from the claim to the end of the attempt, None for other lines."""

    at: str
    what: str
    worker: str = ""
    recipe: str = ""
    cause: OpenCause | None = None
    message: str = ""
    origin: str = ""
    duration_ms: int | None = None


class RecipeRef(WholeRecord):
    """Which recipe, by name for people and by digest for truth."""

    name: str
    digest: str


class KeptRevision(WholeRecord):
    """Results that were current until `superseded_at`, and can be made current again: they are still stored.

    `until`: the end of their days by the setting of the worker that replaced them; None from an earlier release.
    """

    results: str
    source: str | None = None
    recipe: RecipeRef | None = None
    superseded_at: str
    until: str | None = None
    variants: tuple[StoredVariant, ...] = ()

    @property
    def bytes(self) -> int:
        return sum(variant.bytes for variant in self.variants)


class LazyNote(WholeRecord):
    """Why a lazy variant of a revision is not made yet: a job for it is on its way, or it failed with a cause."""

    variant: str
    revision: str
    at: str
    cause: OpenCause | None = None
    message: str = ""


class Image(WholeRecord):
    """One image. `version` counts writes: every change is conditional on the version on which it is based."""

    image_id: str
    bucket: str
    key: str
    owner: str
    batch: str | None = None
    status: OpenStatus
    version: int = 0

    source_version: str | None = None
    version_id: str | None = None
    etag: str | None = None
    sequencer: str = "0" * SEQUENCER_WIDTH
    bytes: int | None = None

    #: The folder of results that the current attempts write to; `revision` is the folder last recorded as ready.
    target: str | None = None
    #: The place of the last attempt.
    lane: OpenLane = Lane.BULK
    attempts: int = 0
    attempt_log: tuple[AttemptLine, ...] = ()
    chosen_recipe: RecipeRef | None = None
    recipe: RecipeRef | None = None
    revision: str | None = None
    #: The source and the recipe of the results of `revision`.
    revision_source: str | None = None
    revision_recipe: RecipeRef | None = None
    #: Folders of results to be deleted.
    superseded: tuple[str, ...] = ()
    #: Earlier results of the present version of the object, oldest first; see `kept_revisions.py`.
    kept_revisions: tuple[KeptRevision, ...] = ()

    cause: OpenCause | None = None
    message: str | None = Field(None, max_length=MESSAGE_LENGTH)

    format: str | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    orientation: int | None = None
    colour_space: str | None = None
    exif: dict[str, str] = Field(default_factory=dict)
    sha256: str | None = None
    placeholder: str | None = None
    dominant_colour: str | None = None
    perceptual_hash: str | None = None
    variants: tuple[StoredVariant, ...] = ()
    #: The lazy variants of `revision` that were requested and are not in `variants`; see `lazy_variants.py`.
    lazy_notes: tuple[LazyNote, ...] = ()
    #: Copies of the present results under readable keys; see `aliases.py`.
    aliases: tuple[Alias, ...] = ()
    #: Whether an alias waits: another image has its key, or S3 refused to write it.
    alias_due: bool | None = None
    #: Left, top, width and height of each face in pixels of the upright page, the largest first, at most 100.
    #: `face_count` is None if the recipe did not search for faces.
    faces: tuple[tuple[int, int, int, int], ...] = ()
    face_count: int | None = None
    #: The tags from users, in order of name; see `tags.py`.
    tags: tuple[str, ...] = ()

    #: Whether the image was removed while its original stays, in a bucket that existed before the deployment.
    released: bool | None = None
    #: The counter of the batch that has this image: a status, or `failed:<cause>`.
    counted: str | None = None
    #: The source version whose outcomes are not counted: the bucket held another version when the batch was sealed.
    uncounted_version: str | None = None
    notice: OpenNotice | None = None
    #: The number of the outcome that `status` and `notice` describe: each outcome of an image has another number.
    outcome: int = 0
    timings_ms: dict[str, int] = Field(default_factory=dict)
    uploaded_at: str = ""
    finished_at: str | None = None

    @property
    def path(self) -> str:
        """The key without owner and batch, if the key has them."""
        return place_of(self.key).path

    @property
    def next_lane(self) -> Lane:
        """The lane of the next job. For a lane of a newer release that is heavy, which takes every image."""
        return self.lane if self.lane in set(Lane) else Lane.HEAVY

    @property
    def notice_id(self) -> str:
        """The same for every publication of one outcome, so that a receiver can drop repeats."""
        return f"{self.image_id}.{self.outcome}"

    def job(self, origin: Origin) -> Job:
        """The job that would process this image's present version again, rebuilt from the record."""
        return Job(
            JobKind.PROCESS,
            self.bucket,
            self.key,
            self.version_id,
            self.etag,
            self.sequencer,
            self.bytes,
            origin,
        )

    def is_made_by(self, recipe: RecipeRef) -> bool:
        """Whether the present results are of this recipe."""
        return self.revision_recipe is not None and self.revision_recipe.digest == recipe.digest

    @property
    def named_results(self) -> frozenset[str]:
        """The folders of results that the record names. They must not be deleted."""
        kept = {revision.results for revision in self.kept_revisions}
        return frozenset(name for name in (self.revision, self.target, *kept) if name is not None)

    def superseding(self, *results: str | None, kept: str | None = None) -> tuple[str, ...]:
        """`superseded` with these folders added, without `kept` and without kept revisions."""
        added = dict.fromkeys((*self.superseded, *results))
        spared = {kept, None, *(revision.results for revision in self.kept_revisions)}
        return tuple(name for name in added if name is not None and name not in spared)[-MOST_SUPERSEDED:]

    def logged(self, attempt: AttemptLine) -> tuple[AttemptLine, ...]:
        return (*self.attempt_log, attempt)[-ATTEMPT_LOG_LENGTH:]


class Batch(Record):
    """The name, the state and the recipe of a batch; its counts are in the shards."""

    batch_id: str
    owner: str
    name: str
    created_at: str
    recipe: RecipeRef | None = None
    expected: int | None = None
    sealed_at: str | None = None
    completed_at: str | None = None
    #: The place of the images of an adoption, as s3://BUCKET/PREFIX; None for a batch of uploads.
    source: str | None = None
    #: The caller whose write completed the batch; see `Batches.complete`.
    completed_by: str | None = None
    notice: OpenNotice | None = None
    #: Images with a variant that scores less fail; SSIM or SSIMULACRA2, in the units of `scores.py`.
    min_score: int | None = None
    min_ssimulacra2: int | None = None
    #: Whether a move of images made the batch: then the move that ends, or its repetition, seals the batch.
    made_by_move: bool | None = None

    @property
    def notice_id(self) -> str:
        return f"{self.batch_id}.{self.completed_at}"

    @property
    def state(self) -> BatchState:
        if self.completed_at is not None:
            return BatchState.COMPLETE
        return BatchState.OPEN if self.sealed_at is None else BatchState.SEALED


class Counts(BaseModel):
    """A batch's images by outcome, merged over its counter shards."""

    ready: int = 0
    deleted: int = 0
    failed_by_cause: dict[str, int] = Field(default_factory=dict)

    @property
    def failed(self) -> int:
        return sum(self.failed_by_cause.values())

    @property
    def accounted(self) -> int:
        return self.ready + self.failed + self.deleted


def counted_as(status: Status, cause: Cause | None) -> str | None:
    """The counter that an outcome belongs to, or None while the image is still on its way."""
    if status is Status.FAILED:
        return f"failed:{cause}"
    return status.value if status in (Status.READY, Status.DELETED) else None


def counted_in_batch(image: Image) -> str | None:
    """The counter that an outcome belongs to, or None if the batch waits for another version of the object."""
    return None if is_uncounted(image) else counted_as(image.status, image.cause)


def is_uncounted(image: Image) -> bool:
    """Whether a seal took the outcome of the record's version out of the count."""
    return image.uncounted_version is not None and image.uncounted_version == image.source_version


def timestamp(moment: datetime | None = None) -> str:
    moment = moment or datetime.now(UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shorten(message: str) -> str:
    return message if len(message) <= MESSAGE_LENGTH else message[: MESSAGE_LENGTH - 1] + "…"
