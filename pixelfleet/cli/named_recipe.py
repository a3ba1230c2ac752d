"""The recipe that an argument or option names: built-in, in a file, or stored in the fleet of this shell."""

from pixelfleet import recipes
from pixelfleet.deployment import Deployment
from pixelfleet.errors import RecipeError, TransientError
from pixelfleet.operations.recipe_registry import is_local, recipe_named, unknown_recipe
from pixelfleet.recipes import BUILTIN, Recipe
from pixelfleet.settings import load_settings


def loaded_recipe(name_or_path: str, deployment: Deployment | None = None) -> Recipe:
    """The recipe. A built-in one and a file need no fleet.

    Raises:
        RecipeError: there is no such recipe or file, or the recipe is wrong; without AWS credentials, no built-in
            recipe has the name.
        TransientError: DynamoDB does not answer.
    """
    if is_local(name_or_path):
        return recipes.load(name_or_path)
    # Here, not above: botocore takes longer to import than a local run needs to read its recipe.
    from pixelfleet.aws.configuration import lacks_credentials  # noqa: PLC0415

    try:
        return recipe_named(deployment or Deployment(load_settings()), name_or_path)
    except TransientError as error:
        if not lacks_credentials(error):
            raise
        known = unknown_recipe(name_or_path, tuple(BUILTIN))
        raise RecipeError(
            f"{known} (stored recipes were not read: there are no AWS credentials in this shell)"
        ) from None
