"""`python -m tests.simulation.hunt INVARIANT FIRST MOST`: prints how many seeds it takes until the invariant breaks."""

import sys

from tests.simulation.simulation import run_seed


def hunt(invariant: str, first: int, most: int) -> int | None:
    """The number of seeds from `first` on, the one that breaks the invariant included; None if none of `most` does."""
    for number in range(most):
        outcome = run_seed(first + number)
        if any(violation.invariant == invariant for violation in outcome.violations):
            return number + 1
    return None


if __name__ == "__main__":
    actual = hunt(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    print("none" if actual is None else actual)
