"""Recipes with a lazy variant, and the bytes of what they make. Runs with visitors have them, see `environment`."""

from types import SimpleNamespace
from typing import Any, Final

from pixelfleet import recipes
from pixelfleet.catalog.activity import Activity
from pixelfleet.catalog.recipes import RecipeTexts
from pixelfleet.catalog.registry import RecipeRegistry
from pixelfleet.domain.records import RecipeRef
from pixelfleet.operations.recipe_registry import put_recipe
from pixelfleet.recipes import Recipe
from pixelfleet.recipes.lazy import alone, lazy_variants
from pixelfleet.settings import Settings

#: The lazy variant of each recipe.
LAZY: Final = "zoom"
_TEXT: Final = """
name = "{name}"
[[variants]]
name = "thumb"
box = {box}
[[variants]]
name = "{lazy}"
box = 30
lazy = true
[[variants]]
name = "optimized"
box = 20
"""


def _recipe(name: str, box: int) -> Recipe:
    return recipes.parse(_TEXT.format(name=name, box=box, lazy=LAZY), f"{name}.toml")


RECIPES: Final = (_recipe("shop", 10), _recipe("fair", 12))
#: The digest in the bytes of a lazy variant, by the digest of its recipe and its name.
LAZY_DIGESTS: Final = {
    (recipe.digest, variant.name): alone(recipe, variant).digest
    for recipe in RECIPES
    for variant in lazy_variants(recipe)
}


def digest_in(recipe: RecipeRef, variant: str) -> str:
    """The digest that the bytes of this variant have, see `pixels.rendered`."""
    return LAZY_DIGESTS.get((recipe.digest, variant), recipe.digest)


def names_rendered(recipe: Recipe, usual: tuple[str, ...]) -> tuple[str, ...]:
    """The variants that the stand-in of the engine makes by a recipe; `usual` by a built-in recipe."""
    if recipe.name in recipes.BUILTIN:
        return usual
    return tuple(variant.name for variant in recipe.variants if not variant.lazy)


def store_recipes(dynamodb: Any, settings: Settings) -> None:
    """Store the recipes before a run begins."""
    tables = {name: f"{settings.prefix}-{name}" for name in ("recipes", "activity")}
    deployment: Any = SimpleNamespace(
        settings=settings,
        recipe_texts=RecipeTexts(dynamodb, tables["recipes"]),
        recipe_registry=RecipeRegistry(dynamodb, tables["recipes"]),
        activity=Activity(dynamodb, tables["activity"]),
    )
    for recipe in RECIPES:
        put_recipe(deployment, "anna", recipe)
