"""The trial of a recipe for a user: the draft, the image or the sample, the recipe to compare with, and the answer."""

import base64
from contextlib import suppress
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from dashboard.callers import Caller
from dashboard.problem import Problem
from dashboard.site import Site
from pixelfleet import recipes
from pixelfleet.domain.records import Image
from pixelfleet.errors import RecipeError
from pixelfleet.operations import recipe_registry
from pixelfleet.operations.recipe_trial import MOST_SAMPLE, BusyError, Trial, TriedRecipe, TriedVariant
from pixelfleet.recipes import Recipe

#: Seconds after which a refused caller may try again.
_AGAIN: Final = {"Retry-After": "5"}


class TriedVariantOut(BaseModel):
    """One output of a recipe that was tried."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(examples=["card"])
    format: str = Field(examples=["webp"])
    content_type: str = Field(examples=["image/webp"])
    width: int = Field(examples=[400])
    height: int = Field(examples=[300])
    bytes: int = Field(description="Of all its files.", examples=[18_204])
    files: int = Field(examples=[1])
    picture: str | None = Field(
        description="The file in base64; null for tiles, for what browsers do not show, and beyond 6 MB of pictures.",
        examples=["UklGRg=="],
    )

    @classmethod
    def of(cls, variant: TriedVariant) -> "TriedVariantOut":
        return cls(
            name=variant.name,
            format=variant.format,
            content_type=variant.content_type,
            width=variant.width,
            height=variant.height,
            bytes=variant.bytes,
            files=variant.files,
            picture=base64.b64encode(variant.picture).decode() if variant.picture is not None else None,
        )


class TriedRecipeOut(BaseModel):
    """What one recipe made of the image."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(examples=["shop"])
    digest: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    milliseconds: int = Field(description="Of decoding, making and encoding; one at a time.", examples=[210])
    bytes: int = Field(description="Of all variants.", examples=[18_204])
    problem: str | None = Field(description="Why it made nothing: a cause, and what to do.", examples=[None])
    variants: list[TriedVariantOut]
    lazy: list[str] = Field(
        description="Its lazy variants, which a trial leaves out as an upload does.", examples=[["print"]]
    )

    @classmethod
    def of(cls, tried: TriedRecipe) -> "TriedRecipeOut":
        return cls(
            name=tried.name,
            digest=tried.digest,
            milliseconds=tried.milliseconds,
            bytes=tried.bytes,
            problem=tried.problem,
            variants=[TriedVariantOut.of(variant) for variant in tried.variants],
            lazy=list(tried.lazy),
        )


class TrialOut(BaseModel):
    """An image, what the draft made of it, and what the recipe that it is compared with made of it."""

    model_config = ConfigDict(extra="forbid")

    format: str = Field(examples=["jpeg"])
    width: int = Field(examples=[4000])
    height: int = Field(examples=[3000])
    bytes: int = Field(description="Of the original.", examples=[3_481_220])
    draft: TriedRecipeOut
    current: TriedRecipeOut | None = Field(description="Null if there is nothing to compare with.")

    @classmethod
    def of(cls, trial: Trial) -> "TrialOut":
        return cls(
            format=trial.format,
            width=trial.width,
            height=trial.height,
            bytes=trial.bytes,
            draft=TriedRecipeOut.of(trial.draft),
            current=TriedRecipeOut.of(trial.current) if trial.current is not None else None,
        )


def try_recipe(site: Site, caller: Caller, text: str, source: Image | bytes, against: str | None) -> TrialOut:
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
            return TrialOut.of(site.trials.of_image(source, draft, current))
        return TrialOut.of(site.trials.of_sample(source, draft, current))
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
