"""The months of an owner: each once, newest first, at a cost that the number of images does not change."""

import re
from datetime import UTC, date, datetime

import pytest

from benchmarks.dashboard_site import StockedFleet, browsing, stocked
from dashboard.months import Month, months_of
from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.items import image_item
from pixelfleet.domain.records import Status, timestamp
from tests.fakes.records import image_of

DAYS = [(2024, 2, 29), (2025, 12, 31), (2026, 1, 1), (2026, 1, 31)]


@pytest.fixture(scope="module")
def fleet() -> StockedFleet:
    """Two thousand images of ana from November 2026, and four older images."""
    deployment = stocked(2_000)
    for number, day in enumerate(DAYS, 5_000):
        at = timestamp(datetime(*day, 23, 59, tzinfo=UTC))
        image = image_of("ana", "old", number).model_copy(update={"uploaded_at": at})
        deployment.counting.load(deployment.settings.images_table, [to_attributes(image_item(image))])
    return deployment


def test_each_month_with_images_is_listed_once_newest_first(fleet: StockedFleet) -> None:
    fleet.counting.calls.clear()
    months, following = months_of(fleet.images, "ana")
    assert [month.name for month in months] == ["2026-11", "2026-01", "2025-12", "2024-02"]
    assert following is None
    assert fleet.counting.calls["Query"] <= 8 * 2 * 5
    assert months_of(fleet.images, "nobody") == ([], None)


def test_an_answer_without_all_months_leads_to_the_next_months(fleet: StockedFleet) -> None:
    first, following = months_of(fleet.images, "ana", most=3)
    assert following is not None
    rest, end = months_of(fleet.images, "ana", following, most=3)
    assert [month.name for month in (*first, *rest)] == ["2026-11", "2026-01", "2025-12", "2024-02"]
    assert end is None


def test_an_image_that_was_removed_before_it_was_processed_has_no_month(fleet: StockedFleet) -> None:
    gone = image_of("eve", "old", 6_000).model_copy(update={"uploaded_at": "", "status": Status.DELETED})
    fleet.counting.load(fleet.settings.images_table, [to_attributes(image_item(gone))])
    assert months_of(fleet.images, "eve") == ([], None)


def test_a_month_ends_with_its_last_day() -> None:
    assert Month(date(2024, 2, 1)).last == date(2024, 2, 29)
    assert Month(date(2025, 12, 1)).last == date(2025, 12, 31)


def test_the_rail_and_the_api_lead_to_the_days_of_a_month(fleet: StockedFleet) -> None:
    client, _, _ = browsing(fleet)
    page = client.get("/months").text
    # The list goes on with the older months, and keeps the other filters.
    assert 'href="/?until=2026-01-31"' in page
    assert re.findall(r'class="year">(\d+)<', page) == ["2026", "2025", "2024"]
    later = client.get("/months?status=ready&since=2026-01-05&before=2026-11").text
    assert 'href="/?status=ready&amp;until=2026-01-31"' in later
    assert re.findall(r'class="year">(\d+)<', later) == ["2025", "2024"]
    assert client.get("/months?owner=ben").status_code == 404
    assert client.get("/months?before=nonsense").status_code == 200
    answer = client.get("/api/v1/months").json()
    assert (answer["months"][0], answer["next"]) == ("2026-11", None)
    assert client.get("/api/v1/months", params={"before": "nonsense"}).status_code == 422
