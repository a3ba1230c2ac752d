"""The kinds of runs. A new kind gets seeds of its own, so that the seeds of the other kinds keep their meaning."""

from enum import StrEnum
from typing import Final

from tests.simulation.faults import Fault
from tests.simulation.scenario import VISITS, Scenario
from tests.simulation.step import BATCHLESS, KEYS

#: The share of runs of a kind that have the scenario of that kind; the others draw theirs as other runs do.
ALONE: Final = 0.5


class Kind(StrEnum):
    """The people and settings that the runs of a kind have besides those of every run."""

    PLAIN = "plain"
    #: All images of a batch claim the same aliases.
    ALIASED = "aliased"
    #: Visitors ask for lazy variants; every other one of these runs has aliases.
    VISITED = "visited"
    #: Somebody moves images between two batches; every other one of these runs has aliases.
    MOVED = "moved"
    #: A bucket that existed before is adopted; every other one of these runs has aliases.
    ADOPTED = "adopted"
    #: A recipe is rolled out and back, and superseded revisions are kept; every other one of these runs has aliases.
    ROLLED_OUT = "rolled out"
    #: Dead letters are purged by the dashboard, and some purges are stopped.
    PURGED = "purged"


#: The first seed of each kind.
FIRST: Final = {
    Kind.PLAIN: 0,
    Kind.ALIASED: 1_000_000,
    Kind.VISITED: 2_000_000,
    Kind.MOVED: 3_000_000,
    Kind.ADOPTED: 4_000_000,
    Kind.ROLLED_OUT: 5_000_000,
    Kind.PURGED: 6_000_000,
}

#: Images are moved to another batch and back, while their keys in both batches are put, deleted and processed again.
MOVES: Final = Scenario(
    "moves",
    keys=KEYS[:2],
    kinds=("good", "good", "good", "bad", "large"),
    texts=2,
    most_steps=6,
    actions=("delete", "delete", "expire old", "undelete"),
    operators=1,
    tasks=("seal", "redrive", "reconcile", "rm"),
    most_tasks=3,
    pauses=(0.5, 2.0, 20.0),
    rates={Fault.SLOW: 0.1, Fault.AFTER: 0.02, Fault.DEATH: 0.01},
)
#: A bucket is adopted while others change it, and adoptions are interrupted; nearly nothing else happens.
ADOPTIONS: Final = Scenario(
    "adoptions",
    keys=(BATCHLESS,),
    kinds=("good",),
    most_steps=2,
    operators=1,
    tasks=("redrive", "reconcile"),
    most_tasks=2,
    pauses=(0.5, 2.0, 20.0),
    rates={Fault.SLOW: 0.1, Fault.AFTER: 0.02, Fault.BEFORE: 0.02, Fault.DEATH: 0.02},
)
#: A recipe is rolled out and back while images are put and deleted. Nobody else chooses recipes.
ROLLOUTS: Final = Scenario(
    "rollouts",
    keys=KEYS[:4],
    kinds=("good", "good", "good", "odd", "large", "bad"),
    most_steps=8,
    actions=("delete", "expire old"),
    operators=1,
    tasks=("redrive", "reconcile", "seal"),
    most_tasks=3,
    pauses=(0.5, 2.0, 20.0),
    rates={Fault.SLOW: 0.05, Fault.AFTER: 0.02, Fault.BEFORE: 0.02, Fault.DEATH: 0.01},
)
#: Dead letters of every kind are purged while others redrive them.
PURGES: Final = Scenario(
    "purges",
    keys=(KEYS[0], BATCHLESS),
    kinds=("good", "good", "bad"),
    actions=("delete",),
    operators=2,
    tasks=("redrive", "stopped purge", "stopped purge", "purge"),
    pauses=(2.0, 60.0, 300.0),
    rates={Fault.DEATH: 0.1, Fault.BEFORE: 0.1},
    operations=("get_item", "put_item", "head_object", "publish", "transact_write_items"),
    spares_people=True,
    max_receives=1,
)
#: The scenario of a kind.
SCENARIO: Final = {
    Kind.VISITED: VISITS,
    Kind.MOVED: MOVES,
    Kind.ADOPTED: ADOPTIONS,
    Kind.ROLLED_OUT: ROLLOUTS,
    Kind.PURGED: PURGES,
}


def kind_of(seed: int) -> Kind:
    """The kind of the run of a seed."""
    return max((first, kind) for kind, first in FIRST.items() if seed >= first)[1]
