"""/routes and owners' default recipes, which give keys an owner, a batch and a recipe. For operators."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from dashboard.api.etags import READING, tagged
from dashboard.api.models.routes import (
    DefaultRecipeIn,
    DefaultRecipeOut,
    RouteAddedOut,
    RouteIn,
    RouteOut,
    RoutesOut,
    RouteTestIn,
    RouteTestOut,
)
from dashboard.callers import Operator
from dashboard.problem import Problem
from dashboard.problems import responses
from dashboard.site import site_of
from pixelfleet.domain.routes import never_matching
from pixelfleet.operations import routes

router = APIRouter(tags=["recipes"])

_CHANGING: Final = responses(400, 401, 403, 404, 422, 429, 503)
RouteId = Annotated[str, Path(max_length=64, description="The id of a route.")]
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
    """The route comes after routes of a smaller priority, and after earlier routes of the same priority."""
    order = routes.RouteOrder(**body.model_dump())
    added = routes.add_route(site_of(request).deployment, caller.name, order)
    return RouteAddedOut(route=RouteOut.of(added.route), blocked=[RouteOut.of(each) for each in added.blocked])


@router.post(
    "/routes/test",
    response_model=RouteTestOut,
    responses=_CHANGING,
    summary="Get the owner, the batch and the recipe of a key, with the reasons",
)
def explain_key(request: Request, caller: Operator, body: RouteTestIn) -> RouteTestOut:
    """The object does not have to exist. The request changes nothing."""
    return RouteTestOut.of(routes.explain_key(site_of(request).deployment, body.key, body.bucket))


@router.delete("/routes/{route_id}", status_code=204, responses=_CHANGING, summary="Remove a route")
def remove_route(request: Request, caller: Operator, route_id: RouteId) -> None:
    """The route's images keep their owner and their batch."""
    deployment = site_of(request).deployment
    if route_id not in {route.route_id for route in deployment.recipe_registry.get().routes}:
        raise Problem(404, f"there is no route {route_id!r}")
    routes.remove_route(deployment, caller.name, route_id)


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
