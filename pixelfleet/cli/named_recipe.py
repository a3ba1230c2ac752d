"""The recipe that an argument or option names: built-in, in a file, or stored in the fleet of this shell."""

from pixelfleet import recipes
from pixelfleet.deployment import Deployment
from pixelfleet.operations.recipe_registry import is_local, recipe_named
from pixelfleet.recipes import Recipe
from pixelfleet.settings import load_settings


def loaded_recipe(name_or_path: str, deployment: Deployment | None = None) -> Recipe:
    """The recipe. A built-in one and a file need no fleet.

    Raises:
        RecipeError: there is no such recipe or file, or the recipe is wrong.
        TransientError: DynamoDB does not answer.
    """
    if is_local(name_or_path):
        return recipes.load(name_or_path)
    return recipe_named(deployment or Deployment(load_settings()), name_or_path)
