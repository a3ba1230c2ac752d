"""Lazy variants: named by a recipe, left out at the upload, made at the first request to their stable address."""

from collections.abc import Iterable

from pixelfleet.recipes.model import Recipe
from pixelfleet.recipes.variant import Variant


def lazy_variants(recipe: Recipe) -> tuple[Variant, ...]:
    """The lazy variants of a recipe, in its order."""
    return tuple(variant for variant in recipe.variants if variant.lazy)


def lazy_variant(recipe: Recipe, name: str) -> Variant | None:
    """The lazy variant of this name; None if the recipe names no such variant, or makes the variant at the upload."""
    return next((variant for variant in recipe.variants if variant.lazy and variant.name == name), None)


def alone(recipe: Recipe, variant: Variant) -> Recipe:
    """A recipe that makes this variant and no other, for the engine. Its digest is not that of any record."""
    return _with(recipe, [variant])


def with_lazy(recipe: Recipe) -> Recipe:
    """The recipe that makes all variants at once; the same recipe if none is lazy."""
    return _with(recipe, recipe.variants) if lazy_variants(recipe) else recipe


def _with(recipe: Recipe, variants: Iterable[Variant]) -> Recipe:
    fields = {name: getattr(recipe, name) for name in type(recipe).model_fields}
    made = tuple(variant.model_copy(update={"lazy": False}) for variant in variants)
    return Recipe(**fields | {"variants": made})
