"""The life of an image as pure functions: record and event in, new record or refusal out.

Nothing here talks to DynamoDB. `Images` applies a transition to the record that it read and writes the outcome on
the condition that nobody wrote in between, else reads and applies again; so each rule below holds whatever the
order, number and speed of the workers.
"""

from dataclasses import dataclass
from enum import StrEnum

from pixelfleet.domain.jobs import Job, Lane, Origin
from pixelfleet.domain.records import (
    AttemptLine,
    Image,
    NoticeKind,
    RecipeRef,
    Status,
    Variant,
    counted_as,
    pad_sequencer,
    shorten,
)
from pixelfleet.errors import Cause

#: Jobs that someone asked for: they pass a record that is already failed.
ASKED_FOR = frozenset({Origin.REDRIVE, Origin.REPROCESS, Origin.RECONCILE})


class Refusal(StrEnum):
    """Why a change was not made. None of these is an error."""

    SUPERSEDED = "superseded"
    DONE = "done"
    EXHAUSTED = "exhausted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Aim:
    """What an attempt is for: the job, its recipe, the revision that both make; who tries, when, on which lane."""

    job: Job
    recipe: RecipeRef
    revision: str
    worker: str
    at: str
    lane: Lane = Lane.BULK


@dataclass(frozen=True, slots=True)
class Success:
    """What a successful attempt found and made. Durations in milliseconds by step."""

    variants: tuple[Variant, ...]
    facts: dict[str, object]
    timings_ms: dict[str, int]


@dataclass(frozen=True, slots=True)
class Failure:
    cause: Cause
    message: str
    facts: dict[str, object] | None = None


def sequencer_of(job: Job, image: Image | None) -> str:
    """The job's own, or, for a sender that read none from an event, the stored one."""
    if job.sequencer is None and image is not None:
        return image.sequencer
    return pad_sequencer(job.sequencer)


def claim(image: Image | None, aim: Aim, max_attempts: int) -> Image | Refusal:
    """Start an attempt. A record whose attempts are used up comes back as `failed` instead of `processing`."""
    if image is None:
        image = _first_seen(aim)
    sequencer = sequencer_of(aim.job, image)
    if image.sequencer > sequencer:
        return Refusal.SUPERSEDED
    refusal = _settled(image, aim)
    if refusal is not None:
        return refusal
    again = image.status is Status.PROCESSING and image.target == aim.revision
    if again and image.attempts >= max_attempts:
        return _exhausted(image, aim)
    return image.model_copy(
        update={
            "status": Status.PROCESSING,
            "sequencer": sequencer,
            "source_version": aim.job.source_version,
            "version_id": aim.job.version_id,
            "etag": aim.job.etag,
            "bytes": aim.job.bytes if aim.job.bytes is not None else image.bytes,
            "target": aim.revision,
            "lane": aim.lane,
            "recipe": aim.recipe,
            "attempts": image.attempts + 1 if again else 1,
            "attempt_log": image.logged(_line(aim, "claimed")),
            "cause": image.cause if again else None,
            "message": image.message if again else None,
            "uploaded_at": image.uploaded_at or aim.at,
        }
    )


def record_ready(image: Image | None, aim: Aim, outcome: Success) -> Image | Refusal:
    """Name the stored variants as this image's. The first to record one revision wins; a superseded one is refused."""
    if image is None:
        return Refusal.UNKNOWN
    if not _still_wanted(image, aim):
        return Refusal.SUPERSEDED
    if image.status is Status.READY and image.revision == aim.revision:
        return Refusal.DONE
    left_behind = {image.revision} if image.revision else set()
    settled = image.model_copy(
        update={
            **outcome.facts,
            "status": Status.READY,
            "revision": aim.revision,
            "superseded": tuple(sorted((set(image.superseded) | left_behind) - {aim.revision})),
            "variants": outcome.variants,
            "cause": None,
            "message": None,
            "timings_ms": outcome.timings_ms,
            "attempt_log": image.logged(_line(aim, "ready")),
        }
    )
    return _announced(settled, NoticeKind.IMAGE_READY, aim.at)


def record_failed(image: Image | None, aim: Aim, failure: Failure) -> Image | Refusal:
    """Settle the image as failed; a `ready` of the same revision stands."""
    if image is None:
        return Refusal.UNKNOWN
    if not _still_wanted(image, aim):
        return Refusal.SUPERSEDED
    if image.revision == aim.revision and image.status is not Status.FAILED:
        return Refusal.DONE
    settled = image.model_copy(
        update={
            **(failure.facts or {}),
            "status": Status.FAILED,
            "cause": failure.cause,
            "message": shorten(failure.message),
            "attempt_log": image.logged(_line(aim, "failed", failure.cause)),
        }
    )
    return _announced(settled, NoticeKind.IMAGE_FAILED, aim.at)


def note_transient(image: Image | None, aim: Aim, failure: Failure) -> Image | Refusal:
    """Keep the cause of a failure that will be tried again, for the one who finds the attempts used up."""
    if image is None:
        return Refusal.UNKNOWN
    if image.status is not Status.PROCESSING or not _still_wanted(image, aim):
        return Refusal.SUPERSEDED
    line = _line(aim, "will retry", failure.cause)
    update = {"cause": failure.cause, "message": shorten(failure.message), "attempt_log": image.logged(line)}
    return image.model_copy(update=update)


def hand_back(image: Image | None, aim: Aim) -> Image | Refusal:
    """Return the attempt of a job that was interrupted cleanly, so that shutting down costs the image nothing."""
    if image is None:
        return Refusal.UNKNOWN
    if image.status is not Status.PROCESSING or not _still_wanted(image, aim):
        return Refusal.SUPERSEDED
    line = _line(aim, "handed back")
    return image.model_copy(update={"attempts": max(image.attempts - 1, 0), "attempt_log": image.logged(line)})


def queue_again(
    image: Image | None,
    at: str,
    who: str,
    origin: Origin,
    recipe: RecipeRef | None,
    selected: Image | None = None,
) -> Image | Refusal:
    """Mark the image `queued` for another attempt. Reprocessing and reconcile take any image.

    A redrive takes only a failed image whose history is still that of `selected`, the record that the redrive read: its
    job is sent before the record is marked, and a quick worker has already used the job if the history has grown.
    """
    if image is None or image.status is Status.DELETED:
        return Refusal.UNKNOWN
    if origin is Origin.REDRIVE and image.status is not Status.FAILED:
        return Refusal.DONE
    if origin is Origin.REDRIVE and selected is not None and image.attempt_log != selected.attempt_log:
        return Refusal.DONE
    line = AttemptLine(
        at=at, what="queued", worker=who, recipe=(recipe or image.recipe or _NO_RECIPE).name, origin=origin
    )
    return image.model_copy(
        update={
            "status": Status.QUEUED,
            "attempts": 0,
            "chosen_recipe": recipe or image.chosen_recipe,
            "attempt_log": image.logged(line),
        }
    )


def uncount(image: Image | None, etag: str | None) -> Image | Refusal:
    """Take an outcome out of its batch's count, if that outcome is not of the object that the bucket holds now.

    `etag` is that of the object in the bucket. The image is counted again when its present version is made. A batch
    that is sealed while a changed file is on its way would otherwise complete by the file's old version.
    """
    if image is None or image.counted is None:
        return Refusal.DONE
    settled = image.status in (Status.READY, Status.FAILED)
    if settled and (etag is None or image.etag in (None, etag)):
        return Refusal.DONE
    return image.model_copy(update={"counted": None})


def remove(image: Image | None, job: Job, at: str, worker: str) -> Image | Refusal:
    """Leave a tombstone; every revision that was ever named is listed in `superseded`, to be deleted."""
    sequencer = sequencer_of(job, image)
    if image is None:
        place = job.place
        image = Image(
            image_id=job.image_id,
            bucket=job.bucket,
            key=job.key,
            owner=place.owner,
            batch=place.batch,
            status=Status.DELETED,
        )
    elif image.sequencer > sequencer:
        return Refusal.SUPERSEDED
    elif image.status is Status.DELETED and image.sequencer == sequencer:
        return Refusal.DONE
    named = {image.revision, image.target} - {None}
    line = AttemptLine(at=at, what="deleted", worker=worker, origin=job.origin)
    return image.model_copy(
        update={
            "status": Status.DELETED,
            "sequencer": sequencer,
            "superseded": tuple(sorted(set(image.superseded) | {revision for revision in named if revision})),
            "revision": None,
            "target": None,
            "variants": (),
            "counted": counted_as(Status.DELETED, None),
            "notice": None,
            "cause": None,
            "message": None,
            "uploaded_at": image.uploaded_at or at,
            "finished_at": at,
            "attempt_log": image.logged(line),
        }
    )


def announce(image: Image | None, notice_id: str) -> Image | Refusal:
    """Strike the pending notice off, if it is still the one that was published."""
    if image is None or image.notice is None or image.notice_id != notice_id:
        return Refusal.DONE
    return image.model_copy(update={"notice": None})


def strike_off(image: Image | None, revisions: frozenset[str]) -> Image | Refusal:
    """Forget superseded revisions whose objects are deleted."""
    if image is None or not revisions & set(image.superseded):
        return Refusal.DONE
    return image.model_copy(update={"superseded": tuple(r for r in image.superseded if r not in revisions)})


_NO_RECIPE = RecipeRef(name="", digest="")


def _first_seen(aim: Aim) -> Image:
    place = aim.job.place
    return Image(
        image_id=aim.job.image_id,
        bucket=aim.job.bucket,
        key=aim.job.key,
        owner=place.owner,
        batch=place.batch,
        status=Status.QUEUED,
        uploaded_at=aim.at,
    )


def _settled(image: Image, aim: Aim) -> Refusal | None:
    """A redelivery of what is already decided."""
    if image.target != aim.revision:
        return None
    if image.status is Status.READY:
        return Refusal.DONE
    if image.status is Status.FAILED and aim.job.origin not in ASKED_FOR:
        return Refusal.DONE if image.cause is None or image.cause.blames_image else Refusal.EXHAUSTED
    return None


def _exhausted(image: Image, aim: Aim) -> Image:
    cause = image.cause or Cause.CRASHED
    message = image.message or "every attempt ended without a word: the worker or its host died while it worked on it"
    settled = image.model_copy(
        update={
            "status": Status.FAILED,
            "cause": cause,
            "message": message,
            "attempt_log": image.logged(_line(aim, "attempts used up", cause)),
        }
    )
    return _announced(settled, NoticeKind.IMAGE_FAILED, aim.at)


def _still_wanted(image: Image, aim: Aim) -> bool:
    return image.target == aim.revision and image.sequencer <= sequencer_of(aim.job, image)


def _announced(image: Image, notice: NoticeKind, at: str) -> Image:
    counted = counted_as(image.status, image.cause)
    return image.model_copy(update={"notice": notice, "counted": counted, "finished_at": at})


def _line(aim: Aim, what: str, cause: Cause | None = None) -> AttemptLine:
    return AttemptLine(
        at=aim.at, what=what, worker=aim.worker, recipe=aim.recipe.name, cause=cause, origin=aim.job.origin.value
    )
