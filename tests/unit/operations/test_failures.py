"""Failures by cause, counted from the keys of their index at a bounded cost."""

import pytest

from benchmarks.dashboard_site import StockedFleet, stocked
from pixelfleet.errors import Cause
from pixelfleet.operations.failures import (
    FailureGroup,
    GroupBy,
    Selection,
    count_by_cause,
    preview,
    select,
    summarise,
)

#: Every twentieth record of the stocked fleet has failed; half of these crashed.
RECORDS, FAILED = 2_000, 100


@pytest.fixture(scope="module")
def fleet() -> StockedFleet:
    return stocked(RECORDS)


def facts(groups: tuple[FailureGroup, ...]) -> list[object]:
    return [
        (one.name, one.count, one.more, one.oldest, one.newest, one.message, [i.image_id for i in one.examples])
        for one in groups
    ]


def test_the_count_from_keys_equals_the_count_from_records(fleet: StockedFleet) -> None:
    by_records = summarise(fleet, Selection(any_cause=True), GroupBy.CAUSE)
    by_keys = count_by_cause(fleet, 1_000)
    assert facts(by_keys.groups) == facts(by_records.groups)
    assert (by_keys.failed, by_keys.complete) == (FAILED, True)


@pytest.mark.parametrize(("most", "count", "more"), [(49, 49, True), (50, 50, False), (51, 50, False)])
def test_a_limit_on_the_count_hides_no_cause(fleet: StockedFleet, most: int, count: int, more: bool) -> None:
    whole = {group.name: group for group in count_by_cause(fleet, 1_000).groups}
    summary = count_by_cause(fleet, most)
    assert {group.name for group in summary.groups} == {Cause.CRASHED, Cause.TRUNCATED}
    for group in summary.groups:
        assert (group.count, group.more) == (count, more)
        assert (group.oldest, group.newest) == (whole[group.name].oldest, whole[group.name].newest)
    assert summary.complete is not more


def test_a_count_reads_keys_and_the_records_of_its_examples(fleet: StockedFleet) -> None:
    fleet.counting.calls.clear()
    fleet.counting.items.clear()
    count_by_cause(fleet, 20)
    assert fleet.counting.items["BatchGetItem"] == 6
    assert fleet.counting.calls["Query"] <= 8 * 6


def test_a_preview_counts_the_images_of_the_selection(fleet: StockedFleet) -> None:
    selection = Selection(cause=Cause.CRASHED)
    taken = list(select(fleet.images, selection))
    actual = preview(fleet.images, selection)
    assert (actual.count, actual.complete) == (len(taken), True)
    assert (actual.by_cause, actual.by_owner) == ({"crashed": 50}, {"ana": 50})
    assert [image.image_id for image in actual.examples] == [image.image_id for image in taken[:3]]


def test_a_preview_keeps_the_limit_and_reads_a_bounded_number_of_records(fleet: StockedFleet) -> None:
    assert preview(fleet.images, Selection(any_cause=True, limit=7)).count == 7
    fleet.counting.items.clear()
    of_nobody = preview(fleet.images, Selection(any_cause=True, owner="nobody"), most=40)
    assert (of_nobody.count, of_nobody.complete) == (0, False)
    assert fleet.counting.items["BatchGetItem"] <= 100


def test_the_failures_of_one_batch_are_read_from_its_own_index(fleet: StockedFleet) -> None:
    expected = {i.image_id for i in select(fleet.images, Selection(any_cause=True)) if i.batch == "b0"}
    fleet.counting.items.clear()
    selection = Selection(any_cause=True, owner="ana", batch="b0")
    assert {image.image_id for image in select(fleet.images, selection)} == expected
    assert fleet.counting.items["BatchGetItem"] == len(expected) == 100
    assert preview(fleet.images, Selection(any_cause=True, owner="ana", batch="b1")).count == 0
