"""The users of the fleet: people at the bucket, uploading machines, operators with the command line, dashboard users.

Each runs the real code. A person whose program dies or fails may run it again. Each run has other people, and each
person has other habits in each run ("swarm testing", see faults.py).
"""

import random
from collections.abc import Sequence
from typing import Final

from dashboard.problem import Problem
from pixelfleet.errors import SetupError
from tests.simulation.adoption_steps import archivist_steps
from tests.simulation.bucket_steps import bucket_steps
from tests.simulation.dashboard_steps import curator_steps, dashboard_steps
from tests.simulation.environment import Environment
from tests.simulation.kinds import ROLLOUTS, Kind
from tests.simulation.mover_steps import mover_steps
from tests.simulation.operator_steps import operator_steps
from tests.simulation.rollout_steps import rollout_steps
from tests.simulation.step import BATCHES, BATCHLESS, KEYS, PREFIX, Step, batch_folder
from tests.simulation.upload_steps import upload_steps
from tests.simulation.visitors import visitor_steps

#: The share of runs with one key, in no batch: a record without a counter is written without a transaction.
ONE_BATCHLESS: Final = 0.15
#: Mean seconds between two steps of a person: often a moment, sometimes minutes.
PAUSES: Final = (0.1, 0.1, 2.0, 20.0, 300.0)


class Person:
    """Does steps one after the other, with pauses. After a death or a failure the person may repeat the step."""

    def __init__(self, environment: Environment, name: str, steps: Sequence[Step]) -> None:
        self._environment = environment
        self._name = name
        numbered = [(n, step) for n, step in enumerate(steps) if environment.may(f"{name}/{n}")]
        self._steps = [step for _, step in numbered]
        # Each step has a pause of its own: one that is left out does not change what follows the others.
        pauses = environment.scenario.pauses or PAUSES
        self._pauses = [_pause(environment.rng(f"pause/{name}/{n}"), pauses) for n, _ in numbered]
        self._rng = environment.rng(f"person/{name}")
        # Some people are far away: a round trip of theirs takes as long as a quick job.
        self._latency = environment.scenario.latency or self._rng.choice((0.02, 0.02, 0.1, 0.5))
        self._lives = 0
        self._position = 0
        self._tries = 0
        self._leaves_work = False
        self.cache = environment.folder()
        self._live()

    @property
    def done(self) -> bool:
        return self._position >= len(self._steps)

    def _live(self) -> None:
        self._lives += 1
        process = self._environment.process(f"{self._name}.{self._lives}")
        self._deployment = self._environment.deployment(process)
        process.latency = self._latency
        process.spared = self._environment.scenario.spares_people
        process.memory |= {"cache": self.cache, "who": self._name}
        process.on_death.append(self._die)
        self._environment.scheduler.spawn(process, "person", self._work, self._rng.expovariate(1 / 20.0))

    def _die(self) -> None:
        self._environment.cut_short += self._leaves_work
        self._environment.later(60.0, self._live)

    def _work(self) -> None:
        while not self.done:
            step = self._steps[self._position]
            self._leaves_work = step.leaves_work
            self._tries += 1
            if self._tries > 3:
                self._next()
                continue
            self._environment.trace.note(step.words)
            memory = self._environment.scheduler.process.memory
            memory |= {"began": self._environment.scheduler.now, "words": step.words}
            memory["recorded"] = self._environment.recorded()
            try:
                step.action(self._deployment)
            except (SetupError, Problem) as error:
                # Refused, with nothing done.
                self._environment.trace.note(f"{step.words} is refused: {str(error)[:60]}")
            except Exception as error:
                self._environment.cut_short += step.leaves_work
                self._environment.ended_by(error)
                self._environment.trace.note(f"{step.words} fails: {type(error).__name__}: {str(error)[:60]}")
                if self._rng.random() < 0.6:
                    self._environment.scheduler.sleep(self._rng.expovariate(1 / 60.0))
                    continue
            self._next()

    def _next(self) -> None:
        pause = self._pauses[self._position]
        self._position += 1
        self._tries = 0
        self._environment.scheduler.sleep(pause)


def _pause(rng: random.Random, means: Sequence[float]) -> float:
    """Seconds, by one of these means."""
    return rng.expovariate(1 / rng.choice(means))


def everybody(environment: Environment) -> list[Person]:
    """The people of one run, as the scenario and the seed say."""
    rng, scenario = environment.rng("people"), environment.scenario
    if scenario.keys:
        keys = rng.sample(scenario.keys, rng.randint(1, len(scenario.keys)))
    else:
        keys = [BATCHLESS] if rng.random() < ONE_BATCHLESS else rng.sample(KEYS, rng.choice((1, 1, 2, 3, 4)))
    if environment.kind is Kind.MOVED:
        # Some files have the same name in both batches.
        there = [key.replace(PREFIX, batch_folder(BATCHES[1])) for key in keys if key.startswith(PREFIX)]
        keys += [key for key in there if rng.random() < 0.5]
    people = [Person(environment, "anna", bucket_steps(environment, environment.rng("anna"), keys))]
    if _number(rng, (0, 1), scenario.dashboard):
        people.append(
            Person(environment, "dashboard", dashboard_steps(environment, environment.rng("dashboard"), keys))
        )
    operators = ("oskar", "olga")[: _number(rng, (0, 1, 1, 2), scenario.operators)]
    people += [
        Person(environment, name, operator_steps(environment, environment.rng(name), keys)) for name in operators
    ]
    machines = ("laptop", "studio")[: _number(rng, (0, 0, 1, 2), scenario.machines)]
    people += [Person(environment, name, upload_steps(environment, name)) for name in machines]
    if environment.settings.keep_revisions and environment.scenario is not ROLLOUTS:
        names = ("curator", "editor") if scenario.keeps_revisions else ("curator",)
        people += [Person(environment, name, curator_steps(environment.rng(name), keys)) for name in names]
    return [*people, *_people_of_the_kind(environment, rng, keys)]


def _people_of_the_kind(environment: Environment, rng: random.Random, keys: Sequence[str]) -> list[Person]:
    """The people that only the runs of one kind have."""
    people: list[Person] = []
    if environment.visited:
        visits = visitor_steps(environment, environment.rng("visitor"), keys)
        people.append(Person(environment, "visitor", visits))
    if environment.kind is Kind.MOVED:
        people.append(Person(environment, "mover", mover_steps(environment, environment.rng("mover"))))
    if environment.kind is Kind.ROLLED_OUT:
        people.append(Person(environment, "roller", rollout_steps(environment, environment.rng("roller"))))
    if environment.kind is Kind.ADOPTED:
        for name in ("archivist", "librarian")[: rng.choice((1, 1, 2))]:
            steps = archivist_steps(environment, environment.rng(name), begins=name == "archivist")
            people.append(Person(environment, name, steps))
    return people


def _number(rng: random.Random, usual: Sequence[int], of_scenario: int | None) -> int:
    drawn = rng.choice(usual)
    return drawn if of_scenario is None else of_scenario
