"""Steps of a person who brings the recipe `catalog` to images that `web` made, and takes images back."""

import random
from collections.abc import Sequence
from typing import Any, Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.rollout import Bound
from pixelfleet.domain.rollout_sample import SampledImage, SampledRecipe, SampledVariant
from pixelfleet.operations.recipe_rollback import images_of, roll_back
from pixelfleet.operations.redrive import Clock
from pixelfleet.operations.rollout.order import RolloutOrder
from pixelfleet.operations.rollout.run import Rollout, ended_rollout, journal_of
from pixelfleet.operations.rollout.run import Step as RolloutStep
from pixelfleet.recipes import builtin
from tests.simulation.environment import Environment
from tests.simulation.kinds import ROLLOUTS
from tests.simulation.step import BATCH, OWNER, Step

OLDER: Final = builtin("web")
NEWER: Final = builtin("catalog")
#: Lines of a history at which its first lines are gone.
MOST_LINES: Final = 20
_LEFT_OUT: Final = "a rollout that succeeds tries every image of the old recipe"
_NOT_BACK: Final = "a rollback that succeeds takes every image back that keeps the old revision"
#: Failures and outliers of a step beyond which a rollout stops.
_BOUNDS: Final = (Bound(share=1.0), Bound(share=1.0), Bound(number=0))


def rollout_steps(environment: Environment, rng: random.Random) -> list[Step]:
    """Rollouts, and rollbacks of some of them."""
    seconds = rng.choice((10.0, 60.0, 200.0))
    steps = [Step("waits for the first images", lambda _: environment.scheduler.sleep(seconds), leaves_work=False)]
    for _ in range(rng.randint(1, 4)):
        batch = rng.choice((None, BATCH))
        steps.append(_rolls_out(environment, rng, batch))
        if rng.random() < 0.6:
            steps.append(_rolls_back(environment, batch))
    return steps


def _rolls_out(environment: Environment, rng: random.Random, batch: str | None) -> Step:
    order = _order(batch, canary=rng.choice((0.0, 0.5, 1.0)), bound=rng.choice(_BOUNDS), rate=rng.choice((None, 1.0)))
    words = f"rolls {NEWER.name} out over {order.scope}"
    return Step(words, lambda d: _roll_out(environment, d, order))


def _rolls_back(environment: Environment, batch: str | None) -> Step:
    order = _order(batch)
    words = f"rolls {order.scope} back to {OLDER.name}"
    return Step(words, lambda d: _roll_back(environment, d, order))


def _order(batch: str | None, **options: Any) -> RolloutOrder:
    return RolloutOrder(newer=NEWER, older=OLDER, who=OWNER, owner=OWNER, batch=batch, **options)


def _roll_out(environment: Environment, deployment: Deployment, order: RolloutOrder) -> None:
    """When the rollout succeeds, no image is left out that was ready and of the old recipe when it began.

    Where others have images processed again, a rollout leaves those that are under way to its next run.
    """
    scheduler, key = environment.scheduler, f"rollout {order.batch}"
    began = environment.began_first.setdefault(key, scheduler.now)
    before = environment.made_before.setdefault(key, _made_by(environment, order, OLDER.digest))
    with journal_of(deployment, order) as journal:
        run = Rollout(deployment, order, journal, clock=Clock(lambda: scheduler.now, scheduler.sleep))
        state = run.begin()
        if state.step is RolloutStep.SAMPLE:
            run.sample(_no_pixels)
        result = run.carry_out()
    environment.trace.note(f"the rollout ends: {result.reason or 'done'}, {result.made} made")
    if result.reason is not None:
        return
    for noted in (environment.began_first, environment.made_before):
        noted.pop(key)
    if environment.scenario is not ROLLOUTS:
        return
    tried = {item["key"] for item in environment.image_items() if _was_tried(item)}
    for image in before:
        if image not in tried and environment.touched_at.get(image, 0.0) < began:
            environment.violate(_LEFT_OUT, image)


def _roll_back(environment: Environment, deployment: Deployment, order: RolloutOrder) -> None:
    began = environment.scheduler.now
    before = [key for key in _made_by(environment, order, NEWER.digest) if _keeps(environment, key)]
    with ended_rollout(deployment, order):
        result = roll_back(deployment, images_of(deployment, OWNER, order.batch), order.refs, OWNER, lambda _: None)
    environment.trace.note(f"the rollback ends: {result.back} back, {result.missing} missing, {result.busy} busy")
    environment.began_first.pop(f"rollout {order.batch}", None)
    environment.made_before.pop(f"rollout {order.batch}", None)
    if result.busy:
        # The command says so, and is repeated.
        return
    still = _made_by(environment, order, NEWER.digest)
    for key in before:
        if key in still and _keeps(environment, key) and environment.touched_at.get(key, 0.0) < began:
            environment.violate(_NOT_BACK, key)


def _was_tried(item: dict[str, Any]) -> bool:
    """Whether the history of an image has the new recipe. The history is short: a long one may have lost the line."""
    return len(item["attempt_log"]) >= MOST_LINES or any(
        line.get("recipe") == NEWER.name for line in item["attempt_log"]
    )


def _made_by(environment: Environment, order: RolloutOrder, digest: str) -> list[str]:
    """The keys of the ready images of an order that a recipe made."""
    return [
        item["key"]
        for item in environment.image_items()
        if item["status"] == "ready"
        and item["owner"] == OWNER
        and order.batch in (None, item.get("batch"))
        and item.get("revision_recipe", {}).get("digest") == digest
    ]


def _keeps(environment: Environment, key: str) -> bool:
    """Whether the image keeps a revision of the old recipe."""
    item = next(item for item in environment.image_items() if item["key"] == key)
    return any(kept.get("recipe", {}).get("digest") == OLDER.digest for kept in item.get("kept_revisions", []))


def _no_pixels(_: Any, __: Any, ___: Any, chosen: Sequence[str], ____: Any) -> list[SampledImage]:
    """The sample, without pixels."""
    variant = SampledVariant(name="thumb", file="thumb.jpg", format="jpeg", width=9, height=9, bytes=500, ssim=0.9)
    recipe = SampledRecipe(variants=(variant,), cpu_ms=10)
    return [
        SampledImage(image_id=image, path=image, owner=OWNER, format="jpeg", bytes=9, older=recipe, newer=recipe)
        for image in chosen
    ]
