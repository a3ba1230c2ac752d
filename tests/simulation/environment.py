"""The surroundings of every simulated process: the scheduler, the network, the cloud, and the run's weather."""

import random
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from pixelfleet.deployment import Deployment
from pixelfleet.settings import Settings
from tests.simulation.cloud import Cloud
from tests.simulation.deployment import deployment_of
from tests.simulation.faults import Weather
from tests.simulation.kinds import ALONE, SCENARIO, Kind, kind_of
from tests.simulation.lazy_recipes import store_recipes
from tests.simulation.network import Network
from tests.simulation.releases import NEWER, newer_release
from tests.simulation.scenario import ANYTHING, scenario_of
from tests.simulation.scheduler import Process, Scheduler, Signal
from tests.simulation.trace import Trace
from tests.simulation.violations import Violation

#: A file system in memory, where there is one: journals and originals are many small files.
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
#: The share of runs without a scenario in which superseded revisions are kept, and for how many days: some of them
#: expire in minutes.
KEEP = 0.25
KEEP_DAYS = (0.002, 0.01, 30)
#: All images of a batch claim the same aliases; in some runs with moves, the images of both batches do.
ALIAS = "{batch}/all_{variant}.{ext}"
ALIAS_OF_BOTH = "all_{variant}.{ext}"
#: How many lazy variants a dashboard may make in an hour.
BUDGETS = (3_600, 3_600, 3)
#: In the message of DynamoDB's refusal of a write, alone or as the reason of a cancelled transaction.
_CONFLICT = "TransactionConflict"
#: The largest difference between two clocks, in seconds.
MOST_SKEW = 180.0


class Environment:
    """One simulation's surroundings. Every random decision comes from `seed` and the name of who decides."""

    def __init__(self, seed: int, suppressed: Collection[str] = ()) -> None:
        self.seed = seed
        self.scheduler = Scheduler()
        self.trace = Trace(self.scheduler)
        self.suppressed = suppressed
        self.kind = kind_of(seed)
        #: Whether visitors ask for lazy variants.
        self.visited = self.kind is Kind.VISITED
        alone = self.kind in SCENARIO and self.rng("visits").random() < ALONE
        self.scenario = scenario = SCENARIO[self.kind] if alone else scenario_of(self.rng("scenario"))
        self.weather = Weather.drawn(self.rng("weather"), suppressed, scenario.rates, scenario.operations)
        self.network = Network(self.scheduler, self.weather, self.trace)
        self._folders: list[tempfile.TemporaryDirectory[str]] = []
        self.settings = simulated_settings(
            self.folder(), scenario.max_attempts, self._days_kept(), self._alias(), **self._visits()
        )
        self.cloud = Cloud(self.scheduler, self.settings, self.rng("aws"), scenario)
        if self.visited:
            store_recipes(self.cloud.dynamodb, self.settings)
        #: Every dashboard that visitors ask, and the signal that one of them has ended a render.
        self.dashboards: list[Any] = []
        self.rendered = self.signal()
        self.clocks_differ = self.rng("clocks").random() < 0.3
        self.replace_worker: Callable[[Any, float], None] = lambda _worker, _seconds: None
        #: When the first run began of each command that goes on where it stopped, by its words.
        self.began_first: dict[str, float] = {}
        #: The images that a command found when it began, by its words.
        self.made_before: dict[str, list[str]] = {}
        #: All image items, as the catalog holds them now.
        self.image_items: Callable[[], list[dict[str, Any]]] = list
        #: The batch of each record, by key.
        self.batch_of: Callable[[str], str] = str
        #: Whether a batch of this id exists and is not sealed.
        self.is_open: Callable[[str], bool] = bool
        self.recorded: Callable[[], dict[str, tuple[str, str]]] = dict
        #: What broke during the run, not at its end.
        self.violations: list[Violation] = []
        #: When each key of the uploads bucket was last written or deleted.
        self.touched_at: dict[str, float] = {}
        #: Commands that died or failed before their end.
        self.cut_short = 0
        self.steps_of_people: list[str] = []
        #: Every worker that was started and not yet replaced.
        self.workers: list[Any] = []
        self._nobody = Process("-", self.rng("nobody"))

    def rng(self, name: str) -> random.Random:
        """The random source of one decider: a fault that is left out does not change what others draw."""
        return random.Random(f"{self.seed}/{name}")

    def process(self, name: str, parent: Process | None = None) -> Process:
        rng = self.rng(f"process/{name}")
        skew = rng.uniform(-MOST_SKEW, MOST_SKEW) if self.clocks_differ else 0.0
        return Process(name, rng, parent.skew if parent else skew, parent)

    def deployment(self, process: Process, *, sqs_attempts: int = 4, release: str = "") -> Deployment:
        """The adapters of one process."""
        deployment = deployment_of(self.network, self.cloud, self.settings, sqs_attempts=sqs_attempts)
        process.memory.setdefault("deployment", deployment)
        if release == NEWER:
            newer_release(deployment)
        return deployment

    def later(self, seconds: float, call: Callable[[], object]) -> None:
        """Call after so many seconds, outside every process."""
        self.scheduler.spawn(self._nobody, "later", call, seconds)

    def signal(self) -> Signal:
        return Signal(self.scheduler)

    def folder(self) -> Path:
        """An empty folder on this machine's disk, deleted at the end: a laptop's files and cache."""
        folder = tempfile.TemporaryDirectory(prefix="pixelfleet-simulation-", dir=_MEMORY)
        self._folders.append(folder)
        return Path(folder.name)

    def close(self) -> None:
        self.scheduler.close()
        for folder in self._folders:
            folder.cleanup()

    def violate(self, invariant: str, what: str) -> None:
        """Record that an invariant was broken during the run."""
        self.trace.note(f"VIOLATION: {invariant}: {what}")
        self.violations.append(Violation(invariant, what))

    def ended_by(self, error: Exception) -> None:
        """Keep that a command, or an attempt at a job, ended by this error: some errors must never end one."""
        if _CONFLICT in str(error):
            self.violate("no command and no attempt ends by a transaction conflict", str(error)[:120])

    def _alias(self) -> str:
        """The template of aliases; empty in runs without aliases."""
        if self.kind is Kind.PLAIN or (self.kind is not Kind.ALIASED and self.seed % 2 == 0):
            return ""
        return ALIAS_OF_BOTH if self.kind is Kind.MOVED and self.seed % 4 == 3 else ALIAS

    def _days_kept(self) -> float:
        """The days for which superseded revisions are kept: 0 in most runs."""
        rng = self.rng("keeping")
        keeps, days = rng.random() < KEEP, rng.choice(KEEP_DAYS)
        if self.kind is Kind.ROLLED_OUT:
            return days
        if self.scenario.keeps_revisions:
            return min(KEEP_DAYS)
        return days if keeps and self.scenario is ANYTHING else 0

    def _visits(self) -> dict[str, Any]:
        """The settings of a run with visitors."""
        if not self.visited:
            return {}
        return {"default_recipe": "shop", "lazy_renders_per_hour": self.rng("budget").choice(BUDGETS)}

    def may(self, name: str) -> bool:
        """Whether a person's step takes place: a shorter run of the same seed leaves some out."""
        if name in self.suppressed:
            return False
        self.steps_of_people.append(name)
        return True


def simulated_settings(scratch: Path, max_attempts: int, keep_revisions: float, alias: str, **others: Any) -> Settings:
    """A deployment on AWS with a CDN; no environment variable takes part. `max_attempts` is as ever if it is 0."""
    attempts = {"max_attempts": max_attempts} if max_attempts else {}
    fields = {"scratch_dir": scratch, "keep_revisions": keep_revisions, "alias": alias, **others}
    return Settings.model_construct(**_FIELDS | attempts | fields)


def _fields() -> dict[str, Any]:
    derive: Any = Settings._derive
    fields: dict[str, Any] = {name: field.get_default() for name, field in Settings.model_fields.items()}
    derived: dict[str, Any] = derive({"cdn_distribution_id": "E1", "alias_bucket": "pixelfleet-aliases"})
    return fields | derived | {"region": "us-east-1", "endpoint_url": None}


_FIELDS = _fields()
