"""A reconcile counts a version again that a seal uncounted and that the bucket holds again, without an event."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pixelfleet.domain.jobs import Job, JobKind, Lane
from pixelfleet.domain.records import Image
from pixelfleet.operations.completion import complete_sealed_batches, seal
from pixelfleet.operations.reconcile.compare import CompareOptions, Reconcile
from pixelfleet.operations.reconcile.listing import ListingPage
from pixelfleet.operations.reconcile.records import settle_records
from pixelfleet.operations.reconcile.verdict import Horizon
from tests.fakes.records import key_of, record
from tests.unit.operations.fakes import fake_deployment

KEY = key_of("me", "b1", "a.png")


@pytest.fixture
def sealed() -> Any:
    """A batch with a ready image, sealed while the bucket held another version, for which S3 sent no event."""
    deployment = fake_deployment()
    record(deployment, "me", "b1", "a.png")
    deployment.bucket.objects[KEY] = "e2"
    seal(deployment, "me", "b1")
    assert deployment.batches.counts("me", "b1").ready == 0
    return deployment


def reconcile(deployment: Any, listed: Any = None, *, dry_run: bool = False) -> None:
    """`listed` is an older listing, as in an inventory."""
    now = datetime.now(UTC) + timedelta(days=1)
    work = Reconcile(deployment, Horizon(now, dict.fromkeys(Lane, now)), CompareOptions("anna", dry_run=dry_run))
    objects = listed or [one for page in deployment.listings.pages(deployment.bucket.name) for one in page]
    work.run([ListingPage(objects, KEY)], lambda _: None)
    if not dry_run:
        complete_sealed_batches(deployment)


def listing_of_the_record(deployment: Any) -> Any:
    """A listing from when the bucket held the version of the record."""
    before = dict(deployment.bucket.objects)
    deployment.bucket.objects[KEY] = "e1"
    listed = [one for page in deployment.listings.pages(deployment.bucket.name) for one in page]
    deployment.bucket.objects = before
    return listed


def test_a_version_that_is_back_in_the_bucket_is_counted_again_and_completes_its_batch(sealed: Any) -> None:
    sealed.bucket.objects[KEY] = "e1"
    reconcile(sealed)
    assert sealed.batches.counts("me", "b1").ready == 1
    assert sealed.notices.batches == ["me/b1"]
    assert sealed.queues.sent == []


def test_a_dry_run_counts_nothing(sealed: Any) -> None:
    sealed.bucket.objects[KEY] = "e1"
    reconcile(sealed, dry_run=True)
    assert sealed.batches.counts("me", "b1").ready == 0


def test_an_old_listing_does_not_count_a_version_that_the_bucket_no_longer_holds(sealed: Any) -> None:
    listed = listing_of_the_record(sealed)
    reconcile(sealed, listed)
    assert (sealed.batches.counts("me", "b1").ready, sealed.notices.batches) == (0, [])


def test_an_old_listing_does_not_count_a_version_whose_key_is_gone(sealed: Any) -> None:
    listed = listing_of_the_record(sealed)
    sealed.bucket.objects.pop(KEY)
    reconcile(sealed, listed)
    assert (sealed.batches.counts("me", "b1").ready, sealed.notices.batches) == (0, [])


def test_a_tombstone_stays_counted_as_deleted(sealed: Any) -> None:
    removal = Job(JobKind.REMOVE, sealed.bucket.name, KEY, sequencer="20")
    assert isinstance(sealed.images.remove(removal, "worker-1"), Image)
    sealed.bucket.objects[KEY] = "e1"
    reconcile(sealed)
    assert sealed.batches.counts("me", "b1").deleted == 1


def uncounted_removal(deployment: Any) -> None:
    """A seal found another object under the key of a removed image."""
    removal = Job(JobKind.REMOVE, deployment.bucket.name, KEY, sequencer="20")
    assert isinstance(deployment.images.remove(removal, "worker-1"), Image)
    seal(deployment, "me", "b1")
    assert deployment.batches.counts("me", "b1").deleted == 0


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_removal_whose_key_is_empty_again_is_counted_and_completes_its_batch(sealed: Any, dry_run: bool) -> None:
    uncounted_removal(sealed)
    now = datetime.now(UTC) + timedelta(days=1)
    horizon = Horizon(now, dict.fromkeys(Lane, now))
    settle_records(sealed, horizon, "", lambda _: None, dry_run=False)
    assert sealed.batches.counts("me", "b1").deleted == 0
    del sealed.bucket.objects[KEY]
    settle_records(sealed, horizon, "", lambda _: None, dry_run=dry_run)
    complete_sealed_batches(sealed)
    assert sealed.notices.batches == ([] if dry_run else ["me/b1"])
