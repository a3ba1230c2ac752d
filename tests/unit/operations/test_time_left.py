"""Rate and time left by arithmetic: a run whose true rate is known, after idle time, at its start, with slow images."""

import pytest

from pixelfleet.operations.time_left import Interval, TimeLeft, between, of_this_backlog, time_left

SLOT = 15.0


def slots(*finished: int, work: float = 0.1) -> list[Interval]:
    return [Interval(n * SLOT, (n + 1) * SLOT, count, work) for n, count in enumerate(finished)]


def test_idle_time_before_the_backlog_does_not_count() -> None:
    # A small batch, five minutes without work, then 16 images a second.
    run = slots(30, *[0] * 20, *[240] * 4)
    actual = time_left(of_this_backlog(run, 25 * SLOT), 4_000)
    assert actual.per_second == pytest.approx(16.0)
    assert actual.seconds == pytest.approx(250.0)
    assert actual.shortest is not None
    assert actual.longest is not None
    assert 200 < actual.shortest < 250 < actual.longest < 300


def test_the_slot_in_which_the_work_began_does_not_lower_the_rate() -> None:
    assert time_left(slots(10, 240, 240), 1).per_second == pytest.approx(16.0)


def test_a_rate_that_falls_widens_the_range_to_the_slower_half() -> None:
    actual = time_left(slots(0, *[240] * 4, *[120] * 4), 1_200)
    assert actual.per_second == pytest.approx(12.0)
    assert actual.longest == pytest.approx(1_200 / 8.0)
    assert actual.shortest == pytest.approx(1_200 / 16.0)


def test_images_that_take_ten_minutes_are_one_backlog_despite_long_gaps() -> None:
    # One worker finishes an image every ten minutes. No image is finished in the slots between.
    run = slots(*[1 if n % 40 == 0 else 0 for n in range(241)], work=600.0)
    actual = time_left(of_this_backlog(run, 241 * SLOT), 6)
    assert actual.per_second == pytest.approx(1 / 600, rel=0.2)
    assert actual.seconds == pytest.approx(3_600, rel=0.2)


def test_images_finished_long_ago_do_not_count_for_a_new_backlog() -> None:
    assert of_this_backlog(slots(500, *[0] * 30), 31 * SLOT) == []
    assert time_left([], 10) == TimeLeft()


def test_a_few_finished_images_give_no_longest_time() -> None:
    actual = time_left(slots(2, 1), 10)
    assert actual.seconds == pytest.approx(100.0)
    assert actual.longest is None


def test_a_backlog_without_images_takes_no_time() -> None:
    assert time_left([], 0).seconds == 0.0
    assert time_left(slots(0, 30, 30), 0) == TimeLeft(2.0, 0.0, 0.0, 0.0)


def test_only_the_latest_two_minutes_of_a_longer_run_count() -> None:
    assert time_left(slots(*[1_000] * 10, *[30] * 9), 60).per_second == pytest.approx(2.0)


def test_counts_of_a_watch_become_intervals_and_a_falling_count_becomes_zero() -> None:
    assert [i.finished for i in between([(0.0, 0), (1.0, 5), (2.0, 4), (3.0, 9)])] == [5, 0, 5]
