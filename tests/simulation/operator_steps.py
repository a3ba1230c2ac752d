"""Steps of operators with the command line."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import typer

import pixelfleet.cli.purge
import pixelfleet.cli.reconcile
import pixelfleet.cli.redrive
import pixelfleet.cli.rm
import pixelfleet.cli.seal
from dashboard.background import _purge as purge_in_background
from pixelfleet.deployment import Deployment
from pixelfleet.errors import Cause
from pixelfleet.operations.failures import Selection
from pixelfleet.operations.task_progress import TaskProgress
from tests.simulation.environment import Environment
from tests.simulation.inventory import MANIFEST, take_inventory
from tests.simulation.kinds import Kind
from tests.simulation.step import BATCH, BATCHES, OWNER, Step, short, some_of

#: The tasks of an operator, by how often operators have them.
_OFTEN: Final = (*("redrive", "reconcile", "seal") * 2, "rm", "inventory", "rm --batch", "purge")


def operator_steps(environment: Environment, rng: random.Random, keys: Sequence[str]) -> list[Step]:
    """A few tasks of the kinds that this operator has in this run."""

    def inventory() -> list[Step]:
        return _inventory(environment, rng)

    def remove() -> Step:
        key = rng.choice(keys)
        return Step(f"rm {short(key)}", lambda _: run_rm([key]))

    tasks: dict[str, Callable[[], Step | list[Step]]] = {
        "redrive": lambda: _redrive(rng),
        "reconcile": lambda: _reconcile(rng),
        "seal": lambda: _seal(rng.choice(BATCHES) if environment.kind is Kind.MOVED else BATCH),
        "rm": remove,
        "inventory": inventory,
        "rm --batch": _remove_batch,
        "purge": _purge,
        "stopped purge": lambda: _purge_in_dashboard(environment, rng),
    }
    # Few kinds of tasks, each of them often.
    scenario = environment.scenario
    purges = ("stopped purge",) * 3 if environment.kind is Kind.PURGED else ()
    names = scenario.tasks or some_of(rng, (*_OFTEN, *purges), 0.35)
    steps: list[Step] = []
    for _ in range(rng.randint(1, scenario.most_tasks if scenario.tasks else 6)):
        made = tasks[rng.choice(names)]()
        steps += made if isinstance(made, list) else [made]
    return steps


def _redrive(rng: random.Random) -> Step:
    cause, canary = rng.choice((None, Cause.UNREADABLE)), rng.choice((None, None, 1))
    words = f"redrives {cause or 'all'}{', one canary first' if canary else ''}"
    return Step(words, lambda _: pixelfleet.cli.redrive.redrive(cause=cause, canary=canary, yes=True))


def _reconcile(rng: random.Random) -> Step:
    sweep = rng.random() < 0.5
    return Step(
        f"reconciles{' and sweeps' if sweep else ''}", lambda _: pixelfleet.cli.reconcile.reconcile(sweep=sweep)
    )


def _inventory(environment: Environment, rng: random.Random) -> list[Step]:
    """An inventory is used seconds to hours after it was taken: other people go on meanwhile."""
    folder, seconds = environment.folder(), rng.choice((0.0, 30.0, 600.0))
    return [
        Step("takes an inventory of the bucket", lambda _: take_inventory(environment.cloud, folder)),
        Step("waits", lambda _: environment.scheduler.sleep(seconds)),
        Step(
            "reconciles by the inventory",
            lambda _: pixelfleet.cli.reconcile.reconcile(inventory=str(folder / MANIFEST), from_start=True),
        ),
    ]


def _seal(batch: str) -> Step:
    return Step(f"seals {batch}", lambda _: pixelfleet.cli.seal.seal(f"{OWNER}/{batch}"))


def _remove_batch() -> Step:
    return Step("rm --batch", lambda _: run_rm(batch=f"{OWNER}/{BATCH}"))


def run_rm(images: list[str] | None = None, batch: str | None = None) -> None:
    """`rm` ends with 1 if there is another file under a name by now: nothing of the command is left to do."""
    with suppress(typer.Exit):
        pixelfleet.cli.rm.rm(images, batch=batch, yes=True)


def _purge_in_dashboard(environment: Environment, rng: random.Random) -> Step:
    """A purge that somebody stops after some seconds, or before it has begun."""
    seconds = rng.choice((0.0, 0.1, 0.5, 60.0))

    def purge(deployment: Deployment) -> None:
        task = deployment.background_tasks.begin("purge", OWNER, "all dead letters")
        follow = TaskProgress(deployment, task)
        environment.later(seconds, follow.stopped.set)
        with follow.kept_alive():
            purge_in_background(deployment, follow, Selection())
        environment.trace.note(f"the purge ends: {follow.task.message}")

    return Step(f"purges, and stops after {seconds:g} s", purge)


def _purge() -> Step:
    return Step("purges", lambda _: pixelfleet.cli.purge.purge(yes=True))
