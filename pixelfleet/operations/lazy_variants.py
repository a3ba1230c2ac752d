"""Lazy variants: which variant a request may have made, and the steps that make it: fetch, pixels, store, record.

The dashboard makes a variant beside itself; of a large original, a worker makes it by a job. Both take the steps below.
Two attempts at one variant store the same bytes under the same keys, and the second record is refused.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from pixelfleet.aws.objects import ObjectGoneError, ObjectVersion
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin, lane_for
from pixelfleet.domain.lazy_variants import lazy_job
from pixelfleet.domain.records import Image, Status, timestamp
from pixelfleet.domain.result_keys import revision_folder
from pixelfleet.domain.transitions import Refusal
from pixelfleet.errors import RecipeError, WrongLaneError
from pixelfleet.images.formats import FORMATS
from pixelfleet.operations.alias_plan import has_aliases
from pixelfleet.operations.recipe_registry import recipe_of
from pixelfleet.operations.result_storing import ResultStore
from pixelfleet.recipes import OutputFormat, Recipe, Variant
from pixelfleet.recipes.lazy import alone, lazy_variant, lazy_variants

if TYPE_CHECKING:
    from pixelfleet.images.rendition import Rendition

#: Recipes that one process remembers.
_MOST_RECIPES: Final = 200
_EXTENSIONS: Final = {row.name: row.extension.removeprefix(".") for row in FORMATS}
#: `auto` becomes one of these.
_AUTO: Final = (OutputFormat.JPEG, OutputFormat.WEBP)
#: Formats of originals whose frames are moments and not pages.
_ANIMATED: Final = frozenset({"gif", "webp", "png"})

#: Renders the recipe of one variant from a file into a folder.
Render = Callable[[Path, Recipe, Path], "Rendition"]


@dataclass(frozen=True, slots=True)
class LazyVariant:
    """A lazy variant that the recipe of an image's present revision names, and that is not made yet."""

    recipe: Recipe
    variant: Variant

    @property
    def name(self) -> str:
        return self.variant.name

    @property
    def alone(self) -> Recipe:
        """The recipe that makes this variant only."""
        return alone(self.recipe, self.variant)

    @property
    def order(self) -> tuple[str, ...]:
        """The names of the recipe's variants, in its order."""
        return tuple(variant.name for variant in self.recipe.variants)

    def may_have(self, extension: str | None) -> bool:
        """Whether a file of the variant can have this extension (without a dot); None is any file of the variant."""
        formats = _AUTO if self.variant.format is OutputFormat.AUTO else self.variant.formats
        return extension is None or extension in {_EXTENSIONS[one.value] for one in formats}


class LazyRecipes:
    """The lazy variants of images, by the recipes that made their revisions. Remembers recipes; any thread may call."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._recipes: dict[str, Recipe] = {}
        self._lock = Lock()

    def find(self, image: Image, name: str) -> LazyVariant | None:
        """The lazy variant of this name that the present revision lacks; None if there is none.

        Raises:
            TransientError: DynamoDB does not answer.
        """
        recipe = self._recipe(image)
        variant = lazy_variant(recipe, name) if recipe is not None else None
        is_made = any(one.name == name for one in image.variants)
        return LazyVariant(recipe, variant) if recipe is not None and variant is not None and not is_made else None

    def names(self, image: Image) -> frozenset[str]:
        """The names of all lazy variants of the present revision, whether they are made or not. Raises as `find`."""
        recipe = self._recipe(image)
        return frozenset(variant.name for variant in lazy_variants(recipe)) if recipe is not None else frozenset()

    def missing(self, image: Image) -> list[LazyVariant]:
        """All lazy variants that the present revision lacks, in the recipe's order. Raises as `find`."""
        recipe = self._recipe(image)
        made = {one.name for one in image.variants}
        lazy = lazy_variants(recipe) if recipe is not None else ()
        return [LazyVariant(recipe, variant) for variant in lazy if recipe is not None and variant.name not in made]

    def _recipe(self, image: Image) -> Recipe | None:
        """The recipe of the present revision; None without a revision, or if this release cannot read the recipe."""
        ref = image.revision_recipe
        if image.revision is None or image.status is Status.DELETED or ref is None:
            return None
        with self._lock:
            remembered = self._recipes.get(ref.digest)
        if remembered is not None:
            return remembered
        try:
            recipe = recipe_of(self._deployment, ref)
        except RecipeError:
            return None
        with self._lock:
            if len(self._recipes) >= _MOST_RECIPES:
                self._recipes.clear()
            self._recipes[ref.digest] = recipe
        return recipe


def pixels_of(image: Image) -> int:
    """Pixels of the original over all frames of an animation; 0 if they are not known."""
    frames = (image.frames or 1) if image.format in _ANIMATED else 1
    return (image.width or 0) * (image.height or 0) * frames


def make_lazy(
    deployment: Deployment, image: Image, lazy: LazyVariant, folder: Path, render: Render, max_bytes: int
) -> Image | Refusal:
    """Make a variant in an empty folder, store it, and record it; returns the record, or why it was not changed.

    A refused record leaves no result behind. DONE: another attempt has made the variant.

    Raises:
        WrongLaneError: the original has more than `max_bytes`.
        ObjectGoneError: the bucket no longer has the version that the revision was made from.
        PermanentError: the image or the recipe is at fault.
        TransientError: S3, DynamoDB or SQS does not answer. And the errors of `render`.
    """
    revision, original, rendered = image.revision or "", folder / "original", folder / "variants"
    rendered.mkdir()
    fetched, _ = deployment.objects.fetch(_source_of(image), original, max_bytes)
    if fetched.bytes > max_bytes:
        raise WrongLaneError(f"{fetched.bytes:,} bytes are more than {max_bytes:,}")
    rendition = render(original, lazy.alone, rendered)
    store = ResultStore(deployment.objects, image, revision, lazy.recipe.name, timestamp())
    with ThreadPoolExecutor(len(rendition.variants)) as pool:
        # Somebody waits for the variant: its formats are stored at once.
        made = list(pool.map(store.store, rendition.variants))
    recorded = deployment.images.record_lazy(image, revision, made, lazy.order)
    if recorded in (Refusal.SUPERSEDED, Refusal.UNKNOWN):
        _discard(deployment, image, revision)
    if isinstance(recorded, Image) and has_aliases(deployment, recorded):
        # A worker copies the variant to its alias.
        deployment.queues.send_one(recorded.next_lane, recorded.job(Origin.ALIASES))
    return recorded


def send_lazy(deployment: Deployment, image: Image, lazy: LazyVariant) -> Image | Refusal:
    """Send a job for the variant, and note that the job is under way, so that later requests send none.

    The note comes last: a job that was not sent must not be noted. Two requests at the same moment may send two jobs;
    the second finds the variant made.

    Raises:
        TransientError: DynamoDB or SQS does not answer; the next request sends a job again.
    """
    job = lazy_job(image, lazy.name)
    deployment.queues.send_one(lane_for(job, deployment.settings.bulk_max_bytes), job)
    return deployment.images.note_lazy(image, image.revision or "", lazy.name)


def _source_of(image: Image) -> ObjectVersion:
    """The version of the original that the present revision was made from, which is not always the newest.

    Raises:
        ObjectGoneError: a bucket without versions holds a newer version.
    """
    if image.revision_source == image.source_version:
        return ObjectVersion(image.bucket, image.key, image.version_id, image.etag, image.bytes or 0)
    if image.version_id is None or image.revision_source is None:
        raise ObjectGoneError(image.key)
    return ObjectVersion(image.bucket, image.key, image.revision_source, None, 0)


def _discard(deployment: Deployment, image: Image, results: str) -> None:
    """Delete what was stored for a revision that was replaced or removed meanwhile.

    A record never names a folder again that it has ceased to name. A kept revision keeps its folder.

    The folder of a removed image may have been public: an earlier attempt may have recorded the variant. So a worker
    invalidates the image in the edge caches once more. The record lists the folder until then, for the reconcile.
    """
    present = deployment.images.get(image.image_id)
    if present is not None and results in present.named_results:
        return
    removed = present if present is not None and present.status is Status.DELETED else None
    if removed is not None:
        deployment.images.supersede(removed, results)
    deployment.objects.delete_results(revision_folder(image.owner, image.image_id, results))
    if removed is not None:
        removal = Job(JobKind.REMOVE, removed.bucket, removed.key, sequencer=removed.sequencer)
        deployment.queues.send_one(Lane.BULK, removal)
