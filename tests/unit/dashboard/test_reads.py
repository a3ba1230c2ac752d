"""A page costs a bounded number of DynamoDB calls and items, whatever the catalog holds, and never a Scan."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from benchmarks.dashboard_site import OWNER, browsing, stocked
from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.items import image_item
from pixelfleet.operations.image_pages import MOST_LOOKED_AT
from tests.fakes.records import image_of

#: Calls and items that a request may cost at most.
CALLS, ITEMS = 45, 2_700


@pytest.fixture(scope="module", params=[500, 5_000])
def site(request: pytest.FixtureRequest) -> tuple[TestClient, Any, dict[str, str]]:
    return browsing(stocked(request.param))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/more?cursor={cursor}",
        "/?batch=b3",
        "/?batch=b3&status=failed",
        "/?batch=b3&name=img",
        "/?batch=b3&order=-name",
        "/?order=old",
        "/total",
        "/?status=failed",
        "/?cause=crashed",
        "/?name=nothing-is-called-so",
        "/?since=2026-11-01&until=2026-11-01",
        "/images/{image}",
        f"/batches/{OWNER}/b3",
        "/batches",
        "/api/v1/images?limit=100",
        "/api/v1/images?cause=crashed",
        "/api/v1/images/{image}",
        f"/api/v1/batches/{OWNER}/b3",
    ],
)
def test_a_page_costs_a_bounded_number_of_reads_and_no_scan(
    site: tuple[TestClient, Any, dict[str, str]], path: str
) -> None:
    client, dynamo, names = site
    dynamo.calls.clear()
    dynamo.items.clear()
    assert client.get(path.format(**names)).status_code == 200
    # The fake has no Scan, so a Scan would be an error. The counted calls are all calls.
    assert set(dynamo.calls) <= {"GetItem", "BatchGetItem", "Query"}
    assert dynamo.calls.total() <= CALLS, dynamo.calls
    assert dynamo.items.total() <= ITEMS, dynamo.items


def test_a_page_of_duplicates_costs_a_query_for_each_digest_at_most() -> None:
    client, dynamo, _ = browsing(stocked(500))
    same = (image_of(OWNER, "b3", 100_000 + n).model_copy(update={"sha256": f"{n // 2:064x}"}) for n in range(1_100))
    dynamo.load(client.app.state.site.settings.images_table, (to_attributes(image_item(one)) for one in same))  # type: ignore[attr-defined]
    for path in ("/duplicates", "/duplicates?near=4"):
        dynamo.calls.clear()
        assert client.get(path).status_code == 200
        assert set(dynamo.calls) <= {"GetItem", "BatchGetItem", "Query"}
        assert dynamo.calls.total() <= CALLS + MOST_LOOKED_AT, path


def test_a_filter_without_matches_ends_the_search_at_a_bound_and_offers_to_continue() -> None:
    client, _, _ = browsing(stocked(2_500))
    page = client.get("/api/v1/images", params={"name": "nothing-is-called-so"}).json()
    assert (page["images"], bool(page["next"])) == ([], True)
    seen = 0
    while page["next"]:
        seen += 1
        page = client.get("/api/v1/images", params={"name": "img_000001.", "cursor": page["next"]}).json()
    assert seen == -(-2_500 // MOST_LOOKED_AT) - 1
    assert [image["name"] for image in page["images"]] == ["1/IMG_000001.jpg"]
