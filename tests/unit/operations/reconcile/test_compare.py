"""A pass over a listing, on the fake SQS and DynamoDB: interrupted and continued, paced, in bounded memory."""

import gc
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.reconcile import BUCKET, make_inventory
from pixelfleet.aws.listing import ListedObject
from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.catalog.batches import Batches
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.schema import TABLES
from pixelfleet.domain.jobs import Job, Lane, message_group
from pixelfleet.operations.pace import Pace
from pixelfleet.operations.reconcile.checkpoint import Checkpoint
from pixelfleet.operations.reconcile.compare import GROUP, CompareOptions, Reconcile
from pixelfleet.operations.reconcile.listing import PAGE, InventoryListing, ListingPage
from pixelfleet.operations.reconcile.verdict import Horizon, Verdict
from pixelfleet.settings import Settings
from tests.clock import Clock
from tests.fakes.dynamodb import FakeDynamoDb

NOW = datetime.now(UTC)
HORIZON = Horizon(NOW, dict.fromkeys(Lane, NOW))
OLD = NOW - timedelta(days=1)


class Lanes:
    """Takes jobs; raises KeyboardInterrupt after `lives` calls, like an interrupted process."""

    def __init__(self, lives: int = 1_000_000) -> None:
        self.sent: list[Job] = []
        self.groups: set[str | None] = set()
        self._lives = lives

    def send(self, lane: Lane, jobs: list[Job], group: str | None = None) -> list[Job]:
        if not jobs:
            return []
        self._lives -= 1
        if self._lives < 0:
            raise KeyboardInterrupt
        self.sent += jobs
        self.groups.add(group)
        return []


def deployment(lanes: Lanes) -> Any:
    client: Any = FakeDynamoDb((table.name, table) for table in TABLES)
    heads = SimpleNamespace(head=lambda bucket, key: ObjectVersion(bucket, key, "v1", "e", 9))
    return SimpleNamespace(
        settings=Settings(),
        images=Images(client, "images", "batches"),
        batches=Batches(client, "batches"),
        objects=heads,
        queues=lanes,
    )


def pages(count: int, size: int = 100, after: str = "") -> Iterator[ListingPage]:
    for start in range(0, count, size):
        objects = [ListedObject(f"k{number:09}", "e", 9, OLD) for number in range(start, min(start + size, count))]
        if objects[-1].key > after:
            yield ListingPage([actual for actual in objects if actual.key > after], objects[-1].key)


@pytest.fixture(autouse=True)
def cache(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_an_interrupted_pass_continues_after_the_last_page_and_misses_no_object() -> None:
    checkpoint = Checkpoint("aws", "bucket")
    dying = Lanes(lives=25)
    with pytest.raises(KeyboardInterrupt):
        Reconcile(deployment(dying), HORIZON, CompareOptions("anna")).run(pages(500), checkpoint.write)
    assert checkpoint.read() == "k000000199"
    rest = Lanes()
    Reconcile(deployment(rest), HORIZON, CompareOptions("anna")).run(
        pages(500, after=checkpoint.read()), checkpoint.write
    )
    keys = {job.key for job in [*dying.sent, *rest.sent]}
    assert len(keys) == 500
    assert len(rest.sent) == 300
    checkpoint.clear()
    assert checkpoint.read() == ""


def test_the_jobs_of_a_pass_have_a_message_group_of_their_own_and_their_version() -> None:
    lanes = Lanes()
    actual = Reconcile(deployment(lanes), HORIZON, CompareOptions("anna")).run(pages(20), lambda _: None)
    assert (actual.verdicts, actual.sent) == ({Verdict.MISSING: 20}, 20)
    assert lanes.groups == {GROUP}
    assert message_group("default") != GROUP
    assert {(job.version_id, job.origin.value) for job in lanes.sent} == {("v1", "reconcile")}


def test_a_pass_keeps_to_its_rate() -> None:
    clock = Clock(0.0)
    pace = Pace(100.0, clock, clock.sleep)
    Reconcile(deployment(Lanes()), HORIZON, CompareOptions("anna"), pace).run(pages(50), lambda _: None)
    # Five calls of ten jobs each; the first call does not wait.
    assert clock.now == pytest.approx(0.4)


def test_the_memory_of_a_pass_does_not_grow_with_the_bucket() -> None:
    options = CompareOptions("anna", dry_run=True)
    peaks = []
    for count in (2_000, 8_000):
        work = Reconcile(deployment(Lanes()), HORIZON, options)
        tracemalloc.start()
        work.run(pages(count, size=200), lambda _: None)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert work.result.seen == count
    assert peaks[1] < 1.2 * peaks[0]


def test_a_pass_holds_at_most_the_keys_of_two_pages_however_many_keys_a_report_lists(tmp_path: Path) -> None:
    manifest = make_inventory(tmp_path, 6_000)
    no_client: Any = None
    listing = InventoryListing(no_client, str(manifest), BUCKET, "")
    held: list[int] = []

    def count(_: str) -> None:
        held.append(sum(type(each) is ListedObject for each in gc.get_objects()))

    work = Reconcile(deployment(Lanes()), HORIZON, CompareOptions("anna", dry_run=True))
    gc.collect()
    work.run(listing.pages(""), count)
    assert work.result.seen == 6_000
    assert len(held) >= 6_000 // PAGE
    assert max(held) <= 2 * PAGE
