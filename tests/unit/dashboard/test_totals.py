"""The number of images of an owner comes from the counters of the batches and is loaded after the page."""

import pytest

from dashboard.rendering import things
from dashboard.totals import Totals, number_of, totals_of
from pixelfleet.domain.image_filters import Filters
from pixelfleet.domain.records import Counts, Status
from pixelfleet.domain.users import Scope
from pixelfleet.errors import Cause
from tests.fakes.records import record
from tests.unit.dashboard.conftest import Dashboard


@pytest.fixture
def counted(dashboard: Dashboard) -> Dashboard:
    """Three ready images and a failed image of tot, in three batches."""
    if dashboard.deployment.batches.get("tot", "a") is None:
        for batch, name in (("a", "1.jpg"), ("a", "2.jpg"), ("b", "1.jpg")):
            record(dashboard.deployment, "tot", batch, name)
        record(dashboard.deployment, "tot", "c", "1.jpg", cause=Cause.CRASHED)
    return dashboard


def test_the_batches_of_an_owner_are_added_up_by_status(counted: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = counted.deployment.batches
    assert totals_of(batches, Filters(owner="tot")) == Totals(4, 3, more=False)
    assert totals_of(batches, Filters(owner="tot", status=Status.FAILED)) == Totals(1, 1, more=False)
    monkeypatch.setattr("dashboard.totals.MOST_BATCHES", 2)
    assert totals_of(batches, Filters(owner="tot")).more


def test_the_number_of_images_in_a_status_comes_from_the_counters_if_they_hold_it() -> None:
    counts = Counts(ready=5, deleted=1, failed_by_cause={"crashed": 2})
    numbers = [number_of(counts, status) for status in (None, Status.READY, Status.FAILED, Status.DELETED)]
    assert numbers == [7, 5, 2, None]


def test_the_gallery_loads_the_number_if_counters_hold_it(counted: Dashboard) -> None:
    olga = counted.browser("olga")
    assert olga.get("/total?owner=tot").text.strip() == "4 in 3 batches"
    assert olga.get("/total?owner=nobody-such").text.strip() == ""
    assert 'hx-get="/total?owner=tot"' in olga.get("/?owner=tot").text
    for filters in ("name=x", "cause=crashed", "status=queued", "tag=x"):
        assert "/total" not in olga.get(f"/?owner=tot&{filters}").text


def test_a_page_of_too_many_images_to_sort_keeps_the_usual_order_with_a_note(
    counted: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga, program = counted.browser("olga"), counted.program("olga", *Scope)
    monkeypatch.setattr("pixelfleet.operations.image_pages.MOST_SORTED", 3)
    page = olga.get("/?owner=tot&order=size")
    assert (page.status_code, "In the usual order: the list of tot has more than 3 images" in page.text) == (200, True)
    assert page.text.count('class="tile"') == 4
    assert program.get("/api/v1/images", params={"owner": "tot", "order": "size"}).status_code == 400


def test_the_chips_of_filters_and_plurals_are_words_for_people(dashboard: Dashboard) -> None:
    record(dashboard.deployment, "dora", "words", "a.jpg", cause=Cause.TOO_MANY_PIXELS)
    dora = dashboard.browser("dora")
    page = dora.get("/?batch=words&size=huge&cause=too_many_pixels").text
    assert "size <b>over 100 MB</b>" in page
    assert "cause <b>too many pixels</b>" in page
    dora.post("/batches/dora/words/seal")
    assert "Closed with 1 image." in dora.get("/batches/dora/words").text
    assert things(1, "batch", "batches") == "1 batch"
    assert things(1_200, "batch", "batches") == "1,200 batches"
