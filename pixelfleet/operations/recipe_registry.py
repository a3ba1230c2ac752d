"""Recipes by name: storing, finding, comparing and removing them. Each change is noted as an activity."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pixelfleet import recipes
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Batch, BatchState, RecipeRef, timestamp
from pixelfleet.domain.registry import (
    DESCRIPTION_LENGTH,
    VARIANTS_LENGTH,
    InUseError,
    RecipeVersion,
    Registry,
    StoredRecipe,
    uses_of,
    with_recipe,
    without_recipe,
)
from pixelfleet.errors import RecipeError, SetupError
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.recipes import BUILTIN, MAX_TEXT_BYTES, Recipe
from pixelfleet.recipes.names import NAME

#: Calls of a count of images, each of which reads a megabyte of records: about 100,000 images.
MOST_COUNTING: Final = 200
#: The newest batches that are checked before a recipe is removed. An older batch keeps its recipe by its digest.
BATCHES_LOOKED_AT: Final = 10_000
_MOST_NAMED: Final = 3
#: Beyond this, a number names a digest.
_LONGEST_NUMBER: Final = 6
#: Hex digits of a whole digest.
_DIGEST: Final = 64


@dataclass(frozen=True, slots=True)
class PutRecipe:
    """A recipe that was put, the version before it, and where the recipe applies, in words."""

    recipe: StoredRecipe
    before: StoredRecipe | None
    uses: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return self.before is None or self.before.digest != self.recipe.digest


def put_recipe(deployment: Deployment, who: str, recipe: Recipe) -> PutRecipe:
    """Store a recipe under its name, as the newest version of that name. The same text again is no new version.

    Raises:
        SetupError: the name is that of a built-in recipe, or there are too many names.
        RecipeError: the text is too large, with the pictures that it holds.
        TransientError: DynamoDB does not answer; the recipe may be put again.
    """
    if recipe.name in BUILTIN:
        raise SetupError(f"{recipe.name!r} is a built-in recipe: give your recipe another name in its field `name`")
    size = len(recipe.to_text().encode())
    if size > MAX_TEXT_BYTES:
        raise RecipeError(
            f"recipe {recipe.name!r} has {size:,} bytes with its watermark pictures, more than the {MAX_TEXT_BYTES:,} "
            "that can be stored: make the pictures smaller"
        )
    # The text is stored first, so that every stored name has its text.
    store_recipe(deployment, recipe)
    before: list[StoredRecipe | None] = [None]

    def change(registry: Registry) -> Registry:
        before[0] = registry.recipes.get(recipe.name)
        versions = deployment.recipe_registry.versions(recipe.name)
        return with_recipe(registry, _stored(recipe, who, versions[-1].number + 1 if versions else 1))

    registry = deployment.recipe_registry.change(change)
    answer = PutRecipe(registry.recipes[recipe.name], before[0], tuple(uses_of(registry, recipe.name)))
    if answer.changed:
        details: dict[str, int | str] = {"version": answer.recipe.number, "digest": recipe.digest[:12]}
        deployment.activity.note(who, "put recipe", recipe.name, details)
    return answer


def made_by_earlier(deployment: Deployment, recipe: StoredRecipe) -> tuple[int, bool]:
    """The number of images made by another version of a recipe, and whether all images were counted.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    return deployment.images.made_by_earlier(recipe.ref, MOST_COUNTING)


def remove_recipe(deployment: Deployment, who: str, name: str) -> StoredRecipe:
    """Remove a name. The texts stay: images that were made by the recipe can always be made again by it.

    Raises:
        SetupError: there is no such name.
        InUseError: something names the recipe: a route, an owner's or the deployment's default, or one of the
            `BATCHES_LOOKED_AT` newest batches that is not complete.
    """
    if name in BUILTIN:
        raise SetupError(f"{name!r} is a built-in recipe, which cannot be removed")
    if name == deployment.settings.default_recipe:
        setting = "PIXELFLEET_DEFAULT_RECIPE"
        raise InUseError(f"recipe {name!r} is in use: {setting} names it. Name another recipe there first")
    stored = deployment.recipe_registry.get().recipes.get(name)
    batches = [batch.batch_id for batch in islice(_batches_of(deployment, name), _MOST_NAMED)] if stored else []
    if batches:
        raise InUseError(
            f"recipe {name!r} is in use by batches that are not complete: {', '.join(batches)}. Seal them and let them "
            "complete first: `pixelfleet batch seal OWNER/NAME`"
        )
    removed: list[StoredRecipe] = []

    def change(registry: Registry) -> Registry:
        after = without_recipe(registry, name)
        removed[:] = [registry.recipes[name]]
        return after

    deployment.recipe_registry.change(change)
    deployment.activity.note(who, "remove recipe", name, {"version": removed[0].number})
    return removed[0]


def recipe_named(deployment: Deployment, name: str, *, or_file: bool = False) -> Recipe:
    """A built-in or stored recipe; of a stored recipe any version: `shop`, `shop@3` (number), `shop@1a2b` (digest).

    `or_file`: the message for an unknown name says that a TOML file is right, too.

    Raises:
        RecipeError: there is no such recipe or version.
        TransientError: DynamoDB does not answer.
    """
    match = NAME.fullmatch(name)
    if match is None:
        raise RecipeError(f"{name!r} is no name of a recipe: shop, or shop@3 for the third version")
    plain, version = match["name"], match["version"]
    if plain in BUILTIN and (version is None or recipes.builtin(plain).digest.startswith(version)):
        return recipes.builtin(plain)
    if version is not None and len(version) == _DIGEST:
        # The recipe of a record may have been stored without a name.
        return _read(deployment, plain, version)
    if version is not None:
        versions = deployment.recipe_registry.versions(plain)
        return _read(deployment, plain, _version_of(plain, version, versions).digest)
    stored = deployment.recipe_registry.get().recipes
    if plain not in stored:
        raise RecipeError(unknown_recipe(plain, (*BUILTIN, *sorted(stored)), or_file=or_file))
    return _read(deployment, plain, stored[plain].digest)


def pinned_name(deployment: Deployment, recipe: Recipe) -> str:
    """A name of exactly this recipe, also once there are newer versions: `shop@3`; `web` if it is built in.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    if recipe.name in BUILTIN and recipes.builtin(recipe.name).digest == recipe.digest:
        return recipe.name
    versions = deployment.recipe_registry.versions(recipe.name)
    numbers = [version.number for version in versions if version.digest == recipe.digest]
    return f"{recipe.name}@{numbers[-1] if numbers else recipe.digest}"


def recipe_of(deployment: Deployment, ref: RecipeRef) -> Recipe:
    """The recipe that a record or a batch names, even if the name stands for another recipe by now.

    Raises:
        RecipeError: the text is not stored.
        TransientError: DynamoDB does not answer.
    """
    if ref.name in BUILTIN and recipes.builtin(ref.name).digest == ref.digest:
        return recipes.builtin(ref.name)
    return _read(deployment, ref.name, ref.digest)


def known_recipe(registry: Registry, name: str) -> str:
    """The name, if a route or an owner may be given a recipe of this name.

    Raises:
        SetupError: no built-in and no stored recipe has this name.
    """
    plain, mark, _ = name.partition("@")
    if mark and (plain in BUILTIN or plain in registry.recipes):
        raise SetupError(
            f"{name!r} names one version of {plain!r}. Routes and owners have a recipe in its newest version: name "
            f"{plain!r}; to go back to an older text, put it again"
        )
    if name not in BUILTIN and name not in registry.recipes:
        raise SetupError(
            f"no recipe {name!r} is stored: store it with `pixelfleet recipe put FILE`, or name one of "
            f"{', '.join((*BUILTIN, *sorted(registry.recipes)))}"
        )
    return name


def difference(one: tuple[str, Recipe], other: tuple[str, Recipe]) -> list[str]:
    """The lines that differ between two recipes, as a unified diff of their canonical texts; none if they are equal."""
    before, after = (recipe.to_text().splitlines() for _, recipe in (one, other))
    return list(difflib.unified_diff(before, after, one[0], other[0], lineterm=""))


def stored_texts(deployment: Deployment) -> Iterator[tuple[StoredRecipe, str]]:
    """The present version of each stored recipe with its text, by name."""
    for name, stored in sorted(deployment.recipe_registry.get().recipes.items()):
        yield stored, _read(deployment, name, stored.digest).to_text()


def _stored(recipe: Recipe, who: str, number: int) -> StoredRecipe:
    variants: list[str] = []
    for variant in recipe.variants:
        if sum(map(len, variants)) + len(variant.name) > VARIANTS_LENGTH:
            variants.append("…")
            break
        variants.append(variant.name)
    return StoredRecipe(
        name=recipe.name,
        digest=recipe.digest,
        number=number,
        at=timestamp(),
        who=who,
        description=recipe.description[:DESCRIPTION_LENGTH],
        variants=tuple(variants),
    )


def _batches_of(deployment: Deployment, name: str) -> Iterator[Batch]:
    for batch in islice(deployment.batches.all(), BATCHES_LOOKED_AT):
        if batch.state is not BatchState.COMPLETE and batch.recipe is not None and batch.recipe.name == name:
            yield batch


def _version_of(name: str, version: str, versions: tuple[RecipeVersion, ...]) -> RecipeVersion:
    if version.isdecimal() and len(version) <= _LONGEST_NUMBER:
        fitting = [each for each in versions if each.number == int(version)]
        if fitting:
            return fitting[0]
    fitting = [each for each in versions if each.digest.startswith(version)]
    digests = {each.digest for each in fitting}
    if len(digests) != 1:
        count = "no version" if not digests else f"{len(digests)} versions"
        raise RecipeError(
            f"recipe {name!r} has {count} {version!r}; `pixelfleet recipe show {name} --versions` lists them"
        )
    return fitting[-1]


def _read(deployment: Deployment, name: str, digest: str) -> Recipe:
    text = deployment.recipe_texts.text(digest)
    if text is None:
        raise RecipeError(f"the text of recipe {name!r} is not stored: put the recipe again")
    return recipes.parse_stored(text, name)


def unknown_recipe(name: str, known: Sequence[str], *, or_file: bool) -> str:
    """The message for a name that none of the known recipes has."""
    if near := difflib.get_close_matches(name, known, n=1):
        return f"no recipe {name!r}; did you mean {near[0]}?"
    names = ", ".join(known)
    return (
        f"no recipe {name!r}: give a TOML file, or one of {names}"
        if or_file
        else f"no recipe {name!r}: name one of {names}"
    )
