"""The lossless twin of a recipe: the same sizes, crops and pages, and nothing else that changes a pixel."""

from typing import Final

from pixelfleet.recipes.choices import OutputFormat
from pixelfleet.recipes.model import Recipe
from pixelfleet.recipes.variant import Variant

#: The fields of a variant that decide which pixels of the original it shows, and at what size.
_KEPT: Final = frozenset({"name", "box", "fit", "gravity", "enlarge", "pad", "background", "raw", "page"})


def lossless_twin(recipe: Recipe) -> Recipe | None:
    """A recipe whose variants are the original scaled to the sizes of `recipe`, as PNG.

    Copies, tiles and lazy variants have no twin. None if there is no other variant.
    """
    twins = tuple(
        _twin(variant) for variant in recipe.variants if not (variant.copies or variant.tiles or variant.lazy)
    )
    fields = {name: getattr(recipe, name) for name in type(recipe).model_fields}
    return Recipe(**fields | {"variants": twins}) if twins else None


def _twin(variant: Variant) -> Variant:
    fields = variant.model_dump(by_alias=True, exclude_defaults=True, include=set(_KEPT))
    return Variant.model_validate(fields | {"format": OutputFormat.PNG, "effort": 1})
