"""/routes and owners' default recipes, which give keys an owner, a batch and a recipe. For operators."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response

from dashboard.api.etags import READING, tagged
from dashboard.api.models.routes import (
    COUNT,
    DefaultRecipeIn,
    DefaultRecipeOut,
    RouteAddedOut,
    RouteIn,
    RouteOut,
    RouteRemovedOut,
    RoutesOut,
    RouteTestIn,
    RouteTestOut,
)
from dashboard.callers import Caller, Operator
from dashboard.problem import Problem
from dashboard.problems import responses
from dashboard.site import site_of
from pixelfleet.domain.routes import never_matching
from pixelfleet.errors import TransientError
from pixelfleet.operations import routes

router = APIRouter(tags=["recipes"])

_CHANGING: Final = responses(400, 401, 403, 404, 422, 429, 503)
RouteId = Annotated[str, Path(max_length=64, description="The id of a route.")]
Count = Annotated[bool, Query(description=COUNT)]
OwnerName = Annotated[str, Path(max_length=64, description="The owner.")]


@router.get(
    "/routes",
    response_model=RoutesOut,
    responses=READING,
    summary="List the routes, in the order in which they are tried",
)
def list_routes(request: Request, caller: Operator) -> Response:
    listed = site_of(request).deployment.recipe_registry.get().routes
    blocked = never_matching(listed)
    return tagged(request, RoutesOut(routes=[RouteOut.of(route, blocked.get(route.route_id, ())) for route in listed]))


@router.post("/routes", status_code=201, response_model=RouteAddedOut, responses=_CHANGING, summary="Add a route")
def add_route(request: Request, caller: Operator, body: RouteIn) -> RouteAddedOut:
    """The route comes after routes of a smaller priority, and after earlier routes of the same priority.

    A background task counts the images that get another recipe: follow it at `/background-tasks/{task_id}`.
    """
    order = routes.RouteOrder(**body.model_dump(exclude={"count"}))
    added = routes.add_route(site_of(request).deployment, caller.name, order)
    return RouteAddedOut(
        route=RouteOut.of(added.route),
        blocked=[RouteOut.of(each) for each in added.blocked],
        counting=_counting(request, caller, added.change) if body.count else None,
    )


@router.post(
    "/routes/test",
    response_model=RouteTestOut,
    responses=_CHANGING,
    summary="Get the owner, the batch and the recipe of a key, with the reasons",
)
def explain_key(request: Request, caller: Operator, body: RouteTestIn) -> RouteTestOut:
    """The object does not have to exist. The request changes nothing."""
    return RouteTestOut.of(routes.explain_key(site_of(request).deployment, body.key, body.bucket))


@router.delete("/routes/{route_id}", response_model=RouteRemovedOut, responses=_CHANGING, summary="Remove a route")
def remove_route(request: Request, caller: Operator, route_id: RouteId, *, count: Count = True) -> RouteRemovedOut:
    """The route's images keep their owner and their batch.

    A background task counts the images that get another recipe: follow it at `/background-tasks/{task_id}`.
    """
    deployment = site_of(request).deployment
    if route_id not in {route.route_id for route in deployment.recipe_registry.get().routes}:
        raise Problem(404, f"there is no route {route_id!r}")
    change = routes.remove_route(deployment, caller.name, route_id)
    return RouteRemovedOut(counting=_counting(request, caller, change) if count else None)


def _counting(request: Request, caller: Caller, change: routes.RouteChange) -> str | None:
    """The id of the task that counts the images of a change; None if no task can begin now: the change is stored."""
    try:
        return site_of(request).background_tasks.touched(caller.name, change).id
    except (Problem, TransientError):
        return None


@router.get(
    "/owners/{owner}/default-recipe",
    response_model=DefaultRecipeOut,
    responses=READING,
    summary="The recipe that an owner's images get by default",
)
def get_default_recipe(request: Request, caller: Operator, owner: OwnerName) -> Response:
    defaults = site_of(request).deployment.recipe_registry.get().defaults
    return tagged(request, DefaultRecipeOut(owner=owner, recipe=defaults.get(owner)))


@router.put(
    "/owners/{owner}/default-recipe",
    response_model=DefaultRecipeOut,
    responses=_CHANGING,
    summary="Set the recipe that an owner's images get by default",
)
def put_default_recipe(request: Request, caller: Operator, owner: OwnerName, body: DefaultRecipeIn) -> DefaultRecipeOut:
    """It applies to images without a recipe from a route or from their batch."""
    routes.set_default_recipe(site_of(request).deployment, caller.name, owner, body.recipe)
    return DefaultRecipeOut(owner=owner, recipe=body.recipe)
