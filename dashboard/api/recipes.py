"""/recipes: what images can be made into."""

from fastapi import APIRouter, Request, Response

from dashboard.api.etags import READING, tagged
from dashboard.api.models import RecipeOut, RecipesOut
from dashboard.callers import Reader
from dashboard.site import site_of
from pixelfleet import recipes

router = APIRouter()


@router.get("/recipes", response_model=RecipesOut, responses=READING, summary="The built-in recipes", tags=["images"])
def list_recipes(request: Request, caller: Reader) -> Response:
    default = site_of(request).settings.default_recipe
    listed = [
        RecipeOut(
            name=name,
            description=recipes.builtin(name).description,
            variants=[variant.name for variant in recipes.builtin(name).variants],
            default=name == default,
        )
        for name in recipes.BUILTIN
    ]
    return tagged(request, RecipesOut(recipes=listed))
