"""Claims, attempts, redeliveries and folders of an image, one rule per test."""

from dataclasses import replace

import pytest

from pixelfleet.domain import transitions
from pixelfleet.domain.jobs import JobKind, Origin
from pixelfleet.domain.records import (
    MOST_SUPERSEDED,
    Image,
    NoticeKind,
    RecipeRef,
    Status,
    as_member,
)
from pixelfleet.domain.transitions import Refusal
from pixelfleet.errors import Cause
from tests.unit.domain.image_states import (
    BEGUN,
    BROKEN,
    CRASH,
    ENDED,
    MAX_ATTEMPTS,
    OUTCOME,
    WEB,
    aim,
    announced,
    claimed,
    failed,
    job,
    ready,
    removed,
)


def test_the_first_claim_makes_the_record_of_its_key() -> None:
    image = claimed()
    assert (image.owner, image.batch, image.path) == ("me", "b1", "cat.jpg")
    assert (image.status, image.attempts, image.counted) == (Status.PROCESSING, 1, None)


def test_claiming_again_counts_the_attempt() -> None:
    assert claimed(claimed()).attempts == 2


def test_a_newer_upload_restarts_the_count_of_attempts() -> None:
    image = claimed(claimed(claimed()), aim("06", "v2"))
    assert (image.attempts, image.source_version) == (1, "v2")


def test_an_older_event_is_refused() -> None:
    newer = claimed(None, aim("06", "v2"))
    assert transitions.claim(newer, aim("05"), MAX_ATTEMPTS) is Refusal.SUPERSEDED


def test_sequencers_of_different_length_are_ordered_as_s3_orders_them() -> None:
    newer = claimed(None, aim("0055AED6DCD90281E6"))
    assert transitions.claim(newer, aim("0055AED6DCD90281E500"), MAX_ATTEMPTS) is Refusal.SUPERSEDED


def test_an_equal_sequencer_is_accepted() -> None:
    assert claimed(claimed(), aim("05")).attempts == 2


def test_a_job_without_a_sequencer_keeps_the_stored_sequencer() -> None:
    image = claimed(announced(failed()), aim(None, origin=Origin.RECONCILE))
    assert image.sequencer == failed().sequencer


def test_a_redelivery_of_a_ready_image_changes_nothing() -> None:
    assert transitions.claim(ready(), aim(), MAX_ATTEMPTS) is Refusal.DONE


def test_a_ready_image_is_processed_again_with_another_recipe() -> None:
    image = claimed(announced(ready()), aim(recipe=RecipeRef(name="zoom", digest="d2")))
    assert (image.status, image.revision, image.target) == (Status.PROCESSING, "v1-d1", "v1-d2")


def test_a_redelivery_of_a_failed_image_changes_nothing() -> None:
    assert transitions.claim(failed(), aim(), MAX_ATTEMPTS) is Refusal.DONE


@pytest.mark.parametrize("origin", [Origin.REDRIVE, Origin.REPROCESS, Origin.RECONCILE])
def test_a_failed_image_is_processed_again_on_request(origin: Origin) -> None:
    image = claimed(announced(failed()), aim(origin=origin))
    assert (image.status, image.attempts, image.cause) == (Status.PROCESSING, 1, None)


def test_the_claim_after_the_last_attempt_records_the_failure() -> None:
    image = None
    for _ in range(MAX_ATTEMPTS):
        image = claimed(image)
    image = claimed(image)
    assert (image.status, image.cause, image.notice) == (Status.FAILED, Cause.CRASHED, NoticeKind.IMAGE_FAILED)
    assert image.counted == "failed:crashed"


def test_an_image_without_attempts_left_keeps_the_last_cause() -> None:
    image: Image | None = None
    for _ in range(MAX_ATTEMPTS):
        image = transitions.note_transient(claimed(image), aim(), CRASH, ENDED)  # type: ignore[assignment]
    image = claimed(image)
    assert (image.cause, image.message) == (Cause.UNAVAILABLE, "S3 did not answer")


def test_a_redelivery_after_the_last_attempt_changes_nothing() -> None:
    assert transitions.claim(failed(CRASH), aim(), MAX_ATTEMPTS) is Refusal.DONE


def test_a_clean_hand_back_returns_the_attempt() -> None:
    image = transitions.hand_back(claimed(claimed()), aim(), ENDED)
    assert isinstance(image, Image)
    assert image.attempts == 1


def test_a_redrive_queues_only_images_that_are_still_failed() -> None:
    def again(image: Image) -> Image | Refusal:
        return transitions.queue_again(image, "2026-11-20T14:00:00.000Z", "anna", Origin.REDRIVE, None)

    queued = again(failed())
    assert isinstance(queued, Image)
    assert (queued.status, queued.attempts, queued.attempt_log[-1].worker) == (Status.QUEUED, 0, "anna")
    assert again(ready()) is Refusal.DONE
    assert again(removed(ready())) is Refusal.UNKNOWN


def test_an_event_of_a_settled_image_changes_only_the_sequencer() -> None:
    for image in (ready(), failed()):
        after = claimed(image, aim("08"))
        assert after == image.model_copy(update={"sequencer": after.sequencer})
        assert after.sequencer > image.sequencer
        assert transitions.claim(after, aim("07", "older"), MAX_ATTEMPTS) is Refusal.SUPERSEDED


def test_the_same_bytes_uploaded_again_are_tried_again_unless_the_bytes_caused_the_failure() -> None:
    assert claimed(announced(failed(CRASH)), aim("08")).status is Status.PROCESSING
    assert claimed(announced(failed(BROKEN)), aim("08")).status is Status.FAILED


def test_work_that_is_done_again_gets_a_new_folder() -> None:
    first = announced(ready()).model_copy(update={"version": 3})
    other = aim(recipe=RecipeRef(name="zoom", digest="d2"))
    second = claimed(first, other)
    assert (second.target, second.revision, second.superseded) == ("v1-d2.3", "v1-d1", ())
    by = other.claimed(second)
    third = transitions.record_ready(second, by, OUTCOME, ENDED)
    assert isinstance(third, Image)
    assert (third.revision, third.superseded) == ("v1-d2.3", ("v1-d1",))
    fourth = claimed(announced(third).model_copy(update={"version": 6}))
    assert fourth.target == "v1-d1.6"


def test_every_later_attempt_of_one_claim_has_the_same_folder() -> None:
    first = claimed(announced(ready()).model_copy(update={"version": 3}), aim("06", "v2"))
    second = claimed(first.model_copy(update={"version": 4}), aim("06", "v2"))
    assert (first.target, second.target, second.attempts) == ("v2-d1.3", "v2-d1.3", 2)


def test_the_folder_of_a_failed_attempt_is_listed_when_another_attempt_begins() -> None:
    image = claimed(announced(failed()).model_copy(update={"version": 2}), aim(origin=Origin.REDRIVE))
    assert (image.target, image.superseded) == ("v1-d1.2", ("v1-d1",))


def test_a_record_lists_a_bounded_number_of_folders() -> None:
    image = claimed(None, aim("0000", "v0"))
    for version in range(1, 300):
        image = claimed(image.model_copy(update={"version": version}), aim(f"{version:04}", f"v{version}"))
    assert len(image.superseded) == MOST_SUPERSEDED
    assert image.superseded[-1] == "v298-d1.298"


@pytest.mark.parametrize("recipe", [WEB, RecipeRef(name="zoom", digest="d2")])
def test_a_ready_image_that_cannot_be_processed_again_stays_ready(recipe: RecipeRef) -> None:
    before = announced(ready()).model_copy(update={"version": 3})
    queued = transitions.queue_again(before, BEGUN, "anna", Origin.REPROCESS, recipe)
    assert isinstance(queued, Image)
    by = aim(origin=Origin.REPROCESS, recipe=recipe)
    begun = claimed(queued, by)
    after = transitions.record_failed(begun, by.claimed(begun), BROKEN, ENDED)
    assert isinstance(after, Image)
    assert (after.status, after.notice) == (Status.READY, NoticeKind.REPROCESSING_FAILED)
    assert (after.revision, after.target, after.variants) == (before.revision, before.revision, before.variants)
    assert (after.recipe, after.cause, after.counted) == (WEB, None, "ready")
    assert after.superseded == (begun.target,)
    assert transitions.claim(after, aim(origin=Origin.REPROCESS), MAX_ATTEMPTS) is Refusal.DONE


def test_a_confirmed_version_changes_only_the_sequencer() -> None:
    image = ready()
    after = transitions.confirm(image, replace(job("09"), kind=JobKind.REMOVE), "v1")
    assert isinstance(after, Image)
    assert after == image.model_copy(update={"sequencer": after.sequencer})
    assert transitions.confirm(after, job("08"), "v1") is Refusal.DONE
    for other in (None, removed(ready()), image):
        assert transitions.confirm(other, job("09"), "v2" if other is image else "v1") is Refusal.UNKNOWN


def test_a_status_of_a_newer_release_is_not_changed() -> None:
    image = ready().model_copy(update={"status": as_member(Status, "resting")})
    assert transitions.claim(image, aim("06", "v2"), MAX_ATTEMPTS) is Refusal.NEWER_RELEASE
