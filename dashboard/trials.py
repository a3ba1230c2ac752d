"""The trial of a recipe for a user: the draft, the image or the sample, the recipe to compare with, and the answer."""

from contextlib import suppress
from typing import Final

from dashboard.callers import Caller
from dashboard.problem import Problem
from dashboard.site import Site
from pixelfleet import recipes
from pixelfleet.domain.records import Image
from pixelfleet.errors import RecipeError
from pixelfleet.operations import recipe_registry
from pixelfleet.operations.recipe_trial import MOST_SAMPLE, BusyError
from pixelfleet.operations.trial_results import Trial
from pixelfleet.recipes import Recipe

#: Seconds after which a refused caller may try again.
_AGAIN: Final = {"Retry-After": "5"}


def try_recipe(site: Site, caller: Caller, text: str, source: Image | bytes, against: str | None) -> Trial:
    """`source` is an image, or a sample's content. `against` names the recipe to compare with.

    Without `against`, the draft is compared with the stored recipe of its name, else with the image's own.

    Raises:
        Problem: 422 for a text that is no recipe or a sample that is too large, 404 for no recipe to compare with,
            429 for too many trials.
        SetupError, TransientError: see `Trials.of_image`.
    """
    if isinstance(source, bytes) and not 0 < len(source) <= MOST_SAMPLE:
        raise Problem(422, f"a sample has 1 to {MOST_SAMPLE:,} bytes, this has {len(source):,}")
    draft = _draft(text)
    current = _current(site, draft, source, against)
    allowance = site.trial_limit.take(caller.name)
    if not allowance.passes:
        raise Problem(429, f"more than {allowance.limit} recipes tried in a minute; wait", headers=allowance.headers())
    try:
        if isinstance(source, Image):
            return site.trials.of_image(source, draft, current)
        return site.trials.of_sample(source, draft, current)
    except BusyError as error:
        raise Problem(429, str(error), headers=_AGAIN) from None


def _draft(text: str) -> Recipe:
    try:
        return recipes.parse(text, "the text")
    except RecipeError as error:
        raise Problem(422, str(error)) from None


def _current(site: Site, draft: Recipe, source: Image | bytes, against: str | None) -> Recipe | None:
    if against:
        try:
            return recipe_registry.recipe_named(site.deployment, against)
        except RecipeError as error:
            raise Problem(404, str(error)) from None
    # The caller did not name this recipe: a text that is not stored is no error.
    with suppress(RecipeError):
        if draft.name in site.deployment.recipe_registry.get().recipes:
            return recipe_registry.recipe_named(site.deployment, draft.name)
        if isinstance(source, Image) and source.revision_recipe is not None:
            return recipe_registry.recipe_of(site.deployment, source.revision_recipe)
    return None
