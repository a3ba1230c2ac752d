"""The life of an image: a state machine drives all transitions in any order."""

from dataclasses import replace

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pixelfleet.domain import transitions
from pixelfleet.domain.jobs import JobKind, Origin
from pixelfleet.domain.records import (
    Image,
    RecipeRef,
    Status,
)
from pixelfleet.domain.transitions import Aim, Refusal
from tests.unit.domain.image_states import BEGUN, BROKEN, ENDED, MAX_ATTEMPTS, OUTCOME, aim, job


class Life(RuleBasedStateMachine):
    """Events of one key arrive in any order and any number of times; workers are slow, crash and repeat work."""

    def __init__(self) -> None:
        super().__init__()
        self.image: Image | None = None
        self.under_way: list[Aim] = []
        self.newest = 0
        self.counts: dict[str, int] = {}
        self.folders: list[str | None] = []
        self.to_delete: set[str] = set()
        self.was_current: set[str] = set()

    @rule(sequencer=st.integers(1, 6))
    def deliver(self, sequencer: int) -> None:
        # Odd events create and even events remove, so that a sequencer always has one meaning.
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

    @rule(which=st.integers(0, 10), works=st.booleans(), keep=st.booleans())
    def finish(self, which: int, works: bool, keep: bool) -> None:
        if self.under_way:
            by = self.under_way[which % len(self.under_way)]
            settle = transitions.record_ready(self.image, by, OUTCOME, ENDED, keep=keep) if works else None
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

    @rule(which=st.integers(0, 4))
    def make_current(self, which: int) -> None:
        if self.image is not None and self.image.kept_revisions:
            kept = self.image.kept_revisions[which % len(self.image.kept_revisions)]
            self._write(transitions.make_current(self.image, kept.results, "t", "anna"))

    @rule(which=st.integers(0, 4))
    def expire(self, which: int) -> None:
        if self.image is not None and self.image.kept_revisions:
            kept = self.image.kept_revisions[which % len(self.image.kept_revisions)]
            self._write(transitions.expire(self.image, kept.results))

    def _write(self, after: Image | Refusal) -> None:
        if isinstance(after, Refusal):
            return
        old = self.image.counted if self.image else None
        if after.counted != old:
            self.counts[old or "none"] = self.counts.get(old or "none", 0) - 1
            self.counts[after.counted or "none"] = self.counts.get(after.counted or "none", 0) + 1
        self.to_delete |= set(after.superseded)
        self.was_current |= {after.revision} if after.revision else set()
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
            assert not self.image.named_results & self.to_delete

    @invariant()
    def no_folder_of_results_is_forgotten(self) -> None:
        if self.image is not None:
            assert self.was_current <= self.image.named_results | self.to_delete

    @invariant()
    def what_is_kept_is_of_the_present_results_version(self) -> None:
        if self.image is not None:
            assert {kept.source for kept in self.image.kept_revisions} <= {self.image.revision_source}

    @invariant()
    def the_image_is_counted_at_most_once(self) -> None:
        held = {name: n for name, n in self.counts.items() if name != "none" and n}
        expected = {self.image.counted: 1} if self.image and self.image.counted else {}
        assert held == expected


TestLife = Life.TestCase
TestLife.settings = hypothesis_settings(stateful_step_count=30)
