"""Removals and tombstones, in any order with uploads."""

from dataclasses import replace

from pixelfleet.domain import transitions
from pixelfleet.domain.jobs import JobKind, Origin
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.sequencers import next_sequencer
from pixelfleet.domain.transitions import Refusal
from tests.unit.domain.image_states import MAX_ATTEMPTS, aim, announced, claimed, job, ready, removed


def test_a_removal_leaves_a_tombstone_that_lists_every_revision() -> None:
    image = removed(claimed(announced(ready()), aim("06", "v2")))
    assert (image.status, image.superseded) == (Status.DELETED, ("v1-d1", "v2-d1"))
    assert (image.variants, image.counted) == ((), "deleted")


def test_an_old_event_does_not_replace_a_tombstone() -> None:
    assert transitions.claim(removed(ready()), aim("05"), MAX_ATTEMPTS) is Refusal.SUPERSEDED


def test_an_upload_after_the_removal_is_processed() -> None:
    assert claimed(removed(ready(), "07"), aim("08", "v2")).status is Status.PROCESSING


def test_an_old_removal_does_not_remove_a_newer_upload() -> None:
    newer = ready(aim("06", "v2"))
    old = replace(job("05"), kind=JobKind.REMOVE)
    assert transitions.remove(newer, old, "2026-11-20T13:00:00.000Z", "w1") is Refusal.SUPERSEDED


def test_a_removal_that_comes_first_leaves_a_tombstone_too() -> None:
    assert transitions.claim(removed(None), aim("05"), MAX_ATTEMPTS) is Refusal.SUPERSEDED


def test_a_removal_just_after_the_present_version_blocks_a_repeated_job_of_that_version() -> None:
    by = aim(sequencer="0065AB")
    gone = removed(ready(by), next_sequencer(ready(by).sequencer))
    assert transitions.claim(gone, by, MAX_ATTEMPTS) is Refusal.SUPERSEDED
    # A real upload of the same name has a later sequencer from S3, and is accepted.
    assert isinstance(transitions.claim(gone, aim(sequencer="0065AC", version="v2"), MAX_ATTEMPTS), Image)
    # The event of the removal is newer too, and is applied once more.
    assert isinstance(removed(gone, "0065AB01"), Image)


def test_an_equal_sequencer_does_not_replace_a_tombstone() -> None:
    gone = removed(ready(), "05")
    for origin in Origin:
        assert transitions.claim(gone, aim("05", origin=origin), MAX_ATTEMPTS) is Refusal.SUPERSEDED
    assert claimed(gone, aim(None, origin=Origin.RECONCILE)).status is Status.PROCESSING
