"""The faults of a run. The seed decides the kinds of fault, their rates, and the calls that they strike.

Each run draws its own weather: some kinds of fault on, others off, each at its own rate. A run in which everything
fails at once hides what two rare faults do together ("swarm testing", Groce and others, ISSTA 2012).
"""

import random
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

#: Each kind's most frequent rate: the chance that it strikes one call.
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
#: The share of runs in which one kind strikes `FURY` times as often as its most frequent rate, and other kinds hardly.
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
    """The rates of one run, and what has struck so far. Nothing strikes any more once `over` is set.

    `suppressed` names faults, as `process:call`, that do not strike although the seed draws them: that is how a
    failing run is made shorter.
    """

    rates: dict[Fault, float]
    suppressed: Collection[str] = ()
    over: bool = False
    struck: list[str] = field(default_factory=list)
    counts: dict[Fault, int] = field(default_factory=dict)

    @classmethod
    def drawn(cls, rng: random.Random, suppressed: Collection[str] = ()) -> "Weather":
        rates = {}
        for fault in Fault:
            on, share = rng.random() < 0.5, rng.random()
            rates[fault] = MOST_OFTEN[fault] * share * share if on else 0.0
        furious, kind = rng.random() < FURIOUS, rng.choice((Fault.DEATH, Fault.FREEZE, Fault.SLOW, Fault.CONFLICT))
        if furious:
            rates = {fault: rate / FURY for fault, rate in rates.items()}
            rates[kind] = MOST_OFTEN[kind] * FURY
        return cls(rates, suppressed)

    def draw(self, rng: random.Random, name: str, *, writes: bool = True) -> Fault | None:
        """The fault that strikes the call `name`, or None. Only a call that writes can be part of a conflict."""
        chance = rng.random()
        if self.over:
            return None
        for fault, rate in self.rates.items():
            if chance < rate:
                if name in self.suppressed or (fault is Fault.CONFLICT and not writes):
                    return None
                self.struck.append(name)
                self.counts[fault] = self.counts.get(fault, 0) + 1
                return fault
            chance -= rate
        return None
