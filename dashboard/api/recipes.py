"""/recipes: the recipes of images. Operators store and remove recipes."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from dashboard import trials
from dashboard.access import image_for
from dashboard.api.etags import READING, tagged
from dashboard.api.models.recipes import (
    FaultOut,
    RecipeCheckOut,
    RecipeIn,
    RecipeOut,
    RecipePutOut,
    RecipesOut,
    RecipeTextOut,
    RecipeTryIn,
    RecipeVersionOut,
    RecipeVersionsOut,
)
from dashboard.callers import Operator, Reader, Writer
from dashboard.problem import Problem
from dashboard.problems import responses
from dashboard.site import site_of
from pixelfleet import recipes
from pixelfleet.domain.registry import InUseError
from pixelfleet.errors import RecipeError
from pixelfleet.operations import recipe_registry
from pixelfleet.operations.trial_results import Trial

router = APIRouter(tags=["recipes"])

_CHANGING: Final = responses(400, 401, 403, 404, 409, 422, 429, 503)
Name = Annotated[
    str, Path(max_length=130, description="A name; `shop@3` or `shop@1a2b` is a version by number or digest.")
]
PlainName = Annotated[str, Path(max_length=64, description="The name of a stored recipe.")]


@router.get(
    "/recipes", response_model=RecipesOut, responses=READING, summary="List all recipes, built-in recipes first"
)
def list_recipes(request: Request, caller: Reader) -> Response:
    site = site_of(request)
    default = site.settings.default_recipe
    listed = [RecipeOut.of_builtin(recipes.builtin(name), default) for name in recipes.BUILTIN]
    stored = site.deployment.recipe_registry.get().recipes
    listed += [RecipeOut.of_stored(stored[name], default) for name in sorted(stored)]
    return tagged(request, RecipesOut(recipes=listed))


@router.post(
    "/recipes/check",
    response_model=RecipeCheckOut,
    responses=responses(400, 401, 403, 404, 422, 429, 503),
    summary="Check the text of a recipe",
)
def check_recipe(request: Request, caller: Reader, body: RecipeIn) -> RecipeCheckOut:
    """Nothing is stored. Files that the text names are not opened."""
    recipe, faults = recipes.check(body.text)
    return RecipeCheckOut(
        right=recipe is not None,
        name=recipe.name if recipe is not None else None,
        digest=recipe.digest if recipe is not None else None,
        variants=[variant.name for variant in recipe.variants] if recipe is not None else [],
        faults=[FaultOut.of(fault) for fault in faults],
    )


@router.post(
    "/recipes/try",
    response_model=Trial,
    responses=responses(400, 401, 403, 404, 422, 429, 503),
    summary="Render an image with a recipe that is not stored",
)
def try_recipe(request: Request, caller: Writer, body: RecipeTryIn) -> Trial:
    """The results are not stored.

    Limits: one trial at a time, ten trials a minute for each user, the limits of the bulk lane, 15 s.
    """
    site = site_of(request)
    source = image_for(site, caller, body.image_id) if body.image_id is not None else body.sample
    if source is None:
        raise Problem(422, "name an image, or send a sample")
    return trials.try_recipe(site, caller, body.text, source, body.against)


@router.get("/recipes/{name}", response_model=RecipeTextOut, responses=READING, summary="Get one recipe with its text")
def get_recipe(request: Request, caller: Reader, name: Name) -> Response:
    try:
        recipe = recipe_registry.recipe_named(site_of(request).deployment, name)
    except RecipeError as error:
        raise Problem(404, str(error)) from None
    return tagged(request, RecipeTextOut(name=recipe.name, digest=recipe.digest, text=recipe.to_text()))


@router.get(
    "/recipes/{name}/versions",
    response_model=RecipeVersionsOut,
    responses=READING,
    summary="List all versions of a stored recipe",
)
def list_versions(request: Request, caller: Reader, name: PlainName) -> Response:
    versions = site_of(request).deployment.recipe_registry.versions(name)
    if not versions:
        raise Problem(404, f"no recipe {name!r} was ever stored")
    return tagged(request, RecipeVersionsOut(versions=[RecipeVersionOut.of(each) for each in reversed(versions)]))


@router.put(
    "/recipes/{name}", response_model=RecipePutOut, responses=_CHANGING, summary="Store the newest version of a recipe"
)
def put_recipe(request: Request, caller: Operator, name: PlainName, body: RecipeIn) -> RecipePutOut:
    """Within a minute the new version applies wherever its name is used. Images of earlier versions stay.

    `POST /outdated` counts the images whose recipe has changed, or makes them again, as a background task.
    """
    site = site_of(request)
    try:
        recipe = recipes.parse(body.text, name)
        if recipe.name != name:
            raise Problem(422, f"the text names its recipe {recipe.name!r}, the address {name!r}: they must be equal")
        answer = recipe_registry.put_recipe(site.deployment, caller.name, recipe)
    except RecipeError as error:
        raise Problem(422, str(error)) from None
    return RecipePutOut(
        recipe=RecipeOut.of_stored(answer.recipe, site.settings.default_recipe),
        changed=answer.changed,
        before=answer.before.number if answer.before is not None and answer.changed else None,
        uses=list(answer.uses),
    )


@router.delete("/recipes/{name}", status_code=204, responses=_CHANGING, summary="Remove a stored recipe by its name")
def remove_recipe(request: Request, caller: Operator, name: PlainName) -> None:
    """Refused while a route, a default or an open batch names the recipe. The texts stay, for images to be processed
    again."""
    deployment = site_of(request).deployment
    if name not in deployment.recipe_registry.get().recipes:
        raise Problem(404, f"no recipe {name!r} is stored")
    try:
        recipe_registry.remove_recipe(deployment, caller.name, name)
    except InUseError as error:
        raise Problem(409, str(error)) from None
