"""Recipes: the list, one recipe with its text, its versions and their differences, and an editor for operators."""

from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from dashboard import trials
from dashboard.access import image_for
from dashboard.callers import FormCaller, OperatorForm, PageCaller
from dashboard.flash import Note
from dashboard.problem import Problem
from dashboard.rendering import segment
from dashboard.site import Site, site_of
from pixelfleet import recipes
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.registry import InUseError, RecipeVersion, uses_of
from pixelfleet.errors import RecipeError
from pixelfleet.operations import recipe_registry
from pixelfleet.operations.recipe_trial import MOST_SAMPLE
from pixelfleet.operations.trial_results import Trial
from pixelfleet.recipes import BUILTIN, Recipe

router = APIRouter()

#: The recipe that an editor of a new recipe begins with, and the first name of a copy of a built-in recipe.
STARTING_POINT: Final = "web"
_COPY: Final = "my-{}"
#: The newest images of the caller that the editor offers to try a draft on.
_OFFERED: Final = 24
Name = Annotated[str, Path(max_length=130)]
#: A bound before the text is parsed. `recipes.parse` checks the text itself.
Text = Annotated[str, Form(max_length=recipes.MAX_TEXT_BYTES)]


@router.get("/recipes")
def recipes_page(request: Request, caller: PageCaller) -> Response:
    site = site_of(request)
    registry = site.deployment.recipe_registry.get()
    values = {
        "builtin": [recipes.builtin(name) for name in BUILTIN],
        "stored": [registry.recipes[name] for name in sorted(registry.recipes)],
        "default": site.settings.default_recipe,
        "start": STARTING_POINT,
    }
    return site.page(request, "recipes.html", values)


@router.get("/recipes/{name}")
def recipe_page(
    request: Request, caller: PageCaller, name: Name, against: Annotated[str, Query(max_length=130)] = ""
) -> Response:
    """`against` names another recipe or version, to which the differences are shown."""
    site = site_of(request)
    recipe = _recipe(site, name)
    registry = site.deployment.recipe_registry.get()
    stored = registry.recipes.get(recipe.name)
    values = {
        "name": _shortened(name),
        "recipe": recipe,
        "text": recipe.to_text(),
        "builtin": recipe.name in BUILTIN,
        "present": stored,
        "versions": _versions(site, recipe.name),
        "against": against,
        "difference": recipe_registry.difference((against, _recipe(site, against)), (name, recipe)) if against else [],
        "default": site.settings.default_recipe == recipe.name,
        # Only operators may see which owners exist.
        "uses": uses_of(registry, recipe.name) if caller.is_operator else [],
    }
    return site.page(request, "recipe.html", values)


@router.get("/recipes/{name}/edit")
def editor(request: Request, caller: PageCaller, name: Name) -> Response:
    """The editor begins with the text of this recipe or version, for a built-in recipe as a copy under another name.

    Everybody may write a draft and try it. Only operators may store it.
    """
    recipe = _recipe(site_of(request), name)
    if recipe.name in BUILTIN:
        recipe = recipe.model_copy(update={"name": _COPY.format(recipe.name)})
    return _editor(request, name, recipe.to_text())


@router.post("/recipes/{name}/edit")
def save(request: Request, caller: OperatorForm, name: Name, text: Text = "") -> Response:
    """Stores the text under the name in the text."""
    site = site_of(request)
    recipe, faults = recipes.check(text)
    if recipe is None:
        return _editor(request, name, text, [fault.described("the text") for fault in faults])
    if recipe.name in BUILTIN:
        return _editor(request, name, text, [f"{recipe.name} is the name of a built-in recipe: change the field name"])
    try:
        answer = recipe_registry.put_recipe(site.deployment, caller.name, recipe)
    except RecipeError as error:
        return _editor(request, name, text, str(error).splitlines())
    number = answer.recipe.number
    words = f"Version {number} of {recipe.name} is stored." if answer.changed else f"It is version {number} already."
    return site.after_form(request, f"/recipes/{segment(recipe.name)}", Note(words))


@router.post("/recipes/{name}/try")
def try_recipe(
    request: Request,
    caller: FormCaller,
    name: Name,
    text: Text = "",
    image: Annotated[str, Form(max_length=32)] = "",
    sample: Annotated[UploadFile | None, File()] = None,
) -> Trial:
    """For the editor's script: renders an image of the caller's, or a sample, by the draft and by the recipe `name`."""
    site = site_of(request)
    if sample is not None and sample.size:
        return trials.try_recipe(site, caller, text, sample.file.read(MOST_SAMPLE + 1), name)
    if not image:
        raise Problem(422, "choose an image, or a file")
    return trials.try_recipe(site, caller, text, image_for(site, caller, image), name)


@router.post("/recipes/{name}/delete")
def delete(request: Request, caller: OperatorForm, name: Name) -> Response:
    """Refused while something names the recipe. The page then lists the references."""
    site = site_of(request)
    if name not in site.deployment.recipe_registry.get().recipes:
        raise Problem(404, f"there is no stored recipe {name[:64]!r}")
    try:
        recipe_registry.remove_recipe(site.deployment, caller.name, name)
    except InUseError as error:
        return site.after_form(request, f"/recipes/{segment(name)}", Note(f"Not removed: {error}.", kind="bad"))
    return site.after_form(request, "/recipes", Note(f"{name} is removed. Its texts are kept for the images it made."))


@router.post("/outdated")
def outdated(request: Request, caller: OperatorForm, *, count: Annotated[bool, Form()] = True) -> Response:
    """Counts the images whose recipe has changed, or makes them again, as a background task."""
    task = site_of(request).background_tasks.outdated(caller.name, count=count)
    return RedirectResponse(f"/background-tasks/{task.id}", 303)


def _editor(request: Request, name: str, text: str, faults: list[str] | None = None) -> Response:
    site = site_of(request)
    values: dict[str, Any] = {
        "name": name,
        "text": text,
        "faults": faults or [],
        "images": _newest(site, request.state.caller.name),
        "most_sample": MOST_SAMPLE,
    }
    return site.page(request, "recipe_editor.html", values, 422 if faults else 200)


def _newest(site: Site, owner: str) -> list[Image]:
    """The newest images of an owner that have variants."""
    entries = list(islice(site.deployment.images.of_owner(owner), _OFFERED))
    records = site.deployment.images.get_many(entry.image_id for entry in entries)
    listed = (records[entry.image_id] for entry in entries if entry.image_id in records)
    return [image for image in listed if image.status is Status.READY]


def _recipe(site: Site, name: str) -> Recipe:
    try:
        return recipe_registry.recipe_named(site.deployment, name)
    except RecipeError as error:
        raise Problem(404, str(error)) from None


def _shortened(name: str) -> str:
    """The name, with twelve digits of a digest; no version of another name or digest with this beginning is stored."""
    plain, at, version = name.partition("@")
    return f"{plain}{at}{version[:12]}"


def _versions(site: Site, name: str) -> list[RecipeVersion]:
    """Newest first; none of a built-in recipe."""
    return [] if name in BUILTIN else list(reversed(site.deployment.recipe_registry.versions(name)))
