"""What is frequent in one run. Two fifths of the runs draw everything; each of the others makes one race likely.

A rare race needs several rare choices at once: an operator who only redrives, who is far away, and images that fail
again. A run of that scenario makes all of these choices, and still draws the order, the times and the other faults.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.simulation.faults import Fault
from tests.simulation.step import BATCHLESS, KEYS, PREFIX


@dataclass(frozen=True, slots=True)
class Scenario:
    """Choices that a run does not leave to chance. A value that is empty or None leaves the choice to the seed.

    `actions`, `tasks` and `recipes` are the kinds of steps of the bucket's users, of operators and of the dashboard's
    users, by name; the user of the bucket has at most `most_steps`, an operator at most `most_tasks`. `operators`,
    `machines` and `dashboard` are numbers of people beside the user of the bucket. `pauses` are mean seconds between
    two steps. `rates` are the chances of faults in one call of `operations`, or of any operation; other faults are rare
    then. If `spares_people`, faults hit the fleet's processes alone. If `keeps_revisions`, superseded revisions are
    kept for minutes, and two people choose among them. `share_archived` is the share of objects that are put into an
    archive.
    """

    name: str
    keys: Sequence[str] = ()
    kinds: Sequence[str] = ()
    texts: int = 0
    most_steps: int = 12
    actions: Sequence[str] = ()
    operators: int | None = 0
    tasks: Sequence[str] = ()
    most_tasks: int = 8
    dashboard: int | None = 0
    recipes: Sequence[str | None] = ()
    machines: int | None = 0
    pauses: Sequence[float] = ()
    latency: float = 0.0
    rates: Mapping[Fault, float] | None = None
    operations: Sequence[str] = ()
    spares_people: bool = False
    versioned: bool = False
    stray_events: float | None = None
    lost_events: float | None = None
    max_receives: int = 0
    max_attempts: int = 0
    keeps_revisions: bool = False
    share_archived: float = 0.0


ANYTHING: Final = Scenario("anything", operators=None, dashboard=None, machines=None)

#: Each has the race that the scenario makes likely.
SCENARIOS: Final = (
    # An image fails again between the sending of its job and the mark in its record.
    Scenario(
        "far redrives",
        kinds=("bad",),
        operators=2,
        tasks=("redrive",),
        pauses=(2.0, 20.0),
        latency=0.5,
        rates={},
    ),
    # The message of a newer version, of a removal or of a pending notice falls into the DLQ, and a redrive reads it.
    Scenario(
        "dead letters",
        keys=(KEYS[0], BATCHLESS),
        kinds=("good",),
        actions=("delete",),
        operators=2,
        tasks=("redrive", "redrive", "redrive", "purge"),
        pauses=(2.0, 60.0, 300.0),
        rates={Fault.DEATH: 0.1, Fault.BEFORE: 0.1},
        operations=("get_item", "put_item", "head_object", "publish", "transact_write_items"),
        spares_people=True,
        max_receives=1,
    ),
    # A reconcile uses an inventory that other people have made untrue.
    Scenario(
        "old inventories",
        operators=1,
        tasks=("inventory",),
        most_tasks=2,
        pauses=(60.0, 300.0),
        rates={},
        versioned=True,
    ),
    # An image that is ready is processed again, and that fails.
    Scenario(
        "failing again",
        kinds=("odd", "odd", "good"),
        dashboard=1,
        recipes=("catalog", "catalog", "web"),
        pauses=(2.0, 20.0),
        rates={Fault.BEFORE: 0.02},
        spares_people=True,
        max_attempts=2,
    ),
    # A write is made, its answer is lost, and no other message is left that would finish what the outcome needs.
    Scenario(
        "lost answers",
        keys=(BATCHLESS,),
        pauses=(2.0, 20.0),
        rates={Fault.AFTER: 0.3, Fault.DEATH: 0.02},
        operations=("put_item", "update_item", "publish"),
        spares_people=True,
        stray_events=0.0,
    ),
    # The same bytes are put again, S3 sends no event, and the version of the record expires.
    Scenario(
        "same bytes",
        keys=(BATCHLESS,),
        kinds=("good",),
        texts=1,
        actions=("expire old", "expire old", "delete old"),
        dashboard=1,
        recipes=(None, "web"),
        pauses=(2.0, 20.0),
        rates={},
        versioned=True,
        lost_events=0.7,
    ),
    # A batch is sealed again while its last image completes it.
    Scenario(
        "seals",
        keys=(*KEYS[:2], KEYS[3]),
        kinds=("good", "good", "bad"),
        actions=("delete",),
        operators=2,
        tasks=("seal",),
        most_tasks=16,
        pauses=(2.0, 5.0),
        latency=0.02,
        rates={Fault.SLOW: 0.9},
        operations=("update_item",),
        spares_people=True,
    ),
    # A removal of an old version arrives before the event of the present version, and its first attempt fails.
    Scenario(
        "old versions",
        actions=("delete old",),
        pauses=(0.1, 2.0, 20.0),
        rates={Fault.DEATH: 0.05, Fault.BEFORE: 0.05},
        spares_people=True,
        versioned=True,
        stray_events=0.5,
    ),
    # A key is deleted while slow workers still make its image.
    Scenario(
        "removals",
        keys=(BATCHLESS, f"{PREFIX}folder/"),
        kinds=("good",),
        texts=1,
        actions=("delete",),
        pauses=(5.0, 20.0),
        rates={Fault.SLOW: 0.5},
        operations=("get_object", "put_object"),
        spares_people=True,
        stray_events=0.5,
    ),
    # Every attempt at an image in heavy dies.
    Scenario(
        "deaths in heavy",
        kinds=("wide", "large"),
        rates={Fault.DEATH: 0.5},
        operations=("render",),
        spares_people=True,
        max_attempts=2,
    ),
    # An image that came after the seal has its outcome before an image of the seal. The keys have the same counter.
    Scenario(
        "later images",
        keys=(KEYS[0], *KEYS[3:]),
        kinds=("slow", "good"),
        most_steps=4,
        actions=("put",),
        operators=1,
        tasks=("seal",),
        most_tasks=2,
        pauses=(5.0, 20.0),
        rates={},
        stray_events=0.0,
    ),
    # A batch is completed, the answer is lost, and nobody looks at the batch again.
    Scenario(
        "lost completions",
        keys=KEYS[:2],
        kinds=("good",),
        most_steps=4,
        actions=("delete",),
        operators=1,
        tasks=("seal",),
        most_tasks=2,
        pauses=(2.0, 20.0),
        rates={Fault.AFTER: 0.5},
        operations=("update_item",),
        stray_events=0.0,
    ),
    # An image is made again as before while a slow worker still deletes its results of then.
    Scenario(
        "made again",
        keys=(BATCHLESS,),
        kinds=("good",),
        texts=1,
        most_steps=3,
        actions=("expire old",),
        dashboard=1,
        recipes=("web", "catalog"),
        pauses=(0.5, 2.0),
        rates={Fault.SLOW: 0.7},
        operations=("list_objects_v2", "delete_objects"),
        spares_people=True,
        stray_events=0.0,
    ),
    # The event of a key that looks like a folder arrives after the event of its removal.
    Scenario(
        "late folders",
        keys=(f"{PREFIX}folder/",),
        kinds=("good",),
        most_steps=3,
        actions=("delete",),
        pauses=(0.5, 5.0),
        rates={},
        versioned=True,
        stray_events=0.4,
    ),
    # Objects lie in an archive, and are restored while their images are processed, removed or made again.
    Scenario(
        "archives",
        keys=(BATCHLESS, KEYS[0]),
        kinds=("good", "good", "bad"),
        most_steps=8,
        actions=("restore", "restore", "archive", "delete", "undelete"),
        operators=1,
        tasks=("redrive", "reconcile", "seal"),
        most_tasks=3,
        dashboard=1,
        pauses=(2.0, 20.0, 100.0),
        share_archived=0.7,
    ),
    # Earlier revisions expire while somebody makes them current again.
    Scenario(
        "kept revisions",
        keys=(BATCHLESS, KEYS[0]),
        kinds=("good", "good", "odd"),
        texts=1,
        most_steps=3,
        actions=("delete", "expire old"),
        pauses=(2.0, 20.0, 100.0),
        rates={Fault.SLOW: 0.2, Fault.AFTER: 0.03, Fault.DEATH: 0.01},
        keeps_revisions=True,
    ),
)
#: Visitors ask for lazy variants while their images are removed, put again, and processed by another recipe.
VISITS: Final = Scenario(
    "visits",
    keys=(BATCHLESS, KEYS[0]),
    kinds=("good", "good", "big", "large"),
    texts=2,
    most_steps=6,
    actions=("delete", "delete", "expire old", "undelete"),
    operators=1,
    tasks=("redrive", "reconcile", "rm"),
    most_tasks=3,
    dashboard=1,
    recipes=("shop", "fair", "fair", "web"),
    pauses=(0.5, 2.0, 20.0),
    rates={Fault.SLOW: 0.1, Fault.AFTER: 0.02, Fault.DEATH: 0.02},
)
#: The share of runs that draw everything.
SHARE_OF_ANYTHING: Final = 0.4


def scenario_of(rng: random.Random) -> Scenario:
    """The scenario of one run."""
    return ANYTHING if rng.random() < SHARE_OF_ANYTHING else rng.choice(SCENARIOS)
