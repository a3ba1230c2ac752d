"""The faults of a run. The seed decides the kinds of fault, their rates, and the calls that they hit.

Each run draws its own weather: some kinds of fault on, others off, each at its own rate. A run in which everything
fails at once hides what two rare faults do together ("swarm testing", Groce and others, ISSTA 2012).
"""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

#: Each kind's most frequent rate: the chance that it hits one call.
MOST_OFTEN: Final = {
    "before": 0.06,
    "after": 0.06,
    "death": 0.02,
    "freeze": 0.01,
    "slow": 0.05,
    "odd": 0.004,
    "conflict": 0.15,
    "throttle": 0.05,
}
#: Calls that DynamoDB refuses for a transaction on the same item.
WRITES: Final = frozenset({"put_item", "update_item", "delete_item", "transact_write_items"})
#: The share of runs in which one kind is `FURY` times as frequent as its most frequent rate, and other kinds are rare.
FURIOUS: Final = 0.15
FURY: Final = 3.0


class Fault(StrEnum):
    """`before`: an error without effect. `after`: an effect without an answer. `odd`: credentials do not refresh."""

    BEFORE = "before"
    AFTER = "after"
    DEATH = "death"
    FREEZE = "freeze"
    SLOW = "slow"
    ODD = "odd"
    CONFLICT = "conflict"
    THROTTLE = "throttle"


@dataclass(slots=True)
class Weather:
    """The rates of one run, and the calls that faults hit so far. No fault occurs once `over` is set.

    If `operations` are given, only calls of these fail. `suppressed` names faults, as `process:call`, that do not occur
    although the seed draws them: that is how a failing run is made shorter.
    """

    rates: dict[Fault, float]
    suppressed: Collection[str] = ()
    operations: Collection[str] = ()
    over: bool = False
    faulty_calls: list[str] = field(default_factory=list)
    counts: dict[Fault, int] = field(default_factory=dict)

    @classmethod
    def drawn(
        cls,
        rng: random.Random,
        suppressed: Collection[str] = (),
        frequent: "Mapping[Fault, float] | None" = None,
        operations: Collection[str] = (),
    ) -> "Weather":
        """The rates of a run. Where the scenario makes faults `frequent`, other kinds are rare or do not occur."""
        rates = {}
        for fault in Fault:
            on, share = rng.random() < 0.5, rng.random()
            rates[fault] = MOST_OFTEN[fault] * share * share if on else 0.0
        furious, kind = rng.random() < FURIOUS, rng.choice((Fault.DEATH, Fault.FREEZE, Fault.SLOW, Fault.CONFLICT))
        if frequent is not None:
            others = rng.choice((0.0, 0.0, 1.0)) / FURY
            rates = {fault: rate * others for fault, rate in rates.items()} | dict(frequent)
        elif furious:
            rates = {fault: rate / FURY for fault, rate in rates.items()}
            rates[kind] = MOST_OFTEN[kind] * FURY
        return cls(rates, suppressed, operations)

    def draw(self, rng: random.Random, name: str, operation: str) -> Fault | None:
        """The fault that hits the call `name` of an operation, or None. A conflict can only hit a write."""
        chance = rng.random()
        if self.over or (self.operations and operation not in self.operations):
            return None
        for fault, rate in self.rates.items():
            if chance < rate:
                if name in self.suppressed or (fault is Fault.CONFLICT and operation not in WRITES):
                    return None
                self.faulty_calls.append(name)
                self.counts[fault] = self.counts.get(fault, 0) + 1
                return fault
            chance -= rate
        return None
