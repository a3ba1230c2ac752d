"""Lazy variants in an image's record, as pure functions: made, queued, or failed with a cause.

Each change names the revision that it is for. A revision that was replaced meanwhile gets nothing: SUPERSEDED.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pixelfleet.domain.attempts import Failure, Refusal
from pixelfleet.domain.jobs import Job, JobKind, Origin
from pixelfleet.domain.records import Image, LazyNote, Status, StoredVariant, shorten

#: After this time a job that left nothing counts as lost, and a fault of the machine as over.
NOTED_FOR: Final = timedelta(minutes=10)


def record_lazy(
    image: Image | None, results: str, made: Sequence[StoredVariant], order: Sequence[str]
) -> Image | Refusal:
    """Add the files of one lazy variant to those of the revision, at the place that the recipe's `order` gives it.

    DONE if the revision has the variant: a second attempt at it stored the same bytes under the same keys. Nothing else
    changes: the image has no new outcome, and its batch counts nothing.
    """
    refused = _refused(image, results, made[0].name)
    if image is None or refused is not None:
        return refused or Refusal.UNKNOWN
    places = {name: place for place, name in enumerate(order)}
    # A sort is stable, so that the formats of a variant stay in their order.
    variants = sorted((*image.variants, *made), key=lambda one: places.get(one.name, len(places)))
    return image.model_copy(
        update={"variants": tuple(variants), "lazy_notes": _other_notes(image, results, made[0].name)}
    )


def note_lazy(
    image: Image | None, results: str, variant: str, at: str, failure: Failure | None = None
) -> Image | Refusal:
    """Note that a job for the variant is being sent, or how the variant failed.

    Of two requests that would send a job, the second is refused with DONE as long as the note of the first counts.
    """
    refused = _refused(image, results, variant)
    if image is None or refused is not None:
        return refused or Refusal.UNKNOWN
    if failure is None and noted(image, variant, at) is not None:
        return Refusal.DONE
    note = LazyNote(
        variant=variant,
        revision=results,
        at=at,
        cause=failure.cause if failure else None,
        message=shorten(failure.message) if failure else "",
    )
    return image.model_copy(update={"lazy_notes": (*_other_notes(image, results, variant), note)})


def noted(image: Image, variant: str, at: str) -> LazyNote | None:
    """What is noted of a variant of the present revision. A fault of the image counts for ever, others for a time."""
    for note in image.lazy_notes:
        if (note.variant, note.revision) == (variant, image.revision):
            lasts = note.cause is not None and note.cause.blames_bytes
            return note if lasts or datetime.fromisoformat(at) < datetime.fromisoformat(note.at) + NOTED_FOR else None
    return None


def lazy_job(image: Image, variant: str) -> Job:
    """The job that makes one lazy variant of the present revision."""
    return Job(
        JobKind.VARIANT,
        image.bucket,
        image.key,
        sequencer=image.sequencer,
        bytes=image.bytes,
        origin=Origin.REQUEST,
        variant=variant,
        revision=image.revision,
    )


def _refused(image: Image | None, results: str, variant: str) -> Refusal | None:
    if image is None or image.status is Status.DELETED:
        return Refusal.UNKNOWN
    if image.revision != results:
        return Refusal.SUPERSEDED
    return Refusal.DONE if any(one.name == variant for one in image.variants) else None


def _other_notes(image: Image, results: str, variant: str) -> tuple[LazyNote, ...]:
    """Without the notes of this variant and of earlier revisions."""
    return tuple(note for note in image.lazy_notes if note.revision == results and note.variant != variant)
