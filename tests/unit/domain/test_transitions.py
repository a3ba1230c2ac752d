"""The life of an image, one rule a test; the machine at the end drives all of them in any order."""

from dataclasses import replace

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pixelfleet.domain import transitions
from pixelfleet.domain.jobs import Job, JobKind, Origin
from pixelfleet.domain.records import ATTEMPT_LOG_LENGTH, Image, NoticeKind, RecipeRef, Status, Variant, next_sequencer
from pixelfleet.domain.transitions import Aim, Failure, Refusal, Success
from pixelfleet.errors import Cause

MAX_ATTEMPTS = 5
WEB = RecipeRef(name="web", digest="d1")
THUMB = Variant(
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
    return Aim(job(sequencer, version, origin), recipe, f"{version}-{recipe.digest}", "w1", "2026-11-20T12:00:00.000Z")


def claimed(image: Image | None = None, by: Aim | None = None) -> Image:
    after = transitions.claim(image, by or aim(), MAX_ATTEMPTS)
    assert isinstance(after, Image)
    return after


def ready(by: Aim | None = None, image: Image | None = None) -> Image:
    by = by or aim()
    after = transitions.record_ready(claimed(image, by), by, OUTCOME)
    assert isinstance(after, Image)
    return after


def failed(failure: Failure = BROKEN, image: Image | None = None) -> Image:
    after = transitions.record_failed(claimed(image), aim(), failure)
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
    image = claimed(failed(), aim(None, origin=Origin.RECONCILE))
    assert image.sequencer == failed().sequencer


def test_a_redelivery_of_a_ready_image_changes_nothing() -> None:
    assert transitions.claim(ready(), aim(), MAX_ATTEMPTS) is Refusal.DONE


def test_another_recipe_makes_a_ready_image_be_processed_again() -> None:
    image = claimed(ready(), aim(recipe=RecipeRef(name="zoom", digest="d2")))
    assert (image.status, image.revision, image.target) == (Status.PROCESSING, "v1-d1", "v1-d2")


def test_a_redelivery_of_a_failed_image_changes_nothing() -> None:
    assert transitions.claim(failed(), aim(), MAX_ATTEMPTS) is Refusal.DONE


@pytest.mark.parametrize("origin", [Origin.REDRIVE, Origin.REPROCESS, Origin.RECONCILE])
def test_who_asks_for_it_passes_a_failed_image(origin: Origin) -> None:
    image = claimed(failed(), aim(origin=origin))
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
        image = transitions.note_transient(claimed(image), aim(), CRASH)  # type: ignore[assignment]
    image = claimed(image)
    assert (image.cause, image.message) == (Cause.UNAVAILABLE, "S3 did not answer")


def test_a_redelivery_after_the_attempts_were_used_up_says_so() -> None:
    assert transitions.claim(failed(CRASH), aim(), MAX_ATTEMPTS) is Refusal.EXHAUSTED


def test_a_clean_hand_back_returns_the_attempt() -> None:
    image = transitions.hand_back(claimed(claimed()), aim())
    assert isinstance(image, Image)
    assert image.attempts == 1


def test_a_record_names_the_variants_and_leaves_a_notice() -> None:
    image = ready()
    assert (image.status, image.variants, image.revision) == (Status.READY, (THUMB,), "v1-d1")
    assert (image.width, image.counted, image.notice) == (10, "ready", NoticeKind.IMAGE_READY)


def test_the_first_of_two_records_of_one_revision_wins() -> None:
    assert transitions.record_ready(ready(), aim(), OUTCOME) is Refusal.DONE


def test_a_record_that_a_newer_upload_overtook_is_refused() -> None:
    overtaken = claimed(claimed(), aim("06", "v2"))
    assert transitions.record_ready(overtaken, aim(), OUTCOME) is Refusal.SUPERSEDED


def test_a_record_after_the_removal_is_refused() -> None:
    assert transitions.record_ready(removed(claimed()), aim(), OUTCOME) is Refusal.SUPERSEDED


def test_a_new_revision_lists_the_old_one_as_superseded() -> None:
    image = ready(aim("06", "v2"), ready())
    assert (image.revision, image.superseded) == ("v2-d1", ("v1-d1",))


def test_failed_never_replaces_ready_of_the_same_revision() -> None:
    assert transitions.record_failed(ready(), aim(), BROKEN) is Refusal.DONE


def test_a_new_version_that_fails_is_recorded_over_the_old_ready_one() -> None:
    newer = aim("06", "v2")
    image = transitions.record_failed(claimed(ready(), newer), newer, BROKEN)
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
    image = removed(claimed(ready(), aim("06", "v2")))
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
    announced = transitions.announce(image, image.notice_id)
    assert isinstance(announced, Image)
    assert announced.notice is None
    assert transitions.announce(announced, image.notice_id) is Refusal.DONE


def test_a_notice_of_an_earlier_outcome_does_not_strike_off_a_later_one() -> None:
    first = ready()
    later = ready(aim("06", "v2"), first)
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
        assert transitions.uncount(after, etag) is Refusal.DONE


def test_a_removal_just_after_the_present_version_keeps_a_repeated_job_of_that_version_out() -> None:
    by = aim(sequencer="0065AB")
    gone = removed(ready(by), next_sequencer(ready(by).sequencer))
    assert transitions.claim(gone, by, MAX_ATTEMPTS) is Refusal.SUPERSEDED
    # A real upload of the same name has a later sequencer of S3's, and wins.
    assert isinstance(transitions.claim(gone, aim(sequencer="0065AC", version="v2"), MAX_ATTEMPTS), Image)
    # The event of the removal itself is newer too, and is carried out once more.
    assert isinstance(removed(gone, "0065AB01"), Image)


class Life(RuleBasedStateMachine):
    """Events of one key arrive in any order and any number of times; workers are slow, die and repeat themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.image: Image | None = None
        self.under_way: list[Aim] = []
        self.newest = 0
        self.counts: dict[str, int] = {}

    @rule(sequencer=st.integers(1, 6))
    def deliver(self, sequencer: int) -> None:
        # Odd events create and even ones remove, so that a sequencer always means one thing.
        text = f"{sequencer:02}"
        if sequencer % 2 == 0:
            after = transitions.remove(self.image, replace(job(text), kind=JobKind.REMOVE), "t", "w1")
        else:
            by = aim(text, f"v{sequencer}")
            after = transitions.claim(self.image, by, MAX_ATTEMPTS)
            if isinstance(after, Image) and after.status is Status.PROCESSING:
                self.under_way.append(by)
        self.newest = max(self.newest, sequencer)
        self._write(after)

    @rule(which=st.integers(0, 10), works=st.booleans())
    def finish(self, which: int, works: bool) -> None:
        if self.under_way:
            by = self.under_way[which % len(self.under_way)]
            settle = transitions.record_ready(self.image, by, OUTCOME) if works else None
            self._write(settle or transitions.record_failed(self.image, by, BROKEN))

    @rule()
    def redrive(self) -> None:
        self._write(transitions.queue_again(self.image, "t", "anna", Origin.REDRIVE, None))

    def _write(self, after: Image | Refusal) -> None:
        if isinstance(after, Refusal):
            return
        old = self.image.counted if self.image else None
        if after.counted != old:
            self.counts[old or "none"] = self.counts.get(old or "none", 0) - 1
            self.counts[after.counted or "none"] = self.counts.get(after.counted or "none", 0) + 1
        self.image = after

    @invariant()
    def the_newest_event_is_what_the_record_stands_for(self) -> None:
        if self.image is None:
            return
        assert self.image.sequencer.rstrip("0") == f"{self.newest:02}".rstrip("0")
        assert (self.image.status is Status.DELETED) == (self.newest % 2 == 0)

    @invariant()
    def a_ready_image_is_ready_in_its_newest_version(self) -> None:
        if self.image is not None and self.image.status is Status.READY:
            assert self.image.revision == f"v{self.newest}-d1"
            assert self.image.revision not in self.image.superseded

    @invariant()
    def the_image_is_counted_at_most_once(self) -> None:
        held = {name: n for name, n in self.counts.items() if name != "none" and n}
        expected = {self.image.counted: 1} if self.image and self.image.counted else {}
        assert held == expected


TestLife = Life.TestCase
TestLife.settings = hypothesis_settings(stateful_step_count=30)
