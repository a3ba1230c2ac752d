"""The registry: the recipes that a deployment has by name, and where each of them applies. Pure.

The registry is one value, and one item of the catalog. A worker reads the whole of it with one call a minute, and no
change can leave a route or a default without its recipe.
"""

from collections.abc import Callable
from typing import Final

from pydantic import Field

from pixelfleet.domain.records import RecipeRef, WholeRecord
from pixelfleet.errors import SetupError

#: An item of the catalog has at most 400 KB. These numbers, at their longest, stay below it.
MOST_RECIPES: Final = 200
MOST_DEFAULTS: Final = 1_000
#: Versions of one name that are listed; the texts of older ones stay under their digests.
MOST_VERSIONS: Final = 1_000
#: The longest description and list of variants that are kept beside a name, in characters.
DESCRIPTION_LENGTH: Final = 120
VARIANTS_LENGTH: Final = 400


class InUseError(SetupError):
    """A recipe that is named somewhere cannot be removed."""


class RecipeVersion(WholeRecord):
    """One version of a name: the digest of its text, its number from 1, and who stored it when."""

    digest: str
    number: int
    at: str
    who: str


class StoredRecipe(RecipeVersion):
    """The present version of a name. `variants` are names, cut off where they are too many to be listed."""

    name: str
    description: str = ""
    variants: tuple[str, ...] = ()

    @property
    def ref(self) -> RecipeRef:
        return RecipeRef(name=self.name, digest=self.digest)

    @property
    def as_version(self) -> RecipeVersion:
        return RecipeVersion(digest=self.digest, number=self.number, at=self.at, who=self.who)


class Registry(WholeRecord):
    """Recipes by name, and owners' default recipes by owner. `version` counts changes."""

    version: int = 0
    recipes: dict[str, StoredRecipe] = Field(default_factory=dict)
    defaults: dict[str, str] = Field(default_factory=dict)

    def ref(self, name: str) -> RecipeRef | None:
        """The present version of a stored recipe; None if no recipe of this name is stored."""
        stored = self.recipes.get(name)
        return stored.ref if stored is not None else None


#: A change of the registry. A change that changes nothing returns its argument.
Change = Callable[[Registry], Registry]


def with_recipe(registry: Registry, recipe: StoredRecipe) -> Registry:
    """Make this version the present one of its name.

    Raises:
        SetupError: there are `MOST_RECIPES` other names.
    """
    present = registry.recipes.get(recipe.name)
    if present is None and len(registry.recipes) >= MOST_RECIPES:
        raise SetupError(f"{MOST_RECIPES} recipes are stored, the most there may be: remove one that is not used")
    if present is not None and present.digest == recipe.digest:
        return registry
    return registry.model_copy(update={"recipes": registry.recipes | {recipe.name: recipe}})


def without_recipe(registry: Registry, name: str) -> Registry:
    """Remove a name.

    Raises:
        SetupError: there is no such name.
        InUseError: something names the recipe.
    """
    if name not in registry.recipes:
        raise SetupError(f"no recipe {name!r} is stored; `pixelfleet recipe list` shows all recipes")
    uses = uses_of(registry, name)
    if uses:
        raise InUseError(f"recipe {name!r} is in use: {'; '.join(uses)}. Name another recipe there first")
    return registry.model_copy(update={"recipes": {n: r for n, r in registry.recipes.items() if n != name}})


def with_default(registry: Registry, owner: str, name: str | None) -> Registry:
    """Set the recipe that an owner's images get by default; None takes the default away.

    Raises:
        SetupError: there are `MOST_DEFAULTS` other owners with a default.
    """
    defaults = {other: recipe for other, recipe in registry.defaults.items() if other != owner}
    if name is not None:
        if len(defaults) >= MOST_DEFAULTS:
            raise SetupError(
                f"{MOST_DEFAULTS:,} owners have a default recipe, the most there may be; a route gives many owners a "
                "recipe at once: pixelfleet route add --match 'uploads/team-*/**' --recipe NAME"
            )
        defaults[owner] = name
    return registry if defaults == registry.defaults else registry.model_copy(update={"defaults": defaults})


def uses_of(registry: Registry, name: str) -> list[str]:
    """Where a recipe applies, in words, for people."""
    owners = sorted(owner for owner, recipe in registry.defaults.items() if recipe == name)
    return [f"it is the default of {_some(owners)}"] if owners else []


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
