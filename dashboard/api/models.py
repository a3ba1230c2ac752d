"""What the API says: the shapes of its answers and requests, with examples. Stable; fields are only ever added."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from pixelfleet.catalog.activity import Action
from pixelfleet.catalog.background import BackgroundTask
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import AttemptLine, Batch, Counts, Image, Status, StoredVariant
from pixelfleet.errors import Cause
from pixelfleet.operations.monitoring import Overview
from pixelfleet.operations.time_left import TimeLeft

IMAGE_ID: Final = "k3vq5m7xw2c6l4yzt5fpe3nq6d2rhu7s"
REVISION: Final = "f1d2c3b4a5968778695a4b3c2d1e0f00"


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class VariantOut(Model):
    """One output of a recipe."""

    name: str = Field(examples=["thumb"])
    format: str = Field(examples=["webp"])
    content_type: str = Field(examples=["image/webp"])
    width: int = Field(description="Pixels.", examples=[320])
    height: int = Field(description="Pixels.", examples=[240])
    bytes: int = Field(description="Size; of tiles, all of them together.", examples=[9_120])
    sha256: str = Field(description="Hex digest; of tiles, over their names and contents.", examples=["9f86d08188..."])
    files: int = Field(description="1, or for tiles how many.", examples=[1])
    href: str = Field(
        description="Leads to where it lies, by a redirect.", examples=[f"/api/v1/images/{IMAGE_ID}/variants/thumb"]
    )

    @classmethod
    def of(cls, image_id: str, variant: StoredVariant) -> "VariantOut":
        fields = variant.model_dump(exclude={"key"})
        return cls(**fields, href=f"/api/v1/images/{image_id}/variants/{variant.name}")


class ImageSummary(Model):
    """An image as lists show it."""

    image_id: str = Field(examples=[IMAGE_ID])
    owner: str = Field(examples=["ana"])
    batch: str | None = Field(examples=["summer"])
    name: str = Field(description="Path within the batch.", examples=["beach/IMG_0001.jpg"])
    status: Status = Field(examples=["ready"])
    cause: Cause | None = Field(description="Why it failed, to group by.", examples=[None])
    message: str | None = Field(description="Why it failed, for people.", examples=[None])
    format: str | None = Field(examples=["jpeg"])
    width: int | None = Field(description="Pixels.", examples=[4000])
    height: int | None = Field(description="Pixels.", examples=[3000])
    bytes: int | None = Field(description="Size of the original.", examples=[3_481_220])
    placeholder: str | None = Field(description="ThumbHash, base64.", examples=["1QcSHQRnh493V4dIh4eXh1h4kJUI"])
    uploaded_at: str = Field(examples=["2026-11-20T09:00:00.000Z"])
    finished_at: str | None = Field(examples=["2026-11-20T09:00:01.120Z"])
    variants: list[VariantOut]

    @classmethod
    def of(cls, image: Image) -> "ImageSummary":
        return cls(**_summary(image))


class ImageOut(ImageSummary):
    """All that is known of an image."""

    key: str = Field(description="Where the original lies.", examples=["uploads/ana/summer/beach/IMG_0001.jpg"])
    recipe: str | None = Field(examples=["web"])
    revision: str | None = Field(description="Digest of source version, recipe and engine.", examples=[REVISION])
    attempts: int = Field(examples=[1])
    history: list[AttemptLine] = Field(description="The last twenty things that happened to it, oldest first.")
    frames: int | None = Field(examples=[1])
    colour_space: str | None = Field(examples=["srgb"])
    exif: dict[str, str] = Field(examples=[{"camera": "Canon EOS R6", "taken_at": "2026-07-01T11:20:00+02:00"}])
    sha256: str | None = Field(description="Of the original, in hex.", examples=["2c26b46b68..."])
    dominant_colour: str | None = Field(examples=["#7fa3c0"])
    tags: list[str] = Field(examples=[["beach", "summer"]])
    timings_ms: dict[str, int] = Field(
        description="Milliseconds of each step of the last attempt.", examples=[{"fetch": 20, "pixels": 130}]
    )

    @classmethod
    def of(cls, image: Image) -> "ImageOut":
        return cls(
            **_summary(image),
            key=image.key,
            recipe=image.recipe.name if image.recipe else None,
            revision=image.revision,
            attempts=image.attempts,
            history=list(image.attempt_log),
            frames=image.frames,
            colour_space=image.colour_space,
            exif=image.exif,
            sha256=image.sha256,
            dominant_colour=image.dominant_colour,
            tags=list(image.tags),
            timings_ms=image.timings_ms,
        )


class ImagePage(Model):
    """One page of a list. `next` is the cursor of the following one, null at the end.

    A page may be short or empty and still have a `next`: filters that no index answers look at 1,000 records a request.
    """

    images: list[ImageSummary]
    next: str | None = Field(examples=["MjAyNi0xMS0yMFQwOTowMDowMC4wMDBaI2szdnE"])


class MonthsOut(Model):
    months: list[str] = Field(examples=[["2026-11", "2026-10"]])
    next: str | None = Field(examples=[None])


class DuplicatesOut(Model):
    images: list[ImageSummary]


class Reprocess(Model):
    recipe: str | None = Field(
        None, max_length=64, description="A built-in recipe; left out, the one it had.", examples=["catalog"]
    )


FileName = Annotated[str, Field(min_length=1, max_length=1024)]


class FileIn(Model):
    """A file to upload."""

    name: FileName = Field(description="Its name, or its path within a folder.", examples=["beach/IMG_0001.jpg"])
    bytes: int = Field(ge=0, description="Its size.", examples=[3_481_220])
    type: str = Field("", max_length=127, description="Its media type, if known.", examples=["image/jpeg"])


class UploadsIn(Model):
    """Files to be uploaded together."""

    batch: str | None = Field(
        None, min_length=1, max_length=128, description="A name for them together; left out, the time.",
        examples=["summer"],
    )  # fmt: skip
    recipe: str | None = Field(
        None, max_length=64, description="A built-in recipe for a batch that is not there yet.", examples=["web"]
    )
    files: list[FileIn] = Field(min_length=1, max_length=500)


class PartsBegun(Model):
    """An upload in parts; ask `/uploads/parts` where to put each."""

    upload_id: str = Field(examples=["2~VmFsaWQ"])
    part_bytes: int = Field(description="Size of each part but the last.", examples=[16_000_000])
    count: int = Field(examples=[70])


class PartsIn(Model):
    """One upload in parts, and the parts that are asked for."""

    batch: str = Field(min_length=1, max_length=128, examples=["summer"])
    name: FileName = Field(examples=["scan.tif"])
    upload_id: str = Field(min_length=1, max_length=1024, examples=["2~VmFsaWQ"])
    bytes: int = Field(ge=1, le=5_000_000_000_000, description="The size of the whole file.", examples=[1_100_000_000])
    numbers: list[Annotated[int, Field(ge=1, le=10_000)]] = Field(
        default=[], max_length=100, description="The parts to get addresses for, from 1.", examples=[[1, 2, 3]]
    )


class PartsOut(Model):
    urls: dict[int, str] = Field(description="Where to PUT each part, for an hour.", examples=[{"1": "https://..."}])
    stored: list[int] = Field(description="With no numbers asked for: the parts that are there.", examples=[[1, 2]])


class UploadForm(Model):
    """A form to post one file by: every field first, then the file as field `file`.

    A file of more than 100 MB has `parts` instead; one that cannot be taken has `refused`.
    """

    name: str = Field(examples=["beach/IMG_0001.jpg"])
    image_id: str | None = Field(examples=[IMAGE_ID])
    url: str | None = Field(examples=["https://pixelfleet-uploads.s3.eu-west-1.amazonaws.com/"])
    fields: dict[str, str] = Field(examples=[{"key": "uploads/ana/summer/beach/IMG_0001.jpg", "policy": "eyJl..."}])
    refused: str | None = Field(description="Why this file cannot be taken.", examples=[None])
    parts: PartsBegun | None = Field(None, examples=[None])


class UploadsOut(Model):
    owner: str = Field(examples=["ana"])
    batch: str = Field(examples=["summer"])
    expires_in: int = Field(description="Seconds in which the uploads must begin.", examples=[3600])
    files: list[UploadForm]


class SealIn(Model):
    """Accepted from programs of earlier releases: a batch has the images that the bucket holds, from every client."""

    image_ids: list[Annotated[str, Field(pattern="^[a-z2-7]{32}$", examples=[IMAGE_ID])]] = Field(
        default=[], max_length=50_000, description="Not used."
    )


class BatchOut(Model):
    """A batch. Counts are of images that are done; `expected` is known once it is sealed."""

    owner: str = Field(examples=["ana"])
    name: str = Field(examples=["summer"])
    recipe: str | None = Field(examples=["web"])
    created_at: str = Field(examples=["2026-11-20T09:00:00.000Z"])
    sealed_at: str | None = Field(examples=["2026-11-20T09:00:30.000Z"])
    completed_at: str | None = Field(examples=["2026-11-20T09:01:00.000Z"])
    expected: int | None = Field(examples=[120])


class BatchDetail(BatchOut):
    ready: int = Field(examples=[118])
    failed: int = Field(examples=[2])
    deleted: int = Field(examples=[0])
    failed_by_cause: dict[str, int] = Field(examples=[{"truncated": 2}])
    time_left: "TimeLeftOut" = Field(description="Of a sealed batch, at the fleet's present rate.")

    @classmethod
    def counted(cls, batch: Batch, counts: Counts, left: TimeLeft) -> "BatchDetail":
        return cls(
            **batch_fields(batch),
            ready=counts.ready,
            failed=counts.failed,
            deleted=counts.deleted,
            failed_by_cause=counts.failed_by_cause,
            time_left=TimeLeftOut.of(left),
        )


class BatchPage(Model):
    batches: list[BatchOut]
    next: str | None = Field(examples=[None])


class FleetOut(Model):
    """What runs and how it goes. What nobody knows is null, never a guess."""

    overview: Overview


class FleetHistoryOut(Model):
    """Lines over one time axis. What is unknown is null; a lane of which nothing is known is left out."""

    start: str = Field(description="When the first step begins.", examples=["2026-11-20T08:00:00.000Z"])
    step: int = Field(description="Seconds.", examples=[30])
    steps: int = Field(examples=[120])
    charts: dict[str, dict[str, list[float | int | None]]] = Field(
        description="By `finished` (images a second), `waiting`, `in_flight` (messages), `oldest` (seconds) and "
        "`workers`; in each by lane.",
        examples=[{"finished": {"bulk": [0, 4.2]}, "waiting": {"bulk": [120, 0]}}],
    )


class TimeLeftOut(Model):
    """Seconds until the rest is finished, with a range; null where too few images are finished to say."""

    per_second: float | None = Field(description="Images a second.", examples=[15.8])
    seconds: float | None = Field(examples=[300.0])
    shortest: float | None = Field(examples=[280.0])
    longest: float | None = Field(examples=[340.0])

    @classmethod
    def of(cls, left: TimeLeft) -> "TimeLeftOut":
        return cls(**asdict(left))


class Group(Model):
    """Failures that share a cause."""

    cause: str = Field(examples=["out_of_memory"])
    count: int = Field(examples=[12])
    more: bool = Field(description="Whether there are more than were counted.", examples=[False])
    oldest: str = Field(examples=["2026-11-20T09:00:00.000Z"])
    newest: str = Field(examples=["2026-11-20T09:10:00.000Z"])
    message: str = Field(examples=["the worker was killed: not enough memory"])
    examples: list[str] = Field(description="Ids of some of these images.", examples=[[IMAGE_ID]])


class FailuresOut(Model):
    """Failures by cause. Of each cause 1,000 are counted; `complete` is false where there are more of any."""

    groups: list[Group]
    complete: bool
    dead_letters: dict[str, int] = Field(examples=[{"uploads": 0, "bulk": 0, "heavy": 0}])


class RedriveIn(Model):
    """Which failed images to send again. Without a cause: those that the system failed."""

    cause: Cause | None = None
    batch: str | None = Field(None, min_length=1, max_length=128, examples=["summer"])
    owner: str | None = Field(None, min_length=1, max_length=64, examples=["ana"])
    lane: Lane | None = None
    limit: int | None = Field(None, ge=1, le=10_000_000, description="At most so many.", examples=[1000])
    canary: int | None = Field(
        None, ge=1, le=100, description="Send so many first, and stop if any of them fails again.", examples=[5]
    )


class PreviewOut(Model):
    """What a redrive would take. `complete` is false where more than 1,000 failed images would have to be looked at."""

    count: int = Field(examples=[12])
    complete: bool = Field(examples=[True])
    by_cause: dict[str, int] = Field(examples=[{"crashed": 12}])
    by_owner: dict[str, int] = Field(examples=[{"ana": 12}])
    examples: list[str] = Field(description="Ids of some of these images.", examples=[[IMAGE_ID]])


class PurgeIn(Model):
    """Which dead letters to delete; left out, all."""

    cause: Cause | None = None
    lane: Lane | None = None


class LinkIn(Model):
    variant: str = Field(max_length=100, examples=["optimized"])
    seconds: int = Field(3600, ge=60, le=7 * 86_400, description="How long the link is good.", examples=[3600])


class LinkOut(Model):
    url: str = Field(description="Whoever has it sees the variant.", examples=["https://..."])
    expires_in: int = Field(description="Seconds.", examples=[3600])


class BackgroundTaskOut(Model):
    """Long work, or what became of it."""

    id: str = Field(examples=["20261120T090000Z-5f3a9c"])
    kind: str = Field(examples=["redrive"])
    who: str = Field(examples=["olga"])
    on: str = Field(description="What it is done to, for people.", examples=["cause out_of_memory"])
    state: str = Field(
        description="running, done, stopped (a canary failed again), failed, or interrupted (may be repeated).",
        examples=["running"],
    )
    message: str = Field(examples=["120 jobs sent"])
    counts: dict[str, int] = Field(examples=[{"sent": 120, "refused": 0, "no_longer_failed": 3}])
    started_at: str = Field(examples=["2026-11-20T09:00:00.000Z"])
    updated_at: str = Field(examples=["2026-11-20T09:00:12.000Z"])


class BackgroundTasksOut(Model):
    tasks: list[BackgroundTaskOut]


class ActivityPage(Model):
    actions: list[Action]
    next: str | None = Field(examples=[None])


class Health(Model):
    status: str = Field(examples=["ok"])


Day = Annotated[date | None, Field(description="A day, as 2026-11-20, in UTC.")]


def task_out(task: BackgroundTask) -> BackgroundTaskOut:
    return BackgroundTaskOut(**task.model_dump(mode="json"))


def batch_fields(batch: Batch) -> dict[str, Any]:
    return {
        "owner": batch.owner,
        "name": batch.name,
        "recipe": batch.recipe.name if batch.recipe else None,
        "created_at": batch.created_at,
        "sealed_at": batch.sealed_at,
        "completed_at": batch.completed_at,
        "expected": batch.expected,
    }


def _summary(image: Image) -> dict[str, Any]:
    same = ("image_id", "owner", "batch", "status", "cause", "message", "format", "width", "height", "bytes")
    fields = {name: getattr(image, name) for name in (*same, "placeholder", "uploaded_at", "finished_at")}
    variants = [VariantOut.of(image.image_id, variant) for variant in image.variants]
    return fields | {"name": image.path, "variants": variants}
