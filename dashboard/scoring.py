"""The score of a variant for a user: which picture, whose turn, and the answer."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from dashboard.callers import Caller
from dashboard.problem import Problem
from dashboard.site import Site
from pixelfleet.domain.records import Image, RecipeRef, StoredVariant
from pixelfleet.domain.variant_files import file_named
from pixelfleet.errors import SetupError
from pixelfleet.operations.recipe_trial import BusyError

#: Seconds after which a refused caller may try again.
_AGAIN: Final = {"Retry-After": "2"}


class ScoreOut(BaseModel):
    """How much a variant looks like its original, scaled to the variant's size."""

    model_config = ConfigDict(extra="forbid")

    score: float | None = Field(
        description="Mean structural similarity (SSIM) of the luma: 1 for equal pictures. Null if they cannot be "
        "compared.",
        examples=[0.982],
    )
    reason: str | None = Field(description="Why there is no score.", examples=[None])


def score_by_key(site: Site, caller: Caller, image: Image, key: str) -> ScoreOut:
    """The score of the variant with this key, of the present or of a kept revision.

    Raises:
        Problem: 404, the record names no such variant; 429, too many scores.
        SetupError, TransientError: see `VariantScores.of`.
    """
    for recipe, variants in _revisions(image):
        for variant in variants:
            if variant.key == key:
                return _score(site, caller, image, variant, recipe)
    raise Problem(404, "the image has no such variant any more; load the page again")


def score_by_name(site: Site, caller: Caller, image: Image, name: str, revision: str | None) -> ScoreOut:
    """The score of a variant by its name, of the present or of the named revision.

    Raises:
        Problem, SetupError, TransientError: as `score_by_key`.
    """
    if revision is None or revision == image.revision:
        recipe, variants = _revisions(image)[0]
    else:
        kept = next((one for one in image.kept_revisions if one.results == revision), None)
        if kept is None:
            raise Problem(404, f"the revision {revision!r} is not kept")
        recipe, variants = kept.recipe, kept.variants
    variant = file_named(variants, name)
    if variant is None:
        raise Problem(404, f"the image has no variant {name!r}")
    return _score(site, caller, image, variant, recipe)


def _revisions(image: Image) -> list[tuple[RecipeRef | None, tuple[StoredVariant, ...]]]:
    """The recipe and the variants of the present revision, then those of the kept revisions."""
    kept = [(one.recipe, one.variants) for one in image.kept_revisions]
    return [(image.revision_recipe or image.recipe, image.variants), *kept]


def _score(site: Site, caller: Caller, image: Image, variant: StoredVariant, recipe: RecipeRef | None) -> ScoreOut:
    scored = site.scores.known(image, variant)
    if scored is None:
        allowance = site.score_limit.take(caller.name)
        if not allowance.passes:
            raise Problem(429, f"more than {allowance.limit} scores in a minute; wait", headers=allowance.headers())
        try:
            scored = site.scores.of(image, variant, recipe)
        except BusyError as error:
            raise Problem(429, str(error), headers=_AGAIN) from None
        except SetupError as error:
            return ScoreOut(score=None, reason=str(error))
    rounded = round(scored.score, 4) if scored.score is not None else None
    return ScoreOut(score=rounded, reason=scored.reason)
