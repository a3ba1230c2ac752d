"""One seed, one run: the fleet and its people under faults, then quiet, one reconcile, quiet, and the invariants."""

import contextlib
import gc
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

import pixelfleet.cli.reconcile
from pixelfleet.domain.jobs import Lane
from tests.simulation.adoption_observer import AdoptedBucket
from tests.simulation.adoption_steps import adopt_again
from tests.simulation.console import command_line
from tests.simulation.environment import Environment
from tests.simulation.faults import Fault
from tests.simulation.invariants import AFTER_RECONCILE, BEFORE_RECONCILE, violations, workers_receive
from tests.simulation.kinds import Kind
from tests.simulation.move_observer import MoveObserver
from tests.simulation.observer import Observer
from tests.simulation.people import Person, everybody
from tests.simulation.producer import start_producer
from tests.simulation.releases import NEWER
from tests.simulation.scheduler import BEGINNING, OverrunError
from tests.simulation.seams import Seams
from tests.simulation.step import MASTERS
from tests.simulation.trace import Trace
from tests.simulation.upload_steps import PART
from tests.simulation.violations import Violation
from tests.simulation.visitors import SimulatedDashboard, event_loop
from tests.simulation.worker_process import SimulatedWorker

#: Steps after which a run counts as one that does not come to rest.
MOST_STEPS: Final = 60_000
#: Simulated seconds after which faults stop, whatever people still do.
FAULTS_END: Final = 6 * 3600.0
#: Simulated seconds in which one phase must come to its end: longer than SQS's longest redelivery.
LONGEST: Final = 2 * 86_400.0
#: Partitions of an index, and of a batch's counters.
INDEX_SHARDS: Final = 2
COUNTER_SHARDS: Final = 3
#: Simulated seconds between rest and the reconcile: nothing is young any more.
PAUSE: Final = 900.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one seed."""

    seed: int
    steps: int
    calls: int
    faults: dict[Fault, int]
    simulated: float
    violations: tuple[Violation, ...]
    faulty_calls: tuple[str, ...]
    steps_of_people: tuple[str, ...]
    trace: Trace = field(repr=False)


class Simulation:
    """One run. `suppressed` names faults and people's steps that are left out."""

    def __init__(self, seed: int, suppressed: Collection[str] = ()) -> None:
        self.environment = Environment(seed, suppressed)
        self.observer = Observer(self.environment)
        if self.environment.kind is Kind.MOVED:
            MoveObserver(self.environment, self.observer)
        if self.environment.kind is Kind.ADOPTED:
            AdoptedBucket(self.environment)
        self._violations: list[Violation] = []

    def run(self) -> Outcome:
        environment = self.environment
        seams = Seams(environment.scheduler)
        # A run is short and leaves little garbage; looking for it takes a sixth of the time.
        gc.disable()
        try:
            with seams.installed(command_line(environment), self._names()):
                self._phases()
        finally:
            gc.enable()
            environment.close()
        return Outcome(
            seed=environment.seed,
            steps=environment.scheduler.steps,
            calls=environment.network.calls,
            faults=environment.weather.counts,
            simulated=environment.scheduler.now - BEGINNING,
            violations=tuple(self._violations),
            faulty_calls=tuple(environment.weather.faulty_calls),
            steps_of_people=tuple(environment.steps_of_people),
            trace=environment.trace,
        )

    def _phases(self) -> None:
        environment = self.environment
        try:
            people = self._start()
            self._run_until(lambda: self._over(people))
            environment.weather.over = True
            environment.cloud.events_wander = False
            environment.trace.note("the faults stop")
            self._run_until(lambda: all(person.done for person in people) and self._at_rest())
            self._rest(60.0)
            self._check(BEFORE_RECONCILE)
            self._rest(PAUSE)
            if environment.kind is Kind.ADOPTED:
                self._carry_out("an adoption succeeds", self._adopt)
                self._run_until(self._at_rest)
                self._rest(PAUSE)
                self._reconcile(MASTERS)
                self._run_until(self._at_rest)
                self._rest(PAUSE)
            if environment.kind is Kind.PURGED:
                # A sweep leaves aliases of images that are under way to the next sweep.
                self._reconcile()
                self._run_until(self._at_rest)
                self._rest(PAUSE)
            self._reconcile()
            self._run_until(self._at_rest)
            self._rest(PAUSE)
            if environment.visited:
                self._ask_for_lazy_variants()
            self._check(AFTER_RECONCILE)
        except OverrunError as error:
            self._violations.append(Violation("the fleet comes to rest", str(error)))
            # The checks that hold even now show why the fleet does not come to rest.
            self._check((workers_receive,))

    def _start(self) -> list[Person]:
        environment = self.environment
        rng = environment.rng("fleet")
        versioning = rng.choice(("Enabled", "Enabled", "Enabled", "Suspended", ""))
        if environment.scenario.versioned:
            versioning = "Enabled"
        self._set_versioning("Enabled" if versioning else "")
        if versioning == "Suspended":
            environment.later(rng.uniform(0.0, 300.0), lambda: self._set_versioning("Suspended"))
        environment.replace_worker = lambda worker, seconds: environment.later(seconds, lambda: self._replace(worker))
        for number in range(rng.randint(1, 2)):
            start_producer(environment, f"producer{number}")
        mixed = rng.random() < 0.3
        for number in range(rng.randint(1, 3)):
            release = NEWER if mixed and number == 0 else ""
            self._worker(f"{release or 'bulk'}{number}", Lane.BULK, rng.randint(1, 2), release)
        self._worker("heavy0", Lane.HEAVY, 1, "")
        if environment.visited:
            environment.dashboards += [SimulatedDashboard(environment, f"site{n}") for n in range(rng.randint(1, 2))]
        if rng.random() < 0.4:
            for _ in range(rng.randint(1, 3)):
                environment.later(rng.uniform(10.0, 2_000.0), self._stop_a_worker)
        return everybody(environment)

    def _set_versioning(self, status: str) -> None:
        bucket = self.environment.settings.uploads_bucket
        self.environment.cloud.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})

    def _worker(self, name: str, lane: Lane, children: int, release: str) -> None:
        worker = SimulatedWorker(self.environment, name, lane, children, release)
        worker.plan = (name.partition("'")[0], lane, children, release)
        self.environment.workers.append(worker)

    def _replace(self, worker: SimulatedWorker) -> None:
        """ECS starts another task in the place of one that ended."""
        self.environment.workers.remove(worker)
        name, lane, children, release = worker.plan
        self._lives = getattr(self, "_lives", 0) + 1
        self._worker(f"{name}'{self._lives}", lane, children, release)

    def _stop_a_worker(self) -> None:
        alive = [worker for worker in self.environment.workers if worker.process.alive]
        if alive and not self.environment.weather.over:
            self.environment.rng(f"stop/{self.environment.scheduler.now}").choice(alive).stop()

    def _over(self, people: list[Person]) -> bool:
        ended = self.environment.scheduler.now - BEGINNING >= FAULTS_END
        return ended or (all(person.done for person in people) and self._at_rest())

    def _at_rest(self) -> bool:
        # A process that thaws may send once more what it had in hand.
        thawed = self.environment.scheduler.now >= self.environment.network.thawed_at
        return (
            thawed
            and self.environment.cloud.lanes_empty()
            and not any(dashboard.busy for dashboard in self.environment.dashboards)
            and not any(
                child.tasks and worker.busy for worker in self.environment.workers for child in worker.process.children
            )
        )

    def _rest(self, seconds: float) -> None:
        until = self.environment.scheduler.now + seconds
        self._run_until(lambda: self.environment.scheduler.now >= until)

    def _run_until(self, condition: Any) -> None:
        scheduler = self.environment.scheduler
        until = scheduler.now + LONGEST
        scheduler.run(lambda: scheduler.now >= until or condition(), MOST_STEPS)
        if scheduler.now >= until:
            raise OverrunError(f"{LONGEST / 3600:.0f} hours are not enough")

    def _reconcile(self, bucket: str | None = None) -> None:
        def reconcile() -> None:
            self.environment.trace.note(f"reconcile {bucket or ''} begins")
            with contextlib.suppress(SystemExit):
                pixelfleet.cli.reconcile.reconcile(sweep=bucket is None, from_start=True, bucket=bucket)

        self._carry_out("a reconcile succeeds", reconcile)

    def _adopt(self) -> None:
        adopt_again(self.environment, self.environment.scheduler.process.memory["deployment"])

    def _carry_out(self, invariant: str, command: Callable[[], None]) -> None:
        """Carry out a command on another machine; an error of the command breaks the invariant."""
        environment = self.environment
        process = environment.process("reconcile" if command != self._adopt else "adopt")
        environment.deployment(process)
        process.memory |= {"cache": environment.folder(), "who": "schedule", "began": environment.scheduler.now}
        task = environment.scheduler.spawn(process, process.name, command)
        self._run_until(lambda: task.ended)
        if task.error is not None:
            self._violations.append(Violation(invariant, repr(task.error)))

    def _ask_for_lazy_variants(self) -> None:
        """Each lazy variant that an image lacks is asked for: it can be made, whatever happened before."""
        environment = self.environment
        last = SimulatedDashboard(environment, "last", has_budget=False)
        environment.dashboards.append(last)
        for item in self.observer.images():
            last.ask(item["key"])
        self._run_until(self._at_rest)
        self._rest(60.0)

    def _check(self, checks: Any) -> None:
        for violation in violations(checks, self.environment, self.observer):
            if violation not in self._violations:
                self._violations.append(violation)
                self.environment.trace.note(f"VIOLATION: {violation}")

    def _names(self) -> dict[str, dict[str, Any]]:
        """The stand-ins for single names of the code under test."""
        environment = self.environment

        def memory(name: str) -> Any:
            return lambda: environment.scheduler.process.memory[name]

        return {
            "worker.tasks": {
                "processor": memory("processor"),
                "leases": memory("leases"),
                "time_limit": memory("time_limit"),
                "processor_settings": lambda: environment.settings,
                "heartbeat_recorder": lambda: None,
                "log_outcome": lambda _image, _lane: None,
            },
            "producer_lambda.handler": {"_composed": memory("producer")},
            # Few images need few shards; a call for each of many would be most of the calls of a run.
            "pixelfleet.catalog.indexes": {"IMAGE_INDEX_SHARDS": INDEX_SHARDS},
            "pixelfleet.catalog.items": {"IMAGE_INDEX_SHARDS": INDEX_SHARDS, "BATCH_COUNTER_SHARDS": COUNTER_SHARDS},
            "pixelfleet.catalog.batches": {"BATCH_COUNTER_SHARDS": COUNTER_SHARDS},
            "pixelfleet.catalog.invalidations": {"SHARDS": INDEX_SHARDS},
            "dashboard.lazy": {"asyncio": event_loop(environment)},
            "pixelfleet.uploads.body": {"PART": PART},
            "pixelfleet.uploads.uploader": {"PART": PART},
            "pixelfleet.uploads.batch": {"PART": PART},
        }


def run_seed(seed: int, suppressed: Collection[str] = ()) -> Outcome:
    """Run one seed to its end."""
    return Simulation(seed, suppressed).run()
