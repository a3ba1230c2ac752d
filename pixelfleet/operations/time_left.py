"""The rate at which images are finished, and the time left: one rule for every page, command and answer.

The rate is counted from the beginning of the backlog, so that idle time before does not count; after `WINDOW` seconds,
over the last `WINDOW` seconds. The range covers the chance in the number of finished images, and a change of speed
within the window.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

#: Seconds over which a rate is measured, unless fewer than `ENOUGH` images were finished in them.
WINDOW: Final = 120.0
ENOUGH: Final = 20
#: Seconds without a finished image, beside the time that one image takes, after which a fleet was idle.
IDLE: Final = 60.0
#: The range covers this many standard deviations of a Poisson count.
_SPREAD: Final = 2.0


@dataclass(frozen=True, slots=True)
class Interval:
    """Images finished between two moments, in epoch seconds; `work` is the seconds that one image took."""

    begins: float
    ends: float
    finished: int
    work: float = 0.0


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """Images per second, and seconds until the rest is finished: likely, at best, at worst.

    `per_second` and `seconds` are None until images of this backlog are finished; `longest` is None where too few are.
    """

    per_second: float | None = None
    seconds: float | None = None
    shortest: float | None = None
    longest: float | None = None

    def in_words(self, duration: Callable[[float], str], unknown: str) -> str:
        """The seconds by `duration`, with the range where it differs from the number; `unknown` without seconds."""
        if self.seconds is None:
            return unknown
        likely = duration(self.seconds)
        if self.shortest is None or self.longest is None:
            return f"about {likely}"
        ends = duration(self.shortest), duration(self.longest)
        return likely if ends == (likely, likely) else f"{likely} ({ends[0]} to {ends[1]})"


NOTHING_LEFT: Final = TimeLeft(0.0, 0.0, 0.0, 0.0)


def time_left(intervals: Sequence[Interval], left: int) -> TimeLeft:
    """The time left, from contiguous intervals of one backlog, oldest first; see `of_this_backlog`."""
    measured = _window(intervals)
    finished = sum(interval.finished for interval in measured)
    passed = measured[-1].ends - measured[0].begins if measured else 0.0
    if not finished or passed <= 0:
        return NOTHING_LEFT if left <= 0 else TimeLeft()
    rate = finished / passed
    if left <= 0:
        return TimeLeft(rate, 0.0, 0.0, 0.0)
    slowest, fastest = _range(measured, finished, passed)
    return TimeLeft(rate, left / rate, left / fastest, left / slowest if slowest > 0 else None)


def of_this_backlog(intervals: Sequence[Interval], now: float) -> list[Interval]:
    """The intervals since the fleet was last idle, up to `now`, without those in which nothing had begun.

    Work on the first finished images began before their interval: as many seconds before as one image takes.
    """
    busy: list[Interval] = []
    reached = now
    for interval in reversed(intervals):
        if not interval.finished:
            continue
        if reached - interval.ends > IDLE + (busy[-1].work if busy else interval.work):
            break
        busy.append(interval)
        reached = interval.begins
    if not busy:
        return []
    begins = busy[-1].begins
    return [interval for interval in intervals if interval.begins >= begins]


def between(counts: Sequence[tuple[float, int]]) -> list[Interval]:
    """The intervals between counts at several moments, as a watch reads them; counts may fall."""
    return [
        Interval(began, ended, max(after - before, 0)) for (began, before), (ended, after) in itertools.pairwise(counts)
    ]


def _window(intervals: Sequence[Interval]) -> Sequence[Interval]:
    """The latest intervals: of `WINDOW` seconds, or of `ENOUGH` images where that is longer."""
    if len(intervals) > 2:
        # The work began within the first interval.
        intervals = intervals[1:]
    finished = 0
    for position in range(len(intervals) - 1, -1, -1):
        finished += intervals[position].finished
        if finished >= ENOUGH and intervals[-1].ends - intervals[position].begins >= WINDOW:
            return intervals[position:]
    return intervals


def _range(measured: Sequence[Interval], finished: int, passed: float) -> tuple[float, float]:
    """The slowest and the fastest rate that fit these intervals."""
    spread = _SPREAD * math.sqrt(finished)
    rates = [(finished - spread) / passed, (finished + spread) / passed]
    middle = len(measured) // 2
    halves = (measured[:middle], measured[middle:])
    rates += [_rate(half) for half in halves if sum(interval.finished for interval in half) >= ENOUGH]
    return min(rates), max(rates)


def _rate(intervals: Sequence[Interval]) -> float:
    return sum(interval.finished for interval in intervals) / (intervals[-1].ends - intervals[0].begins)
