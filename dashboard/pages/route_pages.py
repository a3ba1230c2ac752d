"""Pages on which operators see, test and change routes and owners' default recipes."""

from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import BaseModel, Field

from dashboard.background import COUNT_TOUCHED
from dashboard.callers import Caller, OperatorForm, OperatorPage
from dashboard.flash import Note
from dashboard.forms import Sent
from dashboard.problem import Problem
from dashboard.recipe_choices import recipe_choices
from dashboard.rendering import segment
from dashboard.site import site_of
from pixelfleet.catalog.background import BackgroundTask
from pixelfleet.domain.keys import MAX_KEY_BYTES
from pixelfleet.domain.routes import MOST_PRIORITY, PRIORITY, never_matching
from pixelfleet.errors import SetupError, TransientError
from pixelfleet.operations import routes

router = APIRouter()

#: Characters of one field of a route. `operations.routes` checks its content.
_FIELD: Final = 1_024
OwnerName = Annotated[str, Form(max_length=_FIELD)]
RecipeName = Annotated[str, Form(max_length=_FIELD)]


@router.get("/routes")
def routes_page(
    request: Request,
    caller: OperatorPage,
    key: Annotated[str, Query(max_length=MAX_KEY_BYTES)] = "",
    bucket: Annotated[str, Query(max_length=63)] = "",
    counting: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """With `key`, the page also shows the owner, batch and recipe that an image of this key gets, and the reasons.

    With `counting`, it shows the background task that counts the images of a changed route.
    """
    sent = Sent({"key": key, "test_bucket": bucket, "priority": PRIORITY})
    task = site_of(request).deployment.background_tasks.get(counting) if counting else None
    return _page(request, sent, task if task is not None and task.kind == COUNT_TOUCHED else None)


class RouteForm(BaseModel):
    """The route of a form. Empty fields are not set."""

    match: str = Field("", max_length=_FIELD)
    owner: str = Field("", max_length=_FIELD)
    recipe: str = Field("", max_length=_FIELD)
    bucket: str = Field("", max_length=_FIELD)
    batch_from: str = Field("", max_length=_FIELD)
    priority: str = Field("", max_length=16)
    first: bool = False


@router.post("/routes")
def add(request: Request, caller: OperatorForm, form: Annotated[RouteForm, Form()]) -> Response:
    sent = Sent(form.model_dump())
    order = routes.RouteOrder(
        match=sent.text("match", "the pattern", _FIELD),
        owner=form.owner.strip() or None,
        recipe=form.recipe or None,
        bucket=form.bucket.strip() or None,
        batch_from=form.batch_from.strip() or None,
        priority=PRIORITY if (place := sent.number("priority", 0, MOST_PRIORITY)) is None else place,
        first=form.first,
    )
    if not sent.right:
        return _page(request, sent)
    try:
        added = routes.add_route(site_of(request).deployment, caller.name, order)
    except SetupError as error:
        sent.wrong("match", str(error))
        return _page(request, sent)
    blocked = "".join(f" Route {each.route_id} ({each.match}) can never match any more." for each in added.blocked)
    words = f"Route {added.route.route_id} is added; workers follow it within a minute.{blocked}"
    return _counted(request, caller, added.change, words)


@router.post("/routes/{route_id}/delete")
def remove(request: Request, caller: OperatorForm, route_id: str) -> Response:
    removed = routes.remove_route(site_of(request).deployment, caller.name, route_id)
    words = f"The route of {removed.route.match} is removed. Its images keep their owner, batch and recipe."
    return _counted(request, caller, removed, words)


@router.post("/routes/default")
def set_default(request: Request, caller: OperatorForm, owner: OwnerName = "", recipe: RecipeName = "") -> Response:
    """Set the recipe for images of an owner without another recipe. An empty recipe removes the default."""
    sent = Sent({"default_owner": owner, "default_recipe": recipe, "priority": PRIORITY})
    name = sent.text("default_owner", "the owner", 64)
    if not sent.right:
        return _page(request, sent)
    try:
        routes.set_default_recipe(site_of(request).deployment, caller.name, name, recipe or None)
    except SetupError as error:
        sent.wrong("default_owner", str(error))
        return _page(request, sent)
    words = f"The default recipe of {name} is {recipe}." if recipe else f"{name} has no default recipe any more."
    return site_of(request).after_form(request, "/routes", Note(words))


def _counted(request: Request, caller: Caller, change: routes.RouteChange, words: str) -> Response:
    """Begin to count the images that get another recipe, and show the page of routes with the count."""
    site = site_of(request)
    try:
        task = site.background_tasks.touched(caller.name, change)
    except (Problem, TransientError) as error:
        # The change is stored: an error would make people repeat it.
        why = error.detail if isinstance(error, Problem) else "the fleet's storage did not answer"
        note = f"{words} The images that get another recipe are not counted: {why}"
        return site.after_form(request, "/routes", Note(note))
    return site.after_form(request, f"/routes?counting={segment(task.id)}", Note(words))


def _page(request: Request, sent: Sent, counting: BackgroundTask | None = None) -> Response:
    site = site_of(request)
    registry = site.deployment.recipe_registry.get()
    blocked = never_matching(registry.routes)
    values: dict[str, Any] = {
        "routes": [
            {"route": route, "rivals": [rival.route_id for rival in blocked.get(route.route_id, ())]}
            for route in registry.routes
        ],
        "defaults": sorted(registry.defaults.items()),
        "recipes": [choice.name for choice in recipe_choices(site)],
        "uploads_bucket": site.settings.uploads_bucket,
        "counting": counting,
        "test": _tested(request, sent),
        "form": sent,
    }
    return site.page(request, "routes.html", values, 200 if sent.right or request.method == "GET" else 422)


def _tested(request: Request, sent: Sent) -> dict[str, Any] | None:
    key, bucket = sent.values.get("key"), sent.values.get("test_bucket")
    if not key:
        return None
    try:
        return asdict(routes.explain_key(site_of(request).deployment, key, bucket or None))
    except SetupError as error:
        sent.wrong("key", str(error))
        return None
