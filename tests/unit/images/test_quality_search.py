"""The search of an encoder's setting: on made-up curves, without an encoder."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelfleet.images.quality.search import MOST_TRIALS, Curve, Trial, lowest_that_reaches

USUAL = Curve(80, 0.98, 0.64, lambda setting: 201 - 2 * setting)


def power(loss_at_80: float, slope: float) -> Callable[[int], float]:
    """The scores of an encoder whose loss is a power of its step."""
    return lambda setting: 1 - min(1.0, loss_at_80 * math.exp(-slope * USUAL.distance(80, setting)))


class Counted:
    def __init__(self, curve: Callable[[int], float]) -> None:
        self.curve = curve
        self.settings: list[int] = []

    def __call__(self, setting: int) -> float:
        self.settings.append(setting)
        return self.curve(setting)


@given(st.floats(0.002, 0.3), st.floats(0.1, 2), st.floats(0.8, 0.995), st.integers(1, 100), st.integers(1, 100))
def test_the_setting_is_the_lowest_of_those_that_were_tried_and_reach_the_target(
    loss: float, slope: float, target: float, one: int, other: int
) -> None:
    least, most = sorted((one, other))
    measure = Counted(power(loss, slope))
    best = lowest_that_reaches(target, least, most, USUAL, measure)
    assert best.score == measure.curve(best.setting)
    assert all(least <= setting <= most for setting in measure.settings)
    assert len(measure.settings) == len(set(measure.settings)) <= MOST_TRIALS
    reached = [setting for setting in measure.settings if measure.curve(setting) >= target]
    assert best.setting == (min(reached) if reached else most)


@given(st.floats(0.005, 0.12), st.floats(0.4, 1), st.floats(0.9, 0.99))
def test_on_a_usual_curve_the_setting_is_the_lowest_within_two_or_its_loss_is_near_that_of_the_target(
    loss: float, slope: float, target: float
) -> None:
    curve = power(loss, slope)
    best = lowest_that_reaches(target, 1, 100, USUAL, curve)
    lowest = next((setting for setting in range(1, 101) if curve(setting) >= target), 100)
    assert lowest <= best.setting
    assert best.setting <= lowest + 2 or 1 - best.score >= 0.9 * (1 - target)


def test_the_highest_setting_is_used_with_its_score_where_no_setting_reaches_the_target() -> None:
    measure = Counted(lambda setting: setting / 200)
    assert lowest_that_reaches(0.98, 50, 92, USUAL, measure) == Trial(92, 0.46)


def test_the_lowest_setting_is_used_where_every_setting_reaches_the_target() -> None:
    measure = Counted(lambda _setting: 1.0)
    best = lowest_that_reaches(0.9, 50, 92, USUAL, measure)
    assert (best.setting, len(measure.settings) <= MOST_TRIALS) == (50, True)


def test_a_range_of_one_setting_takes_one_trial() -> None:
    measure = Counted(lambda _setting: 0.7)
    assert lowest_that_reaches(0.9, 60, 60, USUAL, measure) == Trial(60, 0.7)
    assert measure.settings == [60]


def test_a_curve_that_falls_back_gives_a_setting_whose_own_score_reaches_the_target() -> None:
    scores = {setting: 0.95 if setting % 2 else 0.97 for setting in range(1, 101)}
    best = lowest_that_reaches(0.96, 50, 92, USUAL, scores.__getitem__)
    assert best.score >= 0.96


@pytest.mark.parametrize("target", [0.9, 0.95, 0.98])
def test_a_curve_that_is_the_usual_one_takes_two_trials_at_most(target: float) -> None:
    measure = Counted(power(1 - USUAL.score, USUAL.slope))
    lowest_that_reaches(target, 1, 100, USUAL, measure)
    assert len(measure.settings) <= 2
