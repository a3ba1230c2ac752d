"""The storm's books report faults. A check that always passes proves nothing."""

import pytest

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane
from pixelfleet.domain.records import RecipeRef, StoredVariant
from pixelfleet.domain.transitions import Aim, Success
from pixelfleet.errors import Cause
from pixelfleet.settings import Settings
from tests.chaos.storm.books import Books
from tests.chaos.storm.load import READY
from tests.listener import listen

KEY = "uploads/ann/one/lost.jpg"


@pytest.fixture
def books(settings: Settings) -> Books:
    deployment = Deployment(settings)
    return Books(deployment, {KEY: READY}, listen(deployment))


def test_a_key_without_a_record_is_lost(books: Books) -> None:
    assert f"LOST {KEY}: no record" in books.faults()


def test_a_message_that_was_left_behind_is_reported(books: Books) -> None:
    books.deployment.queues.bury(Lane.HEAVY, _job(books), Cause.CRASHED)

    assert any("the DLQ of heavy holds" in fault for fault in books.faults())


def test_a_ready_record_is_checked_against_its_results(books: Books) -> None:
    aim = Aim(_job(books), RecipeRef(name="web", digest="0"), "revision", "worker", "2026-11-20T00:00:00.000Z")
    variant = StoredVariant(
        name="thumb", key="nowhere.webp", format="webp", width=1, height=1, bytes=1, content_type="image/webp"
    )
    books.deployment.images.claim(aim, 5, None)
    books.deployment.images.record_ready(aim, Success((variant,), {}, {}))

    faults = books.faults()

    assert any("has variants ['thumb']" in fault for fault in faults)
    assert any("variant thumb cannot be read" in fault for fault in faults)
    assert any("was announced complete 0 times" in fault for fault in faults)
    assert any("no notice was published" in fault for fault in faults)


def _job(books: Books) -> Job:
    return Job(JobKind.PROCESS, books.deployment.settings.uploads_bucket, KEY, version_id="v1", sequencer="01")
