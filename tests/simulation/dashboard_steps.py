"""Steps of the dashboard's users."""

import random
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, Final

import dashboard.actions
import pixelfleet.cli.reconcile
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import image_id
from tests.simulation.environment import Environment
from tests.simulation.step import OWNER, Step, short

RECIPES: Final = ("web", "catalog", None)
#: An action of the dashboard: site, caller and image in.
Act = Callable[[Any, Any, Any], object]
#: Two of these have a lazy variant.
LAZY_RECIPES: Final = ("shop", "fair", "web", None)


def dashboard_steps(environment: Environment, rng: random.Random, keys: Sequence[str]) -> list[Step]:
    """Deletions, their undoing, and reprocessing; where the scenario names recipes, reprocessing alone."""
    recipes = environment.scenario.recipes
    deletes = rng.choice((0.0, 0.3, 0.6)) if not recipes else 0.0
    usual = LAZY_RECIPES if environment.visited else RECIPES
    return [_step(rng, rng.choice(keys), deletes, recipes or usual) for _ in range(rng.randint(1, 7))]


def _step(rng: random.Random, key: str, deletes: float, recipes: Sequence[str | None]) -> Step:
    name = short(key)
    if rng.random() < deletes:
        if rng.random() < 0.3:
            words = f"undoes the deletion of {name}"
            return Step(words, lambda d: in_dashboard(d, key, dashboard.actions.restore), leaves_work=False)
        return Step(f"deletes {name} in the dashboard", lambda d: in_dashboard(d, key, dashboard.actions.delete))
    recipe = rng.choice(recipes)
    return Step(f"reprocesses {name} by {recipe}", lambda d: in_dashboard(d, key, reprocess_by(recipe)))


def reprocess_by(recipe: str | None) -> Act:
    """The action that processes an image again, by a recipe of this name or by its own."""

    def reprocess(site: Any, caller: Any, image: Any) -> None:
        dashboard.actions.reprocess(site, caller, image, recipe)

    return reprocess


def remove_in_dashboard(site: Any, caller: Any, image: Any) -> None:
    """The action that removes an image."""
    dashboard.actions.delete(site, caller, image)


def curator_steps(rng: random.Random, keys: Sequence[str]) -> list[Step]:
    """Has images processed again by other recipes, makes earlier revisions current again, and has old ones deleted."""
    return [_curates(rng, rng.choice(keys)) for _ in range(rng.randint(2, 12))]


def _curates(rng: random.Random, key: str) -> Step:
    name, recipe, which = short(key), rng.choice(("web", "catalog", "zoom")), rng.random()

    def make_current(site: Any, caller: Any, image: Any) -> None:
        if image.kept_revisions:
            chosen = image.kept_revisions[int(which * len(image.kept_revisions))]
            dashboard.actions.make_current(site, caller, image, chosen.results)

    what = rng.random()
    if what < 0.2:
        return Step("reconciles and sweeps", lambda _: pixelfleet.cli.reconcile.reconcile(sweep=True))
    if what < 0.6:
        return Step(f"reprocesses {name} by {recipe}", lambda d: in_dashboard(d, key, reprocess_by(recipe)))
    return Step(f"makes an earlier revision of {name} current", lambda d: in_dashboard(d, key, make_current))


def in_dashboard(deployment: Deployment, key: str, action: Act, bucket: str | None = None) -> None:
    """Act on an image of a bucket, default the uploads bucket, if the image has a record."""
    site: Any = SimpleNamespace(deployment=deployment, settings=deployment.settings)
    caller: Any = SimpleNamespace(name=OWNER, is_operator=True)
    image = deployment.images.get(image_id(bucket or deployment.settings.uploads_bucket, key))
    if image is not None:
        action(site, caller, image)
