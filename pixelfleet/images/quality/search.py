"""The search for the lowest setting of an encoder whose score reaches a target, with at most four trials.

The loss of an encode is 1 minus its score. Its logarithm follows a straight line over the logarithm of the encoder's
step of quantisation, which each encoder derives from its setting in its own way. So a trial is placed where the line
through the losses so far reaches the loss of the target. A setting is returned only with its own score.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST_TRIALS: Final = 4
#: A loss of this part of the target's loss is near enough: the next lower setting saves about a per cent of the bytes.
_NEAR: Final = 0.95
#: The aim of a trial, as a part of the target's loss: a trial that falls just short costs another trial.
_AIM: Final = 0.98
_NO_LOSS: Final = 1e-6
#: A measured slope is believed within these factors of the usual one.
_BELIEVED: Final = (0.4, 2.5)


@dataclass(frozen=True, slots=True)
class Trial:
    """A setting of an encoder and the score of its encode, from 0 to 1."""

    setting: int
    score: float

    @property
    def loss(self) -> float:
        return math.log(max(1 - self.score, _NO_LOSS))


@dataclass(frozen=True, slots=True)
class Curve:
    """The usual losses of an encoder: `score` at `setting`, and `slope` of the logarithms over those of `step_of`.

    `step_of` is the encoder's step of quantisation at a setting, in any unit; it falls with the setting.
    """

    setting: int
    score: float
    slope: float
    step_of: Callable[[int], float]

    def distance(self, low: int, high: int) -> float:
        """How much finer the steps are at `high`, as a logarithm; positive if `high` is the higher setting."""
        return math.log(self.step_of(low) / self.step_of(high))


def lowest_that_reaches(target: float, least: int, most: int, usual: Curve, measure: Callable[[int], float]) -> Trial:
    """The lowest tried setting from `least` to `most` whose score reaches `target`, else `most` with its score.

    `usual` places the first trial. `measure` tries a setting; a higher setting gives a higher score, or an equal one.
    """
    allowed = 1 - target
    trials: list[Trial] = []
    # Settings up to `low` fall short; `high` reaches the target, or is the highest setting.
    low, high = least - 1, most
    best: Trial | None = None
    while True:
        last = len(trials) == MOST_TRIALS - 1
        if best is None and last:
            setting = most
        else:
            untried = high if best is None else high - 1
            setting = _first(low + 1, untried, trials or [Trial(usual.setting, usual.score)], allowed * _AIM, usual)
        trial = Trial(setting, measure(setting))
        trials.append(trial)
        if trial.score >= target:
            best, high = trial, setting
        else:
            low = setting
        if best is None and setting == most:
            return trial
        if best is not None and (last or high - low <= 1 or 1 - best.score >= allowed * _NEAR):
            return best


def _first(low: int, high: int, trials: list[Trial], loss: float, usual: Curve) -> int:
    """The first setting from `low` to `high` at which no more than `loss` is expected, else `high`."""
    aim = math.log(loss)
    near, *others = sorted(trials, key=lambda trial: abs(trial.loss - aim))
    slope = usual.slope
    if others:
        distance = usual.distance(near.setting, others[0].setting)
        least, most = (usual.slope * factor for factor in _BELIEVED)
        slope = min(max((near.loss - others[0].loss) / distance, least), most)
    return next((at for at in range(low, high) if near.loss - slope * usual.distance(near.setting, at) <= aim), high)
