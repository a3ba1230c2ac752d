"""The recipe of an image, and whose the image is.

The recipe is the image's own, else that of the first route that matches its key, else its batch's, else its owner's
default, else the deployment's. Owner and batch are those of the image's record, else of its key, else of the route.
"""

import time
from collections.abc import Callable
from typing import Final

from pixelfleet import recipes
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import Place
from pixelfleet.domain.records import Batch, Image, RecipeRef
from pixelfleet.domain.registry import Registry
from pixelfleet.domain.routes import Router
from pixelfleet.domain.scores import Score
from pixelfleet.errors import Cause, PermanentError, RecipeError
from pixelfleet.recipes import Recipe

#: Seconds after which the recipe of a batch, or the registry, is read again.
REMEMBERED: Final = 60.0
#: Batches that are remembered at once: a deployment may have a million.
MOST_REMEMBERED: Final = 1_000
#: The digest of a recipe that is not stored, before its name: an image then fails with a cause, and can be redriven.
UNKNOWN: Final = "unknown:"


class RecipeLoader:
    """Reads recipes by their digests, each once."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._recipes: dict[str, Recipe] = {}

    def load(self, ref: RecipeRef) -> Recipe:
        """Read the recipe itself.

        Raises:
            PermanentError: the text is not stored, or this release cannot read the text.
        """
        if ref.digest not in self._recipes:
            self._recipes[ref.digest] = self._read(ref)
        return self._recipes[ref.digest]

    def _read(self, ref: RecipeRef) -> Recipe:
        if ref.name in recipes.BUILTIN and recipes.builtin(ref.name).digest == ref.digest:
            return recipes.builtin(ref.name)
        text = self._deployment.recipe_texts.text(ref.digest)
        if text is None:
            builtin = ", ".join(recipes.BUILTIN)
            raise PermanentError(
                Cause.RECIPE_UNKNOWN,
                f"no recipe {ref.name!r} is stored: store one with `pixelfleet recipe put FILE`, or name {builtin}",
            )
        try:
            return recipes.parse_stored(text, ref.name)
        except RecipeError as error:
            raise PermanentError(Cause.RECIPE_UNKNOWN, f"recipe {ref.name!r} cannot be read: {error}") from None


class RecipeChoice:
    """Chooses recipes. It remembers recipes: for the images of one batch, it reads the catalog once a minute."""

    def __init__(
        self,
        deployment: Deployment,
        clock: Callable[[], float] = time.monotonic,
        *,
        makes_batches: bool = True,
        registry: Registry | None = None,
    ) -> None:
        """`makes_batches`: a batch that has no record is made; otherwise nothing is written.

        With `registry`, the choice is by that registry, whatever the catalog has.
        """
        self._deployment = deployment
        self._makes_batches = makes_batches
        self._clock = clock
        self._remembered: dict[str, tuple[float, Batch | None]] = {}
        self._read_registry: tuple[float, Registry] | None = None
        self._fixed_registry = registry
        self._router = Router(registry.routes if registry is not None else ())
        self._loader = RecipeLoader(deployment)

    def of(self, image: Image | None, bucket: str, key: str) -> RecipeRef:
        """The recipe that applies now."""
        if image is not None and image.chosen_recipe is not None:
            return image.chosen_recipe
        place = self.place(image, bucket, key)
        # Asked also where a route decides: the first image of a batch makes the batch.
        batch = self._batch(place)
        of_batch = batch.recipe if batch is not None else None
        return self._of_route(bucket, key) or of_batch or self._of_owner(place.owner) or self._default()

    def place(self, image: Image | None, bucket: str, key: str) -> Place:
        """The owner and the batch of a key, whose record is `image`: a record keeps them, whatever routes say later."""
        if image is not None:
            return Place(image.owner, image.batch, image.path)
        self._registry()
        return self._router.place_of(bucket, key)

    def least_score(self, image: Image, recipe: Recipe) -> Score | None:
        """The least score that the image's batch asks for; None also if the recipe gives no variant a score."""
        if image.batch is None or all(variant.quality_target is None for variant in recipe.variants):
            return None
        batch = self._batch(Place(image.owner, image.batch, image.path))
        return Score.of_stored(batch.min_score, batch.min_ssimulacra2) if batch is not None else None

    def load(self, ref: RecipeRef) -> Recipe:
        """Read the recipe itself; see `RecipeLoader`."""
        return self._loader.load(ref)

    def _batch(self, place: Place) -> Batch | None:
        name = place.batch
        if name is None:
            return None

        def ask() -> Batch | None:
            if not self._makes_batches:
                return self._deployment.batches.get(place.owner, name)
            # An upload by another client has no batch record yet: it is made here, at the first image.
            return self._deployment.batches.create(place.owner, name)

        return self._remember(f"batch {place.owner}/{name}", ask)

    def _of_route(self, bucket: str, key: str) -> RecipeRef | None:
        self._registry()
        route = self._router.route_of(bucket, key)
        return self._named(route.recipe) if route is not None and route.recipe is not None else None

    def _of_owner(self, owner: str) -> RecipeRef | None:
        name = self._registry().defaults.get(owner)
        return self._named(name) if name is not None else None

    def _default(self) -> RecipeRef:
        return self._named(self._deployment.settings.default_recipe)

    def _named(self, name: str) -> RecipeRef:
        """The present version of a name. A name that nobody stored has a digest that `load` finds no text for."""
        if name in recipes.BUILTIN:
            return RecipeRef(name=name, digest=recipes.builtin(name).digest)
        return self._registry().ref(name) or RecipeRef(name=name, digest=f"{UNKNOWN}{name}")

    def _registry(self) -> Registry:
        if self._fixed_registry is not None:
            return self._fixed_registry
        now = self._clock()
        if self._read_registry is None or now - self._read_registry[0] >= REMEMBERED:
            registry = self._deployment.recipe_registry.get()
            if self._read_registry is None or self._read_registry[1].routes != registry.routes:
                self._router = Router(registry.routes)
            self._read_registry = (now, registry)
        return self._read_registry[1]

    def _remember(self, what: str, ask: Callable[[], Batch | None]) -> Batch | None:
        now = self._clock()
        remembered = self._remembered.get(what)
        if remembered is not None and now - remembered[0] < REMEMBERED:
            return remembered[1]
        answer = ask()
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[what] = (now, answer)
        return answer
