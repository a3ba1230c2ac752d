"""The registry: the recipes that a deployment has by name, and where each of them applies: routes and defaults. Pure.

The registry is one value, and one item of the catalog. A worker reads the whole of it with one call a minute, and no
change can leave a route or a default without its recipe.
"""

from collections.abc import Callable
from typing import Final

from pydantic import Field

from pixelfleet.domain.records import RecipeRef, WholeRecord
from pixelfleet.domain.routes import Route, blocked_by, check_route, in_order
from pixelfleet.errors import SetupError

#: An item of the catalog has at most 400 KB. These numbers, at their longest, stay below it.
MOST_RECIPES: Final = 200
MOST_DEFAULTS: Final = 1_000
MOST_ROUTES: Final = 200
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
    """Recipes by name, routes as they are tried, owners' default recipes by owner. `version` counts changes."""

    version: int = 0
    recipes: dict[str, StoredRecipe] = Field(default_factory=dict)
    routes: tuple[Route, ...] = ()
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


def with_route(registry: Registry, route: Route, *, first: bool = False) -> Registry:
    """Add a route behind those of its priority; `first`: before all others, with the smallest priority of them.

    Raises:
        SetupError: the route is wrong, could never match, or there are `MOST_ROUTES` others.
    """
    check_route(route)
    if len(registry.routes) >= MOST_ROUTES:
        raise SetupError(f"there are {MOST_ROUTES} routes, the most there may be: remove one that is not used")
    if first:
        smallest = min([other.priority for other in registry.routes], default=route.priority)
        route = route.model_copy(update={"priority": min(smallest, route.priority)})
    routes = in_order((route, *registry.routes) if first else (*registry.routes, route))
    rivals = blocked_by(route, routes[: routes.index(route)])
    if rivals:
        named = ", ".join(f"{rival.route_id} ({rival.match})" for rival in rivals[:3])
        raise SetupError(
            f"a route of {route.match} could never match: all its keys are taken by {named}. Put the route before by "
            "--first or a smaller --priority, or remove the other one"
        )
    return registry.model_copy(update={"routes": routes})


def without_route(registry: Registry, route_id: str) -> Registry:
    """Remove a route by its id.

    Raises:
        SetupError: there is no such route.
    """
    routes = tuple(route for route in registry.routes if route.route_id != route_id)
    if len(routes) == len(registry.routes):
        raise SetupError(f"there is no route {route_id!r}; `pixelfleet route list` shows all routes")
    return registry.model_copy(update={"routes": routes})


def uses_of(registry: Registry, name: str) -> list[str]:
    """Where a recipe applies, in words, for people."""
    uses = [f"route {route.route_id} gives it to {route.match}" for route in registry.routes if route.recipe == name]
    owners = sorted(owner for owner, recipe in registry.defaults.items() if recipe == name)
    return uses + ([f"it is the default of {_some(owners)}"] if owners else [])


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
