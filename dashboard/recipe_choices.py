"""The recipes that forms offer: the built-in ones, then the stored ones."""

from dataclasses import dataclass

from dashboard.site import Site
from pixelfleet import recipes


@dataclass(frozen=True, slots=True)
class RecipeOption:
    """A recipe by its name, with its description."""

    name: str
    description: str


def recipe_choices(site: Site) -> list[RecipeOption]:
    """Every recipe that an image may be made by."""
    builtin = [RecipeOption(name, recipes.builtin(name).description) for name in recipes.BUILTIN]
    stored = site.deployment.recipe_registry.get().recipes
    return builtin + [RecipeOption(name, stored[name].description) for name in sorted(stored)]
