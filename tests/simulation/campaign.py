"""Totals over many seeds: the simulated amount, and the broken invariants with their seeds."""

from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.simulation import run_seed


@dataclass(frozen=True, slots=True)
class Summary:
    """One seed's outcome without its trace: fit to be sent from one process to another."""

    seed: int
    steps: int
    calls: int
    simulated: float
    faults: Counter[str]
    broken: tuple[str, ...]


def summary_of(seed: int) -> Summary:
    """Run one seed."""
    outcome = run_seed(seed)
    return Summary(
        seed=seed,
        steps=outcome.steps,
        calls=outcome.calls,
        simulated=outcome.simulated,
        faults=Counter({fault.value: count for fault, count in outcome.faults.items()}),
        broken=tuple(dict.fromkeys(violation.invariant for violation in outcome.violations)),
    )


@dataclass(slots=True)
class Campaign:
    """Sums over seeds. `first_seed` is the first seed that broke an invariant, `broken` how many did."""

    seeds: int = 0
    steps: int = 0
    calls: int = 0
    simulated: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    first_seed: dict[str, int] = field(default_factory=dict)

    def add(self, summary: Summary) -> None:
        self.seeds += 1
        self.steps += summary.steps
        self.calls += summary.calls
        self.simulated += summary.simulated
        self.faults += summary.faults
        for invariant in summary.broken:
            self.broken[invariant] += 1
            self.first_seed.setdefault(invariant, summary.seed)

    def report(self, seconds: float) -> str:
        """The figures, `seconds` being the time that the campaign took."""
        days = self.simulated / 86_400
        lines = [
            f"{self.seeds:,} seeds, {self.steps:,} steps, {self.calls:,} calls, {days:,.0f} simulated days",
            f"{self.faults.total():,} faults: " + ", ".join(f"{n:,} {name}" for name, n in self.faults.most_common()),
            f"{self.seeds / seconds:.1f} seeds and {self.steps / seconds:,.0f} steps a second",
        ]
        if not self.broken:
            return "\n".join([*lines, "every invariant held"])
        lines += [
            f"{count:>6,} seeds break: {invariant} (first: seed {self.first_seed[invariant]})"
            for invariant, count in self.broken.most_common()
        ]
        return "\n".join(lines)
