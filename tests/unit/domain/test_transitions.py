"""The life of an image, one rule a test; the machine at the end drives all of them in any order."""

from dataclasses import replace

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pixelfleet.domain import transitions
from pixelfleet.domain.jobs import Job, JobKind, Origin
from pixelfleet.domain.records import (
    ATTEMPT_LOG_LENGTH,
    MOST_SUPERSEDED,
    Image,
    NoticeKind,
    RecipeRef,
    Status,
    StoredVariant,
    as_member,
    next_sequencer,
)
from pixelfleet.domain.transitions import Aim, Failure, Refusal, Success
from pixelfleet.errors import Cause

MAX_ATTEMPTS = 5
BEGUN, ENDED = "2026-11-20T12:00:00.000Z", "2026-11-20T12:00:07.700Z"
WEB = RecipeRef(name="web", digest="d1")
THUMB = StoredVariant(
    name="thumb", key="me/x/r/thumb.webp", format="webp", width=1, height=1, bytes=1, content_type="image/webp"
)
OUTCOME = Success(variants=(THUMB,), facts={"width": 10, "height": 20}, timings_ms={"fetch": 1})
BROKEN = Failure(Cause.UNREADABLE, "the file cannot be read")
CRASH = Failure(Cause.UNAVAILABLE, "S3 did not answer")


def job(sequencer: str | None = "05", version: str = "v1", origin: Origin = Origin.EVENT) -> Job:
    return Job(JobKind.PROCESS, "uploads", "uploads/me/b1/cat.jpg", version, "etag", sequencer, 100, origin)


def aim(
    sequencer: str | None = "05", version: str = "v1", origin: Origin = Origin.EVENT, recipe: RecipeRef = WEB
) -> Aim:
    return Aim(job(sequencer, version, origin), recipe, f"{version}-{recipe.digest}", "w1", BEGUN)


def claimed(image: Image | None = None, by: Aim | None = None) -> Image:
    after = transitions.claim(image, by or aim(), MAX_ATTEMPTS)
    assert isinstance(after, Image)
    return after


def ready(by: Aim | None = None, image: Image | None = None) -> Image:
    by = by or aim()
    after = transitions.record_ready(claimed(image, by), by, OUTCOME, ENDED)
    assert isinstance(after, Image)
    return after


def failed(failure: Failure = BROKEN, image: Image | None = None) -> Image:
    after = transitions.record_failed(claimed(image), aim(), failure, ENDED)
    assert isinstance(after, Image)
    return after


def announced(image: Image) -> Image:
    """As the worker leaves it that recorded the outcome."""
    after = transitions.announce(image, image.notice_id)
    assert isinstance(after, Image)
    return after


def removed(image: Image | None, sequencer: str | None = "07") -> Image:
    after = transitions.remove(image, replace(job(sequencer), kind=JobKind.REMOVE), "2026-11-20T13:00:00.000Z", "w1")
    assert isinstance(after, Image)
    return after


def test_the_first_claim_makes_the_record_of_its_key() -> None:
    image = claimed()
    assert (image.owner, image.batch, image.path) == ("me", "b1", "cat.jpg")
    assert (image.status, image.attempts, image.counted) == (Status.PROCESSING, 1, None)


def test_claiming_again_counts_the_attempt() -> None:
    assert claimed(claimed()).attempts == 2


def test_a_newer_upload_starts_its_attempts_anew() -> None:
    image = claimed(claimed(claimed()), aim("06", "v2"))
    assert (image.attempts, image.source_version) == (1, "v2")


def test_an_older_event_is_refused() -> None:
    newer = claimed(None, aim("06", "v2"))
    assert transitions.claim(newer, aim("05"), MAX_ATTEMPTS) is Refusal.SUPERSEDED


def test_sequencers_of_different_length_are_ordered_as_s3_orders_them() -> None:
    newer = claimed(None, aim("0055AED6DCD90281E6"))
    assert transitions.claim(newer, aim("0055AED6DCD90281E500"), MAX_ATTEMPTS) is Refusal.SUPERSEDED


def test_an_equal_sequencer_passes() -> None:
    assert claimed(claimed(), aim("05")).attempts == 2


def test_a_job_without_a_sequencer_carries_the_stored_one() -> None:
    image = claimed(announced(failed()), aim(None, origin=Origin.RECONCILE))
    assert image.sequencer == failed().sequencer


def test_a_redelivery_of_a_ready_image_changes_nothing() -> None:
    assert transitions.claim(ready(), aim(), MAX_ATTEMPTS) is Refusal.DONE


def test_another_recipe_makes_a_ready_image_be_processed_again() -> None:
    image = claimed(announced(ready()), aim(recipe=RecipeRef(name="zoom", digest="d2")))
    assert (image.status, image.revision, image.target) == (Status.PROCESSING, "v1-d1", "v1-d2")


def test_a_redelivery_of_a_failed_image_changes_nothing() -> None:
    assert transitions.claim(failed(), aim(), MAX_ATTEMPTS) is Refusal.DONE


@pytest.mark.parametrize("origin", [Origin.REDRIVE, Origin.REPROCESS, Origin.RECONCILE])
def test_who_asks_for_it_passes_a_failed_image(origin: Origin) -> None:
    image = claimed(announced(failed()), aim(origin=origin))
    assert (image.status, image.attempts, image.cause) == (Status.PROCESSING, 1, None)


def test_the_claim_after_the_last_attempt_records_the_failure() -> None:
    image = None
    for _ in range(MAX_ATTEMPTS):
        image = claimed(image)
    image = claimed(image)
    assert (image.status, image.cause, image.notice) == (Status.FAILED, Cause.CRASHED, NoticeKind.IMAGE_FAILED)
    assert image.counted == "failed:crashed"


def test_attempts_that_were_used_up_keep_the_last_cause() -> None:
    image: Image | None = None
    for _ in range(MAX_ATTEMPTS):
        image = transitions.note_transient(claimed(image), aim(), CRASH, ENDED)  # type: ignore[assignment]
    image = claimed(image)
    assert (image.cause, image.message) == (Cause.UNAVAILABLE, "S3 did not answer")


def test_a_redelivery_after_the_attempts_were_used_up_changes_nothing() -> None:
    assert transitions.claim(failed(CRASH), aim(), MAX_ATTEMPTS) is Refusal.DONE


def test_a_clean_hand_back_returns_the_attempt() -> None:
    image = transitions.hand_back(claimed(claimed()), aim(), ENDED)
    assert isinstance(image, Image)
    assert image.attempts == 1


def test_a_record_names_the_variants_and_leaves_a_notice() -> None:
    image = ready()
    assert (image.status, image.variants, image.revision) == (Status.READY, (THUMB,), "v1-d1")
    assert (image.width, image.counted, image.notice) == (10, "ready", NoticeKind.IMAGE_READY)


def test_the_first_of_two_records_of_one_revision_wins() -> None:
    assert transitions.record_ready(ready(), aim(), OUTCOME, ENDED) is Refusal.DONE


def test_a_record_that_a_newer_upload_overtook_is_refused() -> None:
    overtaken = claimed(claimed(), aim("06", "v2"))
    assert transitions.record_ready(overtaken, aim(), OUTCOME, ENDED) is Refusal.SUPERSEDED


def test_a_record_after_the_removal_is_refused() -> None:
    assert transitions.record_ready(removed(claimed()), aim(), OUTCOME, ENDED) is Refusal.SUPERSEDED


def test_an_image_that_bulk_passed_on_is_not_blamed_for_the_deaths_of_heavy_workers() -> None:
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
    # The image may be tried again, in a folder of its own.
    again = claimed(announced(abandoned.model_copy(update={"version": 4})), aim(origin=Origin.REDRIVE))
    assert again.target not in (image.target, abandoned.target)


def test_only_the_folder_of_a_failed_image_is_abandoned() -> None:
    settled = ready()
    under_way = claimed()
    for image, folder in ((settled, "v1-d1"), (under_way, "v1-d1"), (failed(), "another"), (None, "v1-d1")):
        assert transitions.abandon(image, folder) is Refusal.DONE


def test_a_new_version_that_fails_is_recorded_over_the_old_ready_one() -> None:
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


def test_a_removal_leaves_a_tombstone_that_lists_every_revision() -> None:
    image = removed(claimed(announced(ready()), aim("06", "v2")))
    assert (image.status, image.superseded) == (Status.DELETED, ("v1-d1", "v2-d1"))
    assert (image.variants, image.counted) == ((), "deleted")


def test_an_old_event_does_not_wake_a_tombstone() -> None:
    assert transitions.claim(removed(ready()), aim("05"), MAX_ATTEMPTS) is Refusal.SUPERSEDED


def test_an_upload_after_the_removal_lives() -> None:
    assert claimed(removed(ready(), "07"), aim("08", "v2")).status is Status.PROCESSING


def test_an_old_removal_does_not_touch_a_newer_upload() -> None:
    newer = ready(aim("06", "v2"))
    old = replace(job("05"), kind=JobKind.REMOVE)
    assert transitions.remove(newer, old, "2026-11-20T13:00:00.000Z", "w1") is Refusal.SUPERSEDED


def test_a_removal_that_comes_first_leaves_a_tombstone_too() -> None:
    assert transitions.claim(removed(None), aim("05"), MAX_ATTEMPTS) is Refusal.SUPERSEDED


def test_a_redrive_takes_only_what_is_still_failed() -> None:
    def again(image: Image) -> Image | Refusal:
        return transitions.queue_again(image, "2026-11-20T14:00:00.000Z", "anna", Origin.REDRIVE, None)

    queued = again(failed())
    assert isinstance(queued, Image)
    assert (queued.status, queued.attempts, queued.attempt_log[-1].worker) == (Status.QUEUED, 0, "anna")
    assert again(ready()) is Refusal.DONE
    assert again(removed(ready())) is Refusal.UNKNOWN


def test_a_published_notice_is_struck_off_once() -> None:
    image = ready()
    after = announced(image)
    assert after.notice is None
    assert transitions.announce(after, image.notice_id) is Refusal.DONE


def test_a_notice_of_an_earlier_outcome_does_not_strike_off_a_later_one() -> None:
    first = ready()
    later = first.model_copy(update={"outcome": 3})
    assert transitions.announce(later, first.notice_id) is Refusal.DONE


def test_an_outcome_is_uncounted_while_work_on_the_image_goes_on_or_its_key_holds_another_version() -> None:
    settled = ready()
    assert transitions.uncount(None, "etag") is Refusal.DONE
    assert transitions.uncount(settled, "etag") is Refusal.DONE
    for image, etag in (
        (settled, "another"),
        (settled.model_copy(update={"status": Status.PROCESSING}), "etag"),
        (settled.model_copy(update={"status": Status.QUEUED}), "etag"),
        (removed(settled), "etag"),
    ):
        after = transitions.uncount(image, etag)
        assert isinstance(after, Image)
        assert (after.counted, after.status) == (None, image.status)
        # A mark is written once more, so that who counts again by an older look at the bucket notices.
        once_more = transitions.uncount(after, etag)
        assert once_more == after if etag == "another" else once_more is Refusal.DONE


def test_a_newer_event_of_an_uncounted_version_moves_the_sequencer_and_counts_nothing() -> None:
    uncounted = transitions.uncount(announced(ready(aim(sequencer="05"))), "another")
    assert isinstance(uncounted, Image)
    assert transitions.claim(uncounted, aim(sequencer="05"), MAX_ATTEMPTS) is Refusal.DONE
    newer = aim(sequencer="06")
    for after in (
        transitions.claim(uncounted, newer, MAX_ATTEMPTS),
        transitions.confirm(uncounted, newer.job, uncounted.source_version),
    ):
        assert isinstance(after, Image)
        assert (after.sequencer > uncounted.sequencer, after.counted) == (True, None)


def test_a_version_that_a_seal_uncounted_stays_uncounted_whoever_has_it_processed_again() -> None:
    of_another_recipe = aim(recipe=RecipeRef(name="zoom", digest="d2"))
    for begun, by in ((announced(ready()), of_another_recipe), (claimed(), aim())):
        uncounted = transitions.uncount(begun, "another")
        assert isinstance(uncounted, Image)
        queued = transitions.queue_again(uncounted, ENDED, "anna", Origin.REPROCESS, by.recipe)
        assert isinstance(queued, Image)
        again = ready(by, queued)
        assert (again.status, again.counted) == (Status.READY, None)
        newer = ready(aim(sequencer="06", version="v2"), announced(again))
        assert newer.counted == "ready"


def test_a_version_that_a_seal_uncounted_is_counted_by_the_next_seal_if_the_bucket_holds_it_again() -> None:
    settled = ready()
    uncounted = transitions.uncount(settled, "another")
    assert isinstance(uncounted, Image)
    assert transitions.uncount(uncounted, settled.etag) == settled


def test_a_removal_just_after_the_present_version_keeps_a_repeated_job_of_that_version_out() -> None:
    by = aim(sequencer="0065AB")
    gone = removed(ready(by), next_sequencer(ready(by).sequencer))
    assert transitions.claim(gone, by, MAX_ATTEMPTS) is Refusal.SUPERSEDED
    # A real upload of the same name has a later sequencer of S3's, and wins.
    assert isinstance(transitions.claim(gone, aim(sequencer="0065AC", version="v2"), MAX_ATTEMPTS), Image)
    # The event of the removal itself is newer too, and is carried out once more.
    assert isinstance(removed(gone, "0065AB01"), Image)


def test_an_outcome_has_the_time_at_which_the_attempt_ended_and_its_duration() -> None:
    for image in (ready(), failed()):
        assert image.finished_at == ENDED
        assert [(line.what, line.at, line.duration_ms) for line in image.attempt_log] == [
            ("claimed", BEGUN, None),
            (image.status.value, ENDED, 7_700),
        ]


def test_the_first_outcome_of_two_attempts_at_one_claim_stands() -> None:
    assert transitions.record_failed(failed(CRASH), aim(), BROKEN, ENDED) is Refusal.DONE


def test_an_event_of_what_is_settled_moves_the_sequencer_on_and_nothing_else() -> None:
    for image in (ready(), failed()):
        after = claimed(image, aim("08"))
        assert after == image.model_copy(update={"sequencer": after.sequencer})
        assert after.sequencer > image.sequencer
        assert transitions.claim(after, aim("07", "older"), MAX_ATTEMPTS) is Refusal.SUPERSEDED


def test_the_same_bytes_uploaded_anew_are_tried_anew_unless_they_were_at_fault() -> None:
    assert claimed(announced(failed(CRASH)), aim("08")).status is Status.PROCESSING
    assert claimed(announced(failed(BROKEN)), aim("08")).status is Status.FAILED


def test_a_pending_notice_is_published_before_the_next_outcome_is_sought() -> None:
    for by in (aim("06", "v2"), aim(recipe=RecipeRef(name="zoom", digest="d2"))):
        assert transitions.claim(ready(), by, MAX_ATTEMPTS) is Refusal.UNFINISHED


def test_an_equal_sequencer_does_not_wake_a_tombstone() -> None:
    gone = removed(ready(), "05")
    for origin in Origin:
        assert transitions.claim(gone, aim("05", origin=origin), MAX_ATTEMPTS) is Refusal.SUPERSEDED
    assert claimed(gone, aim(None, origin=Origin.RECONCILE)).status is Status.PROCESSING


def test_work_that_is_done_again_gets_a_folder_of_its_own() -> None:
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


def test_every_later_attempt_of_one_claim_has_its_folder() -> None:
    first = claimed(announced(ready()).model_copy(update={"version": 3}), aim("06", "v2"))
    second = claimed(first.model_copy(update={"version": 4}), aim("06", "v2"))
    assert (first.target, second.target, second.attempts) == ("v2-d1.3", "v2-d1.3", 2)


def test_what_a_failed_attempt_may_have_stored_is_listed_when_another_begins() -> None:
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


def test_a_confirmed_version_only_moves_the_sequencer_on() -> None:
    image = ready()
    after = transitions.confirm(image, replace(job("09"), kind=JobKind.REMOVE), "v1")
    assert isinstance(after, Image)
    assert after == image.model_copy(update={"sequencer": after.sequencer})
    assert transitions.confirm(after, job("08"), "v1") is Refusal.DONE
    for other in (None, removed(ready()), image):
        assert transitions.confirm(other, job("09"), "v2" if other is image else "v1") is Refusal.UNKNOWN


def test_a_status_of_a_newer_release_is_not_touched() -> None:
    image = ready().model_copy(update={"status": as_member(Status, "resting")})
    assert transitions.claim(image, aim("06", "v2"), MAX_ATTEMPTS) is Refusal.NEWER_RELEASE


class Life(RuleBasedStateMachine):
    """Events of one key arrive in any order and any number of times; workers are slow, die and repeat themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.image: Image | None = None
        self.under_way: list[Aim] = []
        self.newest = 0
        self.counts: dict[str, int] = {}
        self.folders: list[str | None] = []

    @rule(sequencer=st.integers(1, 6))
    def deliver(self, sequencer: int) -> None:
        # Odd events create and even ones remove, so that a sequencer always means one thing.
        text = f"{sequencer:02}"
        self.newest = max(self.newest, sequencer)
        if sequencer % 2 == 0:
            self._write(transitions.remove(self.image, replace(job(text), kind=JobKind.REMOVE), "t", "w1"))
            return
        by = aim(text, f"v{sequencer}")
        if transitions.claim(self.image, by, MAX_ATTEMPTS) is Refusal.UNFINISHED:
            self.publish()
        after = transitions.claim(self.image, by, MAX_ATTEMPTS)
        assert after is not Refusal.UNFINISHED
        if isinstance(after, Image) and after.status is Status.PROCESSING:
            if self.image is None or after.target != self.image.target:
                self.folders.append(after.target)
            self.under_way.append(by.claimed(after))
        self._write(after)

    @rule(which=st.integers(0, 10), works=st.booleans())
    def finish(self, which: int, works: bool) -> None:
        if self.under_way:
            by = self.under_way[which % len(self.under_way)]
            settle = transitions.record_ready(self.image, by, OUTCOME, ENDED) if works else None
            self._write(settle or transitions.record_failed(self.image, by, BROKEN, ENDED))

    @rule()
    def publish(self) -> None:
        if self.image is not None:
            self._write(transitions.announce(self.image, self.image.notice_id))

    @rule(recipe=st.sampled_from([None, RecipeRef(name="zoom", digest="d2")]))
    def process_again(self, recipe: RecipeRef | None) -> None:
        origin = Origin.REPROCESS if recipe else Origin.REDRIVE
        queued = transitions.queue_again(self.image, "t", "anna", origin, recipe)
        self._write(queued)
        if isinstance(queued, Image) and recipe is not None:
            by = Aim(queued.job(origin), recipe, f"{queued.source_version}-{recipe.digest}", "w2", BEGUN)
            after = transitions.claim(self.image, by, MAX_ATTEMPTS)
            if isinstance(after, Image):
                self.folders.append(after.target)
                self.under_way.append(by.claimed(after))
            self._write(after)

    def _write(self, after: Image | Refusal) -> None:
        if isinstance(after, Refusal):
            return
        old = self.image.counted if self.image else None
        if after.counted != old:
            self.counts[old or "none"] = self.counts.get(old or "none", 0) - 1
            self.counts[after.counted or "none"] = self.counts.get(after.counted or "none", 0) + 1
        self.image = after.model_copy(update={"version": after.version + 1})

    @invariant()
    def the_newest_event_is_what_the_record_stands_for(self) -> None:
        if self.image is None:
            return
        assert self.image.sequencer.rstrip("0") == f"{self.newest:02}".rstrip("0")
        assert (self.image.status is Status.DELETED) == (self.newest % 2 == 0)

    @invariant()
    def a_ready_image_is_ready_in_its_newest_version(self) -> None:
        if self.image is not None and self.image.status is Status.READY:
            assert (self.image.revision or "").split("-")[0] == f"v{self.newest}"
            assert self.image.revision_source == self.image.source_version == f"v{self.newest}"

    @invariant()
    def no_folder_of_results_is_used_twice_or_deleted_while_it_is_named(self) -> None:
        assert len(self.folders) == len(set(self.folders))
        if self.image is not None:
            assert not {self.image.revision, self.image.target} & set(self.image.superseded)

    @invariant()
    def the_image_is_counted_at_most_once(self) -> None:
        held = {name: n for name, n in self.counts.items() if name != "none" and n}
        expected = {self.image.counted: 1} if self.image and self.image.counted else {}
        assert held == expected


TestLife = Life.TestCase
TestLife.settings = hypothesis_settings(stateful_step_count=30)
