"""The outcomes of a batch that are counted, and the outcomes that wait for another version."""

from pixelfleet.domain import transitions
from pixelfleet.domain.jobs import Origin
from pixelfleet.domain.records import (
    Image,
    RecipeRef,
    Status,
)
from pixelfleet.domain.transitions import Refusal
from tests.unit.domain.image_states import ENDED, MAX_ATTEMPTS, aim, announced, claimed, ready, removed


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
        # A mark is written once more, so that a count by an older view of the bucket detects the change.
        once_more = transitions.uncount(after, etag)
        marked = etag == "another" or image.status is Status.DELETED
        assert once_more == after if marked else once_more is Refusal.DONE


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


def test_a_version_that_a_seal_uncounted_stays_uncounted_after_it_is_processed_again() -> None:
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


def test_a_version_that_a_seal_uncounted_is_counted_by_the_next_seal_if_the_bucket_holds_the_version_again() -> None:
    settled = ready()
    uncounted = transitions.uncount(settled, "another")
    assert isinstance(uncounted, Image)
    assert transitions.uncount(uncounted, settled.etag) == settled


def test_a_removal_that_a_seal_uncounted_is_counted_again_once_its_key_is_empty() -> None:
    tombstone = removed(ready())
    uncounted = transitions.uncount(tombstone, "another")
    assert isinstance(uncounted, Image)
    assert uncounted.counted is None
    again = transitions.uncount(uncounted, None)
    assert isinstance(again, Image)
    assert again.counted == "deleted"
    # An outcome of the version of then stays uncounted.
    assert again.uncounted_version == uncounted.uncounted_version
    assert transitions.uncount(again, None) is Refusal.DONE
