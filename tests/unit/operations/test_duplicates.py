"""Duplicates are images of the same owner with the same bytes, or that look the same. A search has a bounded cost."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.dashboard_site import StockedFleet, stocked
from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.items import image_item
from pixelfleet.domain.records import Image, Status
from pixelfleet.operations import duplicates as operation
from pixelfleet.operations.duplicates import GroupPage, Scope, duplicates, groups_of, lookalikes
from tests.fakes.records import image_of

Put = Callable[..., Image]


@pytest.fixture
def fleet() -> StockedFleet:
    """300 images of ana, a second apart, without digests and hashes."""
    return stocked(300)


@pytest.fixture
def put(fleet: StockedFleet) -> Put:
    """Stores an image of which the number decides the time."""

    def store(owner: str, number: int, batch: str = "dup", **facts: Any) -> Image:
        known = {"sha256": "a" * 64, "status": Status.READY, "cause": None}
        image = image_of(owner, batch, number).model_copy(update=known | facts)
        fleet.counting.load(fleet.settings.images_table, [to_attributes(image_item(image))])
        return image

    return store


def ids(page: GroupPage) -> list[list[str]]:
    return [[one.image.image_id for one in group] for group in page.groups]


def test_images_of_the_owner_with_the_same_bytes_are_duplicates_wherever_they_are(fleet: Any, put: Put) -> None:
    mine = put("ana", 9_001)
    earlier, later = put("ana", 1), put("ana", 20_003, "other")
    put("ana", 1_105, sha256="b" * 64)
    put("ana", 1_107, status=Status.DELETED)
    put("ben", 1_109)
    assert duplicates(fleet.images, mine) == [earlier, later]
    assert duplicates(fleet.images, mine.model_copy(update={"sha256": None})) == []


def test_a_search_for_one_image_costs_two_calls_and_ends_at_a_bound(fleet: Any, put: Put) -> None:
    mine = put("ana", 9_001)
    for number in range(40):
        put("ana", 10_000 + number)
    fleet.counting.calls.clear()
    assert len(duplicates(fleet.images, mine)) == operation.MOST_SAME
    assert fleet.counting.calls == {"Query": 1, "BatchGetItem": 1}


def test_near_images_that_look_the_same_come_with_their_distance_the_most_similar_first(fleet: Any, put: Put) -> None:
    mine = put("ana", 1_101, perceptual_hash="00000000000000ff")
    far = put("ana", 1_103, perceptual_hash="000000000000000f", sha256="b" * 64)
    close = put("ana", 1_105, perceptual_hash="00000000000000fe", sha256="c" * 64)
    put("ana", 1_107, perceptual_hash="0000000000000000", sha256="d" * 64)
    put("ana", 1_109, perceptual_hash="00000000000000ff", status=Status.DELETED)
    put("ben", 1_111, perceptual_hash="00000000000000ff")
    similar = lookalikes(fleet.images, mine, 4)
    assert [(one.image, one.distance) for one in similar] == [(close, 1), (far, 4)]
    # One image lies between.
    assert [one.image for one in lookalikes(fleet.images, mine, 4, most=1)] == [far]
    assert lookalikes(fleet.images, mine.model_copy(update={"perceptual_hash": None}), 4) == []


def test_groups_with_the_same_bytes_are_listed_once_with_their_images_from_any_page(fleet: Any, put: Put) -> None:
    old, new = put("ana", 1), put("ana", 9_001, "other")
    pair = [put("ana", number, sha256="b" * 64) for number in (8_001, 8_003)]
    put("ana", 8_005, sha256="c" * 64)
    put("ana", 8_007, sha256="c" * 64, status=Status.DELETED)
    put("ben", 8_009)
    first = groups_of(fleet.images, Scope("ana"))
    assert ids(first) == [[old.image_id, new.image_id], [one.image_id for one in pair]]
    assert first.cursor is None
    assert {one.distance for group in first.groups for one in group} == {0}


def test_pages_of_groups_repeat_no_group_and_leave_none_out(
    fleet: Any, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operation, "_AT_ONCE", 20)
    monkeypatch.setattr(operation, "MOST_LOOKED_AT", 60)
    pairs = {tuple(put("ana", at, sha256=f"{number:064x}").image_id for at in (number * 2 + 1, 10_001 + number))
             for number in range(50)}  # fmt: skip
    listed: list[tuple[str, ...]] = []
    cursor, pages = "", 0
    while True:
        fleet.counting.calls.clear()
        page = groups_of(fleet.images, Scope("ana"), cursor)
        assert page.looked_at <= 60
        assert fleet.counting.calls["Query"] <= 60 + 60
        listed += [tuple(group) for group in ids(page)]
        pages += 1
        if page.cursor is None:
            break
        cursor = page.cursor
    assert pages > 5
    assert len(listed) == len(set(listed)) == 50
    assert set(listed) == pairs


def test_the_groups_of_a_batch_have_an_image_in_it(fleet: Any, put: Put) -> None:
    other, mine = put("ana", 1, "other"), put("ana", 9_001, "mine")
    for number in (3, 5):
        put("ana", number, "other", sha256="b" * 64)
    assert ids(groups_of(fleet.images, Scope("ana", "mine"))) == [[other.image_id, mine.image_id]]
    assert ids(groups_of(fleet.images, Scope("ana", "none"))) == []


def test_groups_that_look_the_same_begin_with_the_oldest_image(fleet: Any, put: Put) -> None:
    first = put("ana", 9_001, perceptual_hash="00000000000000ff")
    second = put("ana", 9_003, perceptual_hash="000000000000000f", sha256="b" * 64)
    put("ana", 9_005, perceptual_hash="ffffffffffffffff", sha256="c" * 64)
    page = groups_of(fleet.images, Scope("ana", near=4))
    assert ids(page) == [[first.image_id, second.image_id]]
    assert [one.distance for one in page.groups[0]] == [0, 4]
    assert ids(groups_of(fleet.images, replace(Scope("ana"), near=3))) == []
