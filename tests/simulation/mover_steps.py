"""Steps of a person who moves images between the two batches by the dashboard."""

import random
from types import SimpleNamespace
from typing import Any, Final

from dashboard.background import _bulk
from dashboard.bulk import matching
from pixelfleet.deployment import Deployment
from pixelfleet.domain.image_filters import Filters
from pixelfleet.operations.bulk import Progress
from pixelfleet.operations.moving import MoveOrder, Patience, move_images
from pixelfleet.operations.task_progress import TaskProgress
from tests.simulation.environment import Environment
from tests.simulation.step import BATCHES, OWNER, Step

#: The first words of a step that moves images.
MOVES: Final = "moves"
#: Seconds for which a move waits for workers.
PATIENCE: Final = (600.0, 600.0, 20.0)
#: Seconds after which somebody stops the move; mostly nobody does.
STOPPED_AFTER: Final = (None, None, None, 1.0, 10.0)


def mover_steps(environment: Environment, rng: random.Random) -> list[Step]:
    """Moves of all images of a batch, and back; some are stopped."""
    seconds = rng.choice((10.0, 30.0, 100.0))
    wait = Step("waits for the first images", lambda _: environment.scheduler.sleep(seconds), leaves_work=False)
    return [wait, *(_moves(environment, rng) for _ in range(rng.randint(1, 5)))]


def _moves(environment: Environment, rng: random.Random) -> Step:
    source, target = rng.sample(BATCHES, 2) if rng.random() < 0.3 else BATCHES
    patience, seconds = rng.choice(PATIENCE), rng.choice(STOPPED_AFTER)

    def move(deployment: Deployment) -> None:
        scheduler = environment.scheduler
        scheduler.process.memory["moves"] = (source, target)
        task = deployment.background_tasks.begin("move", OWNER, f"{source} to {target}")
        follow = TaskProgress(deployment, task)
        if seconds is not None:
            environment.later(seconds, follow.stopped.set)
        order = MoveOrder(target, OWNER, source)
        site: Any = SimpleNamespace(deployment=deployment, settings=deployment.settings)
        waits = Patience(patience, lambda: scheduler.now, scheduler.sleep)

        def work(progress: Progress) -> Any:
            images = matching(site, Filters(owner=OWNER, batch=source))
            return move_images(deployment, images, order, progress, waits)

        with follow.kept_alive():
            _bulk(follow, work)
        environment.trace.note(f"the move ends: {follow.task.message}")

    stopped = f", and stops after {seconds:g} s" if seconds is not None else ""
    return Step(f"{MOVES} {source} to {target}{stopped}", move)
