"""Makes a failing run shorter: leaves out faults and people's steps as long as the same invariant breaks.

Delta debugging (Zeller and Hildebrandt, IEEE TSE 2002): halves first, then smaller parts, then single ones.
"""

import functools
from collections.abc import Callable, Sequence

from tests.simulation.simulation import Outcome, run_seed

#: Runs that one shrinking may take.
MOST_RUNS = 400


def shortest(seed: int, invariant: str) -> Outcome:
    """The run of this seed with the fewest faults and steps that still breaks the invariant."""
    best = run_seed(seed)
    runs = 0
    left_out: list[str] = []

    def breaks_with(parts: list[str], kept: list[str]) -> bool:
        nonlocal best, runs
        runs += 1
        if runs > MOST_RUNS:
            return False
        outcome = run_seed(seed, frozenset([*left_out, *_without(parts, kept)]))
        broken = any(violation.invariant == invariant for violation in outcome.violations)
        best = outcome if broken else best
        return broken

    for parts in (list(best.steps_of_people), list(best.faulty_calls)):
        left_out += _without(parts, _fewest(parts, functools.partial(breaks_with, parts)))
    return best


def _fewest(parts: list[str], fails_with: Callable[[list[str]], bool]) -> list[str]:
    """A subset of `parts` with which the run still fails, and of which no single part can be left out."""
    if fails_with([]):
        return []
    pieces = 2
    while len(parts) > 1:
        size = max(1, len(parts) // pieces)
        chunks = [parts[start : start + size] for start in range(0, len(parts), size)]
        smaller = next((rest for chunk in chunks if fails_with(rest := _without(parts, chunk))), None)
        if smaller is not None:
            parts, pieces = smaller, max(2, pieces - 1)
        elif size == 1:
            break
        else:
            pieces = min(len(parts), pieces * 2)
    return parts


def _without(parts: Sequence[str], some: Sequence[str]) -> list[str]:
    return [part for part in parts if part not in set(some)]
