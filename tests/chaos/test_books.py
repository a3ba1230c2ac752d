"""The storm's books find what is wrong: a check that always passes proves nothing."""

import pytest

from pixelfleet.bootstrap import Fleet
from pixelfleet.catalog.records import RecipeRef, Variant
from pixelfleet.catalog.transitions import Aim, Outcome
from pixelfleet.errors import Cause
from pixelfleet.jobs import Job, JobKind, Lane
from pixelfleet.settings import Settings
from tests.chaos.storm.books import Books
from tests.chaos.storm.load import READY
from tests.e2e.conftest import listen

KEY = "uploads/ann/one/lost.jpg"


@pytest.fixture
def books(settings: Settings) -> Books:
    fleet = Fleet(settings)
    return Books(fleet, {KEY: READY}, listen(fleet))


def test_a_key_without_a_record_is_lost(books: Books) -> None:
    assert f"LOST {KEY}: no record" in books.faults()


def test_a_message_that_was_left_lying_is_found(books: Books) -> None:
    books.fleet.queues.bury(Lane.HEAVY, _job(books), Cause.CRASHED)

    assert any("the DLQ of heavy holds" in fault for fault in books.faults())


def test_a_ready_record_is_not_believed(books: Books) -> None:
    aim = Aim(_job(books), RecipeRef(name="web", digest="0"), "revision", "worker", "2026-11-20T00:00:00.000Z")
    variant = Variant(
        name="thumb", key="nowhere.webp", format="webp", width=1, height=1, bytes=1, content_type="image/webp"
    )
    books.fleet.images.claim(aim, 5, None)
    books.fleet.images.record_ready(aim, Outcome((variant,), {}, {}))

    faults = books.faults()

    assert any("has variants ['thumb']" in fault for fault in faults)
    assert any("variant thumb cannot be read" in fault for fault in faults)
    assert any("was announced complete 0 times" in fault for fault in faults)
    assert any("nobody was told" in fault for fault in faults)


def _job(books: Books) -> Job:
    return Job(JobKind.PROCESS, books.fleet.settings.uploads_bucket, KEY, version_id="v1", sequencer="01")
