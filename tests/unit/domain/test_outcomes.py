"""Outcomes of attempts: the data that a record keeps, and the outcome that is kept."""

from pixelfleet.domain import transitions
from pixelfleet.domain.jobs import Origin
from pixelfleet.domain.outcomes import outcome_of
from pixelfleet.domain.records import (
    ATTEMPT_LOG_LENGTH,
    Alias,
    AliasState,
    Image,
    NoticeKind,
    RecipeRef,
    Status,
)
from pixelfleet.domain.transitions import Failure, Refusal
from pixelfleet.errors import Cause
from tests.unit.domain.image_states import (
    BEGUN,
    BROKEN,
    CRASH,
    ENDED,
    MAX_ATTEMPTS,
    OUTCOME,
    THUMB,
    aim,
    announced,
    claimed,
    failed,
    ready,
    removed,
)

OTHER = RecipeRef(name="print", digest="d2")


def test_a_record_names_the_variants_and_has_a_notice() -> None:
    image = ready()
    assert (image.status, image.variants, image.revision) == (Status.READY, (THUMB,), "v1-d1")
    assert (image.width, image.counted, image.notice) == (10, "ready", NoticeKind.IMAGE_READY)


def test_the_first_of_two_records_of_one_revision_wins() -> None:
    assert transitions.record_ready(ready(), aim(), OUTCOME, ENDED) is Refusal.DONE


def test_a_record_after_a_newer_upload_is_refused() -> None:
    overtaken = claimed(claimed(), aim("06", "v2"))
    assert transitions.record_ready(overtaken, aim(), OUTCOME, ENDED) is Refusal.SUPERSEDED


def test_a_record_after_the_removal_is_refused() -> None:
    assert transitions.record_ready(removed(claimed()), aim(), OUTCOME, ENDED) is Refusal.SUPERSEDED


def test_an_image_that_bulk_passed_on_fails_as_crashed_after_crashes_of_heavy_workers() -> None:
    too_wide = Failure(Cause.TOO_MANY_PIXELS, "more pixels than this lane takes")
    image = transitions.note_transient(claimed(), aim(), too_wide, ENDED)
    assert isinstance(image, Image)
    assert (image.cause, image.attempt_log[-1].cause) == (None, Cause.TOO_MANY_PIXELS)
    settled = transitions.claim(image.model_copy(update={"attempts": MAX_ATTEMPTS}), aim(), MAX_ATTEMPTS)
    assert isinstance(settled, Image)
    assert (settled.status, settled.cause) == (Status.FAILED, Cause.CRASHED)


def test_a_new_revision_lists_the_old_one_as_superseded() -> None:
    image = ready(aim("06", "v2"), announced(ready()))
    assert (image.revision, image.superseded) == ("v2-d1", ("v1-d1",))


def test_failed_never_replaces_ready_of_the_same_revision() -> None:
    assert transitions.record_failed(ready(), aim(), BROKEN, ENDED) is Refusal.DONE


def test_the_folder_of_a_failed_image_is_abandoned_and_an_attempt_that_still_runs_is_refused() -> None:
    image = failed(CRASH).model_copy(update={"version": 3})
    late = aim().claimed(image)
    assert image.target is not None
    abandoned = transitions.abandon(image, image.target)
    assert isinstance(abandoned, Image)
    assert abandoned.superseded == (image.target,)
    assert transitions.record_ready(abandoned, late, OUTCOME, ENDED) is Refusal.SUPERSEDED
    # The image may be tried again, in a new folder.
    again = claimed(announced(abandoned.model_copy(update={"version": 4})), aim(origin=Origin.REDRIVE))
    assert again.target not in (image.target, abandoned.target)


def test_only_the_folder_of_a_failed_image_is_abandoned() -> None:
    settled = ready()
    under_way = claimed()
    for image, folder in ((settled, "v1-d1"), (under_way, "v1-d1"), (failed(), "another"), (None, "v1-d1")):
        assert transitions.abandon(image, folder) is Refusal.DONE


def test_the_failure_of_a_new_version_replaces_the_ready_status_of_the_old_version() -> None:
    newer = aim("06", "v2")
    image = transitions.record_failed(claimed(announced(ready()), newer), newer, BROKEN, ENDED)
    assert isinstance(image, Image)
    assert (image.status, image.revision, image.counted) == (Status.FAILED, "v1-d1", "failed:unreadable")


def test_a_long_foreign_message_is_shortened() -> None:
    message = failed(Failure(Cause.UNREADABLE, "x" * 100_000)).message
    assert message is not None
    assert len(message) == 1_000


def test_the_history_keeps_its_last_lines() -> None:
    image = claimed()
    for _ in range(ATTEMPT_LOG_LENGTH + 5):
        after = transitions.claim(image, aim(), max_attempts=1_000)
        assert isinstance(after, Image)
        image = after
    assert len(image.attempt_log) == ATTEMPT_LOG_LENGTH


def test_a_published_notice_is_cleared_once() -> None:
    image = ready()
    after = announced(image)
    assert after.notice is None
    assert transitions.announce(after, image.notice_id) is Refusal.DONE


def test_announcing_an_earlier_outcome_does_not_clear_the_notice_of_a_later_outcome() -> None:
    first = ready()
    later = first.model_copy(update={"outcome": 3})
    assert transitions.announce(later, first.notice_id) is Refusal.DONE


def test_an_outcome_has_the_end_time_and_the_duration_of_the_attempt() -> None:
    for image in (ready(), failed()):
        assert image.finished_at == ENDED
        assert [(line.what, line.at, line.duration_ms) for line in image.attempt_log] == [
            ("claimed", BEGUN, None),
            (image.status.value, ENDED, 7_700),
        ]


def test_the_first_outcome_of_two_attempts_at_one_claim_is_kept() -> None:
    assert transitions.record_failed(failed(CRASH), aim(), BROKEN, ENDED) is Refusal.DONE


def test_processing_again_that_failed_is_counted_so_although_an_alias_was_noted_after_it() -> None:
    """The worker counts an outcome after it has made the aliases."""
    again = transitions.claim(announced(ready()), aim(origin=Origin.REPROCESS, recipe=OTHER), MAX_ATTEMPTS)
    assert isinstance(again, Image)
    kept = transitions.record_failed(again, aim(origin=Origin.REPROCESS, recipe=OTHER), BROKEN, ENDED)
    assert isinstance(kept, Image)
    alias = Alias(file="thumb.webp", bucket="b", key="a.webp", state=AliasState.TAKEN, problem="taken")
    noted = transitions.set_aliases(kept, kept, (alias,), ENDED)
    assert isinstance(noted, Image)
    assert noted.attempt_log[-1].what == "alias taken"
    assert outcome_of(noted) == "reprocessing_failed:unreadable"


def test_a_pending_notice_is_published_before_the_next_claim() -> None:
    for by in (aim("06", "v2"), aim(recipe=RecipeRef(name="zoom", digest="d2"))):
        assert transitions.claim(ready(), by, MAX_ATTEMPTS) is Refusal.UNFINISHED
