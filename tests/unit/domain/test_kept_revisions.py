"""Earlier results are kept, made current again without rendering, and expired; counters and notices stay right."""

from dataclasses import replace

import pytest

from pixelfleet.domain import transitions
from pixelfleet.domain.jobs import Origin
from pixelfleet.domain.records import MOST_KEPT, Image, NoticeKind, RecipeRef, Status, StoredVariant
from pixelfleet.domain.transitions import Refusal, Success
from tests.unit.domain.image_states import ENDED, MAX_ATTEMPTS, aim, announced, claimed, ready, removed

LATER = "2026-11-21T12:00:00.000Z"


def zoom(number: int = 2) -> RecipeRef:
    return RecipeRef(name="zoom", digest=f"d{number}")


def made_by(image: Image, recipe: RecipeRef, *, version: str = "v1", sequencer: str = "05", keep: bool = True) -> Image:
    """The image after it was made again by another recipe, or of another version, and announced."""
    by = replace(aim(sequencer, version, Origin.REPROCESS, recipe), at=ENDED)
    after = claimed(image.model_copy(update={"version": image.version + 1}), by)
    by = by.claimed(after)
    variant = StoredVariant(
        name="thumb", key=f"me/x/{by.revision}/t", format="webp", width=1, height=1, bytes=7, content_type="image/webp"
    )
    outcome = Success((variant,), {"width": 10}, {})
    recorded = transitions.record_ready(after, by, outcome, ENDED, keep=keep)
    assert isinstance(recorded, Image)
    return announced(recorded)


@pytest.fixture
def first() -> Image:
    return announced(ready())


def test_results_are_kept_only_if_the_deployment_keeps_revisions(first: Image) -> None:
    kept = made_by(first, zoom())
    assert [(one.results, one.recipe, one.superseded_at) for one in kept.kept_revisions] == [
        (first.revision, first.recipe, ENDED)
    ]
    assert kept.superseded == ()
    dropped = made_by(first, zoom(), keep=False)
    assert (dropped.kept_revisions, dropped.superseded) == ((), (first.revision,))


def test_results_of_the_same_work_are_not_kept_twice(first: Image) -> None:
    back = made_by(made_by(first, zoom()), first.recipe or zoom())
    assert [one.recipe for one in back.kept_revisions] == [zoom()]
    assert back.superseded == (first.revision,)


def test_a_record_keeps_a_few_revisions_and_lists_the_oldest_to_be_deleted(first: Image) -> None:
    image, names = first, []
    for number in range(2, MOST_KEPT + 4):
        names.append(image.revision)
        image = made_by(image, zoom(number))
    assert [one.results for one in image.kept_revisions] == names[-MOST_KEPT:]
    assert list(image.superseded) == names[:-MOST_KEPT]


def test_results_of_another_version_of_the_object_are_never_kept(first: Image) -> None:
    kept = made_by(first, zoom())
    newer = made_by(kept, zoom(), version="v2", sequencer="06")
    assert newer.kept_revisions == ()
    assert set(newer.superseded) == {first.revision, kept.revision}


def test_kept_results_are_made_current_again_and_the_present_results_are_kept_instead(first: Image) -> None:
    present = made_by(first, zoom())
    stored = present.model_copy(update={"version": present.version + 1})
    after = transitions.make_current(stored, first.revision or "", LATER, "anna")
    assert isinstance(after, Image)
    assert (after.revision, after.target, after.variants) == (first.revision, first.revision, first.variants)
    assert after.recipe == after.revision_recipe == after.chosen_recipe == first.recipe
    assert [(one.results, one.superseded_at) for one in after.kept_revisions] == [(present.revision, LATER)]
    assert (after.status, after.counted, after.superseded) == (Status.READY, present.counted, ())
    # The notice has an id of its own, so that no receiver takes the notice for a notice of an earlier outcome.
    assert after.notice is NoticeKind.IMAGE_READY
    assert len({first.notice_id, present.notice_id, after.notice_id}) == 3
    assert (after.attempt_log[-1].what, after.attempt_log[-1].worker) == ("made current", "anna")
    # The event of the object is delivered once more: the work is done already, so nothing is rendered.
    by = aim(recipe=first.recipe or zoom())
    assert transitions.claim(announced(after), by, MAX_ATTEMPTS) is Refusal.DONE


def test_results_are_not_made_current_if_they_are_not_kept_or_the_image_is_under_way(first: Image) -> None:
    present = made_by(first, zoom())
    older = first.revision or ""
    assert transitions.make_current(None, older, LATER, "anna") is Refusal.UNKNOWN
    assert transitions.make_current(present, "none", LATER, "anna") is Refusal.UNKNOWN
    assert transitions.make_current(present, present.revision or "", LATER, "anna") is Refusal.DONE
    again = transitions.queue_again(present, LATER, "anna", Origin.REPROCESS, None)
    assert transitions.make_current(again, older, LATER, "anna") is Refusal.UNFINISHED  # type: ignore[arg-type]
    pending = present.model_copy(update={"notice": NoticeKind.IMAGE_READY})
    assert transitions.make_current(pending, older, LATER, "anna") is Refusal.UNFINISHED
    gone = removed(present)
    assert transitions.make_current(gone, older, LATER, "anna") is Refusal.UNKNOWN
    assert (gone.kept_revisions, set(gone.superseded)) == ((), {first.revision, present.revision})


def test_a_late_attempt_neither_records_nor_lists_kept_results(first: Image) -> None:
    present = made_by(first, zoom())
    older = first.revision or ""
    assert transitions.supersede(present, older) is Refusal.DONE
    assert older in present.named_results
    back = transitions.make_current(present, older, LATER, "anna")
    assert isinstance(back, Image)
    late = aim(recipe=zoom()).claimed(present)
    assert transitions.record_ready(back, late, Success((), {}, {}), LATER, keep=True) is Refusal.SUPERSEDED


def test_expired_results_are_listed_and_cannot_be_made_current_again(first: Image) -> None:
    present = made_by(first, zoom())
    older = first.revision or ""
    after = transitions.expire(present, older)
    assert isinstance(after, Image)
    assert (after.kept_revisions, after.superseded, after.revision) == ((), (older,), present.revision)
    assert transitions.make_current(after, older, LATER, "anna") is Refusal.UNKNOWN
    assert transitions.expire(after, older) is Refusal.DONE
    assert transitions.expire(present, present.revision or "") is Refusal.DONE
