"""Lazy variants in the record: on the condition of the revision, once, and without a new outcome."""

from collections.abc import Callable
from typing import Any

import pytest

from pixelfleet.domain.attempts import Failure, Refusal
from pixelfleet.domain.jobs import JobKind, Lane, Origin, decode_message, encode_message, lane_for
from pixelfleet.domain.lazy_variants import lazy_job, note_lazy, noted, record_lazy
from pixelfleet.domain.records import Image, LazyNote, Status, StoredVariant
from pixelfleet.errors import Cause
from tests.fakes.records import image_of

NOW, LATER = "2026-11-02T00:00:00.000Z", "2026-11-02T00:10:00.000Z"
REVISION = "ab" * 16
ORDER = ("thumb", "card", "optimized", "enhanced")


def image(**changes: Any) -> Image:
    return image_of("ana", "b", 1).model_copy(update=changes)


def card(extension: str = "webp") -> StoredVariant:
    return StoredVariant(
        name="card", key=f"ana/x/{REVISION}/card.{extension}", format=extension, width=80, height=60, bytes=9,
        content_type=f"image/{extension}",
    )  # fmt: skip


def test_a_made_variant_has_its_place_in_the_recipe_and_changes_nothing_else() -> None:
    before = image(notice=None, lazy_notes=(LazyNote(variant="card", revision=REVISION, at=NOW),))
    after = record_lazy(before, REVISION, [card("avif"), card("webp")], ORDER)
    assert isinstance(after, Image)
    assert [(one.name, one.format) for one in after.variants][:3] == [
        ("thumb", "webp"), ("card", "avif"), ("card", "webp"),
    ]  # fmt: skip
    assert after.lazy_notes == ()
    assert after.model_copy(update={"variants": before.variants, "lazy_notes": before.lazy_notes}) == before


@pytest.mark.parametrize("status", [Status.PROCESSING, Status.QUEUED, Status.FAILED])
def test_an_image_that_is_processed_again_still_gets_variants_of_its_present_revision(status: Status) -> None:
    assert isinstance(record_lazy(image(status=status), REVISION, [card()], ORDER), Image)


def test_another_revision_and_a_removed_image_get_nothing() -> None:
    changes: list[Callable[[Image | None], Image | Refusal]] = [
        lambda one: record_lazy(one, REVISION, [card()], ORDER),
        lambda one: note_lazy(one, REVISION, "card", NOW),
        lambda one: note_lazy(one, REVISION, "card", NOW, Failure(Cause.UNREADABLE, "x")),
    ]
    for change in changes:
        assert change(image(revision="cd" * 16)) is Refusal.SUPERSEDED
        assert change(image(status=Status.DELETED)) is Refusal.UNKNOWN
        assert change(None) is Refusal.UNKNOWN


def test_the_second_record_of_a_variant_is_refused() -> None:
    once = record_lazy(image(), REVISION, [card()], ORDER)
    assert isinstance(once, Image)
    assert record_lazy(once, REVISION, [card()], ORDER) is Refusal.DONE
    assert note_lazy(once, REVISION, "card", NOW) is Refusal.DONE


def test_a_job_is_noted_once_until_it_counts_as_lost() -> None:
    first = note_lazy(image(), REVISION, "card", NOW)
    assert isinstance(first, Image)
    assert note_lazy(first, REVISION, "card", "2026-11-02T00:09:59.000Z") is Refusal.DONE
    again = note_lazy(first, REVISION, "card", LATER)
    assert isinstance(again, Image)
    assert [note.at for note in again.lazy_notes] == [LATER]


def test_a_fault_of_the_image_is_noted_for_ever_and_a_fault_of_the_machine_for_a_time() -> None:
    queued = note_lazy(image(), REVISION, "card", NOW)
    assert isinstance(queued, Image)
    for cause, lasts in ((Cause.PAGE_MISSING, True), (Cause.CRASHED, False), (Cause.ARCHIVED, False)):
        failed = note_lazy(queued, REVISION, "card", NOW, Failure(cause, "why"))
        assert isinstance(failed, Image)
        note = noted(failed, "card", NOW)
        assert note is not None
        assert (note.cause, note.message) == (cause, "why")
        assert (noted(failed, "card", LATER) is not None) == lasts
        assert len(failed.lazy_notes) == 1


def test_notes_of_an_earlier_revision_do_not_count_and_leave_the_record() -> None:
    before = image(lazy_notes=(LazyNote(variant="card", revision="cd" * 16, at=NOW, cause=Cause.UNREADABLE),))
    assert noted(before, "card", NOW) is None
    after = note_lazy(before, REVISION, "other", NOW)
    assert isinstance(after, Image)
    assert [note.variant for note in after.lazy_notes] == ["other"]


def test_the_job_names_variant_and_revision_and_is_unchanged_by_its_message() -> None:
    job = lazy_job(image(bytes=70_000_000), "card")
    assert (job.kind, job.origin, job.variant, job.revision) == (JobKind.VARIANT, Origin.REQUEST, "card", REVISION)
    assert decode_message(encode_message(job, Lane.BULK)) == job
    assert lane_for(job, 64_000_000) is Lane.HEAVY
