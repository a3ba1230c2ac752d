"""The end of an attempt in the record, as pure functions: ready, failed, or back to the existing results."""

from datetime import datetime
from typing import Any, Final

from pixelfleet.domain.attempts import Aim, Failure, Refusal, Success, sequencer_of
from pixelfleet.domain.kept_revisions import replaced_by
from pixelfleet.domain.records import AttemptLine, Image, NoticeKind, Status, counted_in_batch, shorten
from pixelfleet.errors import Cause

#: The line in the history of an image that goes back to the results that it had.
REPROCESSING_FAILED = "processing again failed"
#: The outcome of such an image in counts of finished images, before its cause.
REPROCESSING_FAILED_AS = "reprocessing_failed:"
#: Lines in the history of an image that gave it its present results, or left it its earlier results.
_OF_READY: Final = frozenset({"ready", "made current", REPROCESSING_FAILED})
CRASHED = "no attempt reported an end: the worker or its host died each time while it worked on the image"


def record_ready(
    image: Image | None, aim: Aim, success: Success, at: str, *, keep: bool = False, until: str | None = None
) -> Image | Refusal:
    """Name the stored variants as this image's. The first record of one revision wins; a superseded record is refused.

    `keep`: the results that were current until now are kept, at least `until` this time; see `kept_revisions.py`.
    """
    if image is None:
        return Refusal.UNKNOWN
    if not still_aimed_at(image, aim):
        return Refusal.SUPERSEDED
    if image.status is Status.READY and image.revision == aim.revision:
        return Refusal.DONE
    image = replaced_by(image, aim.revision, at, keep=keep, until=until)
    ready = {
        **success.facts,
        "status": Status.READY,
        "revision": aim.revision,
        "revision_source": image.source_version,
        "revision_recipe": aim.recipe,
        "variants": success.variants,
        "cause": None,
        "message": None,
        "timings_ms": success.timings_ms,
        "attempt_log": image.logged(line(aim, "ready", at)),
    }
    return settled(image, ready, NoticeKind.IMAGE_READY, at)


def record_failed(image: Image | None, aim: Aim, failure: Failure, at: str) -> Image | Refusal:
    """Settle the attempt as failed; the first outcome of one claim stands."""
    if image is None:
        return Refusal.UNKNOWN
    if not still_aimed_at(image, aim):
        return Refusal.SUPERSEDED
    if image.status is not Status.PROCESSING:
        return Refusal.DONE
    return settle_failed(image, aim, failure, at)


def attempts_used_up(image: Image, aim: Aim, at: str) -> Image:
    """Settle an image whose last attempt left no outcome: with the last noted cause, or as crashed."""
    failure = Failure(image.cause or Cause.CRASHED, image.message or CRASHED)
    return settle_failed(image, aim, failure, at, "attempts used up")


def settle_failed(image: Image, aim: Aim, failure: Failure, at: str, what: str = "failed") -> Image:
    """`failed`; or `ready` as before, if the results of the object's present version are there.

    Those results are as good as before the image was processed again, so the image goes back to them: with a line in
    its history, and a notice that the processing failed.
    """
    if image.revision is not None and image.revision_source == image.source_version:
        return _back_to_ready(image, aim, failure, at)
    failed = {
        **(failure.facts or {}),
        "status": Status.FAILED,
        "cause": failure.cause,
        "message": shorten(failure.message),
        "attempt_log": image.logged(line(aim, what, at, failure)),
    }
    return settled(image, failed, NoticeKind.IMAGE_FAILED, at)


def still_aimed_at(image: Image, aim: Aim) -> bool:
    return image.target == aim.revision and image.sequencer <= sequencer_of(aim.job, image)


def line(aim: Aim, what: str, at: str, failure: Failure | None = None) -> AttemptLine:
    """One line of the history. An attempt's end has its duration, from the claim."""
    return AttemptLine(
        at=at,
        what=what,
        worker=aim.worker,
        recipe=aim.recipe.name,
        cause=failure.cause if failure else None,
        message=shorten(failure.message) if failure else "",
        origin=aim.job.origin.value,
        duration_ms=_milliseconds(aim.at, at),
    )


def outcome_of(image: Image) -> str:
    """The outcome of a settled image as statistics count it: as batches do, but with failures of processing again."""
    last = line_of_outcome(image) if image.status is Status.READY else None
    if last is not None and last.what == REPROCESSING_FAILED:
        return f"{REPROCESSING_FAILED_AS}{last.cause}"
    return image.counted or image.status.value


def line_of_outcome(image: Image) -> AttemptLine | None:
    """The line of a ready image's outcome in its history. Other lines may follow, such as that of an alias."""
    return next((line for line in reversed(image.attempt_log) if line.what in _OF_READY), None)


def _back_to_ready(image: Image, aim: Aim, failure: Failure, at: str) -> Image:
    ready = {
        "status": Status.READY,
        "target": image.revision,
        "superseded": image.superseding(image.target, kept=image.revision),
        "recipe": image.revision_recipe or image.recipe,
        # The recipe that failed is not tried again by itself.
        "chosen_recipe": image.revision_recipe if image.chosen_recipe else None,
        "cause": None,
        "message": None,
        "attempt_log": image.logged(line(aim, REPROCESSING_FAILED, at, failure)),
    }
    return settled(image, ready, NoticeKind.REPROCESSING_FAILED, at)


def settled(image: Image, update: dict[str, Any], notice: NoticeKind, at: str) -> Image:
    """The record with a new outcome: counted, with a notice that is still to be published."""
    after = image.model_copy(update=update)
    counted = counted_in_batch(after)
    # The version is that of the record before this write: no two outcomes share one.
    return after.model_copy(update={"notice": notice, "outcome": image.version, "counted": counted, "finished_at": at})


def _milliseconds(since: str, until: str) -> int | None:
    """Between two timestamps; None if one of them is missing."""
    try:
        return round((datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds() * 1000)
    except (ValueError, TypeError):
        return None
