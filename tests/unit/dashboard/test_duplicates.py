"""The page of duplicates and its API: groups, what is selected, whose images they are."""

import re

from pixelfleet.domain.records import Image
from tests.fakes.records import record
from tests.unit.dashboard.conftest import Dashboard


def pair(dashboard: Dashboard, owner: str, digit: str, **facts: str) -> list[Image]:
    """Two images with the same bytes, in two batches."""
    return [
        record(dashboard.deployment, owner, f"dup{digit}-{batch}", f"{digit}.jpg", sha256=digit * 64, **facts)
        for batch in "ab"
    ]


def test_the_page_lists_groups_whose_later_images_can_be_selected(dashboard: Dashboard) -> None:
    first, second = pair(dashboard, "dora", "1")
    pair(dashboard, "ben", "1")
    page = dashboard.browser("dora").get("/duplicates?batch=dup1-a").text
    assert re.findall(r'data-tile="(\w+)"', page) == [first.image_id, second.image_id]
    assert "2 images" in page
    assert page.count("data-others") == 1
    assert re.findall(r'formaction="/bulk/(\w+)"', page) == [
        "download",
        "manifest",
        "reprocess",
        "tag",
        "move",
        "delete",
    ]
    # Nothing that matches a filter can be selected as a whole.
    assert "select-all" not in page
    assert "No duplicates" in dashboard.browser("dora").get("/duplicates?batch=none").text


def test_an_operator_sees_the_groups_of_an_owner(dashboard: Dashboard) -> None:
    first, _ = pair(dashboard, "dora", "2")
    page = dashboard.browser("olga").get("/duplicates?owner=dora&batch=dup2-b").text
    assert first.image_id in page
    assert '<input type="hidden" name="owner" value="dora">' in page


def test_images_that_look_the_same_have_their_difference(dashboard: Dashboard) -> None:
    facts = ({"perceptual_hash": "00ff00ff00ff00ff"}, {"perceptual_hash": "00ff00ff00ff00fe"})
    one, other = (
        record(dashboard.deployment, "dora", "alike", f"{number}.jpg", sha256=f"{number + 7}" * 64, **fact)
        for number, fact in enumerate(facts)
    )
    dora = dashboard.browser("dora")
    page = dora.get("/duplicates?batch=alike&near=4").text
    assert re.findall(r'data-tile="(\w+)"', page) == [one.image_id, other.image_id]
    assert "1 of 64 bits differ" in page
    part = dora.get(f"/images/{one.image_id}/duplicates").text
    assert re.findall(r'href="/images/(\w+)"', part) == [other.image_id]
    assert "1 of 64 bits differ" in part
    api = dashboard.program("dora")
    similar = api.get(f"/api/v1/images/{one.image_id}/duplicates?near=4").json()["lookalikes"]
    assert [(entry["image"]["image_id"], entry["distance"]) for entry in similar] == [(other.image_id, 1)]
    assert api.get(f"/api/v1/images/{one.image_id}/duplicates").json()["lookalikes"] == []
    groups = api.get("/api/v1/duplicates?batch=alike&near=4").json()["groups"]
    assert [[entry["image"]["image_id"] for entry in group] for group in groups] == [[one.image_id, other.image_id]]


def test_an_invalid_distance_or_cursor_is_refused_by_the_api(dashboard: Dashboard) -> None:
    api = dashboard.program("dora")
    assert api.get("/api/v1/duplicates?near=9").status_code == 422
    assert api.get("/api/v1/duplicates?cursor=%C3%A9").status_code == 400
    assert dashboard.browser("dora").get("/duplicates?near=nine").status_code == 200
