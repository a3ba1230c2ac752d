"""The recipe that an argument or option names: built-in, in a file, or stored in the fleet of this shell."""

from typing import TYPE_CHECKING

from pixelfleet import recipes
from pixelfleet.cli.console import say
from pixelfleet.errors import RecipeError, TransientError
from pixelfleet.extras import check_extra
from pixelfleet.recipes import BUILTIN, Recipe, needed_extras
from pixelfleet.recipes.lazy import lazy_variants, with_lazy
from pixelfleet.recipes.names import is_local

if TYPE_CHECKING:
    from pixelfleet.deployment import Deployment


def made_at_once(recipe: Recipe, *, lazy: bool) -> Recipe:
    """The recipe of a local run, which has no addresses that could be asked for a lazy variant.

    With `lazy`, all variants are made; otherwise, a message names the variants that are not made.
    """
    if lazy:
        return with_lazy(recipe)
    if names := ", ".join(variant.name for variant in lazy_variants(recipe)):
        say(f"lazy, and not made: {names}; --lazy makes them, too")
    return recipe


def loaded_recipe(name_or_path: str, deployment: "Deployment | None" = None) -> Recipe:
    """The recipe. A built-in one and a file need no fleet.

    Raises:
        RecipeError: there is no such recipe or file, or the recipe is wrong; without AWS credentials, no built-in
            recipe has the name.
        TransientError: DynamoDB does not answer.
    """
    if is_local(name_or_path):
        return recipes.load(name_or_path)
    # Here, not above: a local run asks no fleet, and botocore takes longer to import than a recipe to read.
    from pixelfleet.aws.configuration import lacks_credentials  # noqa: PLC0415
    from pixelfleet.deployment import Deployment  # noqa: PLC0415
    from pixelfleet.operations.recipe_registry import recipe_named, unknown_recipe  # noqa: PLC0415
    from pixelfleet.settings import load_settings  # noqa: PLC0415

    try:
        return recipe_named(deployment or Deployment(load_settings()), name_or_path, or_file=True)
    except TransientError as error:
        if not lacks_credentials(error):
            raise
        known = unknown_recipe(name_or_path, tuple(BUILTIN), or_file=True)
        raise RecipeError(
            f"{known} (stored recipes were not read: there are no AWS credentials in this shell)"
        ) from None


def check_recipe(recipe: Recipe) -> None:
    """Check that this machine has the libraries that a recipe needs, before the first of many images fails.

    Raises:
        SetupError: an extra is missing; the message names it.
    """
    for extra, use in needed_extras(recipe).items():
        check_extra(extra, f"recipe {recipe.name}, which {use},")
