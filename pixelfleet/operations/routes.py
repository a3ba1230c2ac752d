"""Routes and owners' default recipes: adding, removing, and saying which of them a key gets. Each change is noted."""

import secrets
from dataclasses import dataclass
from typing import Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import MAX_KEY_BYTES, Place, check_owner, image_id, place_of
from pixelfleet.domain.records import RecipeRef, timestamp
from pixelfleet.domain.registry import Registry, with_default, with_route, without_route
from pixelfleet.domain.routes import PRIORITY, BatchPattern, Route, Router, batch_pattern, check_bucket, never_matching
from pixelfleet.errors import SetupError
from pixelfleet.operations.recipe_choice import RecipeChoice
from pixelfleet.operations.recipe_registry import known_recipe
from pixelfleet.operations.source_rules import check_no_output

#: Hex digits of a route's id.
_ID: Final = 6


@dataclass(frozen=True, slots=True)
class RouteOrder:
    """A route to add; `bucket` is the uploads bucket unless another is named. `first`: before all others."""

    match: str
    owner: str | None = None
    recipe: str | None = None
    bucket: str | None = None
    batch_from: str | None = None
    priority: int = PRIORITY
    first: bool = False


@dataclass(frozen=True, slots=True)
class RouteChange:
    """The route that was added or removed, and the registry before and after that."""

    route: Route
    before: Registry
    after: Registry


@dataclass(frozen=True, slots=True)
class AddedRoute:
    """A route that was added, and the later routes that can never match any more."""

    change: RouteChange
    blocked: tuple[Route, ...]

    @property
    def route(self) -> Route:
        return self.change.route


@dataclass(frozen=True, slots=True)
class RouteTest:
    """What happens to a key: the route that takes it, whose it is, its recipe, and why, in sentences."""

    key: str
    route: Route | None
    place: Place
    recipe: RecipeRef
    reasons: tuple[str, ...]


def add_route(deployment: Deployment, who: str, order: RouteOrder) -> AddedRoute:
    """Add a route behind those of its priority.

    Raises:
        SetupError: the route is wrong, names a recipe that is not stored, or could never match; nothing is changed.
        TransientError: DynamoDB does not answer.
    """
    bucket = order.bucket or deployment.settings.uploads_bucket
    check_no_output(deployment.settings, bucket)
    route = Route(
        route_id=secrets.token_hex(_ID // 2),
        bucket=bucket,
        match=order.match,
        owner=order.owner,
        recipe=order.recipe,
        batch_from=order.batch_from,
        priority=order.priority,
        at=timestamp(),
        who=who,
    )
    before: list[Registry] = []

    def change(registry: Registry) -> Registry:
        if route.recipe is not None:
            known_recipe(registry, route.recipe)
        before[:] = [registry]
        return with_route(registry, route, first=order.first)

    registry = deployment.recipe_registry.change(change)
    deployment.activity.note(who, "add route", route.match, _details(route))
    now_blocked = never_matching(registry.routes).keys() - never_matching(before[0].routes).keys()
    added = next(each for each in registry.routes if each.route_id == route.route_id)
    blocked = tuple(each for each in registry.routes if each.route_id in now_blocked)
    return AddedRoute(RouteChange(added, before[0], registry), blocked)


def remove_route(deployment: Deployment, who: str, route_id: str) -> RouteChange:
    """
    Raises:
        SetupError: there is no such route.
        TransientError: DynamoDB does not answer.
    """
    before: list[Registry] = []

    def change(registry: Registry) -> Registry:
        before[:] = [registry]
        return without_route(registry, route_id)

    after = deployment.recipe_registry.change(change)
    removed = next(route for route in before[0].routes if route.route_id == route_id)
    deployment.activity.note(who, "remove route", removed.match, _details(removed))
    return RouteChange(removed, before[0], after)


def set_default_recipe(deployment: Deployment, who: str, owner: str, name: str | None) -> None:
    """Set the recipe of those images of an owner that have no other; None takes the default away.

    Raises:
        SetupError: no recipe of this name is stored, or nobody can be called so.
        TransientError: DynamoDB does not answer.
    """
    check_owner(owner)

    def change(registry: Registry) -> Registry:
        return with_default(registry, owner, known_recipe(registry, name) if name is not None else None)

    before = deployment.recipe_registry.get()
    if deployment.recipe_registry.change(change).defaults != before.defaults:
        deployment.activity.note(who, "default recipe", owner, {"recipe": name or "none"})


def explain_key(deployment: Deployment, key: str, bucket: str | None = None) -> RouteTest:
    """Which route takes a key, what the image gets, and why.

    Raises:
        SetupError: S3 takes no such key or bucket, or nothing is processed from the bucket.
        TransientError: DynamoDB does not answer.
    """
    if not 0 < len(key.encode()) <= MAX_KEY_BYTES:
        raise SetupError(f"a key has 1 to {MAX_KEY_BYTES:,} bytes, not {len(key.encode()):,}")
    bucket = bucket or deployment.settings.uploads_bucket
    check_bucket(bucket)
    check_no_output(deployment.settings, bucket)
    registry = deployment.recipe_registry.get()
    route = Router(registry.routes).route_of(bucket, key)
    image = deployment.images.get(image_id(bucket, key))
    choice = RecipeChoice(deployment, makes_batches=False)
    place = choice.place(image, bucket, key)
    recipe = choice.of(image, bucket, key)
    reasons = [_why_route(registry, route, bucket), _why_place(route, key, recorded=image is not None)]
    if image is not None and image.chosen_recipe is not None:
        reasons.append(f"The recipe {recipe.name} was chosen for this image when it was processed again.")
    else:
        reasons.append(_why_recipe(deployment, registry, route, place, recipe))
    if key.endswith("/"):
        reasons.append("An empty object of this key is a folder marker: nothing is processed from it.")
    return RouteTest(key, route, place, recipe, tuple(reason for reason in reasons if reason))


def _details(route: Route) -> dict[str, int | str]:
    fields: dict[str, int | str] = {"route": route.route_id, "bucket": route.bucket, "priority": route.priority}
    given = {"owner": route.owner, "recipe": route.recipe, "batch_from": route.batch_from}
    return fields | {name: value for name, value in given.items() if value is not None}


def _why_route(registry: Registry, route: Route | None, bucket: str) -> str:
    of_bucket = [each for each in registry.routes if each.bucket == bucket]
    if route is None:
        if len(of_bucket) == 1:
            return f"The one route of {bucket} does not match."
        return f"None of the {len(of_bucket)} routes of {bucket} matches." if of_bucket else f"{bucket} has no routes."
    passed = of_bucket.index(route)
    before = f", after {passed} that {'does' if passed == 1 else 'do'} not match" if passed else ""
    return f"Route {route.route_id} ({route.match}) is the first that matches{before}."


def _why_place(route: Route | None, key: str, *, recorded: bool) -> str:
    if recorded:
        return "There is an image of this key, which keeps its owner and its batch."
    if place_of(key).batch is not None:
        return "The key says itself whose it is: uploads/<owner>/<batch>/..."
    if route is None:
        return "A key that no route takes belongs to the owner default, and to no batch."
    if route.batch_from is None:
        return ""
    pattern: BatchPattern = batch_pattern(route.batch_from)
    if pattern.name_in(key) is None:
        return f"It is in no batch: {route.batch_from} does not fit, or names what no batch can be called."
    return ""


def _why_recipe(
    deployment: Deployment, registry: Registry, route: Route | None, place: Place, recipe: RecipeRef
) -> str:
    name = recipe.name
    if route is not None and route.recipe is not None:
        return f"The recipe {name} is the route's."
    batch = deployment.batches.get(place.owner, place.batch) if place.batch is not None else None
    if batch is not None and batch.recipe is not None:
        return f"The recipe {name} is that of the batch {batch.batch_id}."
    if place.owner in registry.defaults:
        return f"The recipe {name} is the default of {place.owner}."
    return f"The recipe {name} is the deployment's default."
