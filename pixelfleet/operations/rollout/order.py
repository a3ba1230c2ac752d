"""The order of a rollout, and the images of its scope: all, those of an owner, or those of a batch."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image, RecipeRef, Status
from pixelfleet.domain.rollout import Bound
from pixelfleet.domain.sampling import StratifiedSample
from pixelfleet.errors import SetupError
from pixelfleet.operations.batch_images import batch_images
from pixelfleet.operations.batches import batch_with_counts
from pixelfleet.operations.recipe_texts import reference
from pixelfleet.operations.rollout.journal import Touched
from pixelfleet.recipes import Recipe
from pixelfleet.recipes.lazy import lazy_variants

#: The most images of a sample: each is fetched and made by both recipes on this machine.
MOST_SAMPLED = 10_000
ONE_PER_CENT = Bound(share=0.01)
#: The statuses of an image that is being processed, or waits for that.
UNDER_WAY = (Status.QUEUED, Status.PROCESSING)
_THERE = tuple(status for status in Status if status is not Status.DELETED)


@dataclass(frozen=True, slots=True)
class RolloutOrder:
    """The recipes, the scope, and who asked. `canary` is a share of the images; `rate` is in jobs a second.

    `command` and `way_back` are the commands that go on with this rollout and that take its images back, for people.
    """

    newer: Recipe
    older: Recipe
    who: str
    owner: str | None = None
    batch: str | None = None
    sample: int = 200
    canary: float = 0.01
    bound: Bound = ONE_PER_CENT
    rate: float | None = None
    command: str = ""
    way_back: str = ""

    @property
    def refs(self) -> tuple[RecipeRef, RecipeRef]:
        """The new and the old recipe."""
        return reference(self.newer), reference(self.older)

    @property
    def scope(self) -> str:
        """The images of the order, in words."""
        if self.owner is None:
            return "all images"
        return f"batch {self.owner}/{self.batch}" if self.batch is not None else f"images of {self.owner}"


@dataclass(slots=True)
class Survey:
    """The images of the scope by recipe: made by the old one and ready, made by the new one, made by others."""

    ready: int = 0
    newer: int = 0
    others: Counter[str] = field(default_factory=Counter)
    chosen: list[str] = field(default_factory=list)


def check_order(deployment: Deployment, order: RolloutOrder) -> None:
    """
    Raises:
        SetupError: the order can bring nothing to any image.
    """
    if order.newer.digest == order.older.digest:
        raise SetupError(f"{order.newer.name} and {order.older.name} are the same recipe: name the version before it")
    if not 1 <= order.sample <= MOST_SAMPLED:
        raise SetupError(f"a sample has 1 to {MOST_SAMPLED:,} images, not {order.sample:,}: give another --sample")
    if order.batch is not None and order.owner is None:
        raise SetupError(f"whose batch is {order.batch}? Write --batch OWNER/{order.batch}")
    if order.owner is not None and order.batch is not None:
        batch_with_counts(deployment, order.owner, order.batch)


def images_of(deployment: Deployment, order: RolloutOrder) -> Iterator[Image]:
    """The images of the scope that are not deleted. Of all owners: those of one of the two recipes.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    if order.owner is None:
        pages = deployment.images.made_by(ref.digest for ref in order.refs)
        return (image for page in pages for image in page if image.status is not Status.DELETED)
    if order.batch is not None:
        return batch_images(deployment.images, order.owner, order.batch, _THERE)
    owned = deployment.images.records(deployment.images.of_owner(order.owner))
    return (image for _, image in owned if image.status is not Status.DELETED)


def waiting(deployment: Deployment, order: RolloutOrder, busy: list[str] | None = None) -> Iterator[Image]:
    """The ready images that the old recipe made. `busy` gets the ids of those that are being processed again."""
    older = order.refs[1]
    for image in images_of(deployment, order):
        if not image.is_made_by(older):
            continue
        if image.status is Status.READY:
            yield image
        elif busy is not None and image.status in UNDER_WAY:
            busy.append(image.image_id)


def upload_bytes(image: Image, recipe: Recipe) -> int:
    """The bytes of the variants that a recipe makes at an upload: lazy ones depend on who requested them."""
    lazy = {variant.name for variant in lazy_variants(recipe)}
    return sum(variant.bytes for variant in image.variants if variant.name not in lazy)


def as_touched(image: Image, older: Recipe) -> Touched:
    """An image that the older recipe made, as the journal notes it before the newer recipe is tried."""
    return Touched(upload_bytes(image, older), image.outcome)


def survey(
    deployment: Deployment, order: RolloutOrder, sample: StratifiedSample, progress: Callable[[str], None]
) -> Survey:
    """Count the images of the scope, and choose the sample.

    Raises:
        SetupError: the old recipe made no image of the scope, and neither did the new one.
        TransientError: DynamoDB does not answer.
    """
    newer, older = order.refs
    result = Survey()
    for image in images_of(deployment, order):
        if image.is_made_by(older):
            if image.status is Status.READY:
                result.ready += 1
                sample.add(image)
        elif image.is_made_by(newer):
            result.newer += 1
        elif image.revision_recipe is not None:
            result.others[f"{image.revision_recipe.name}@{image.revision_recipe.digest[:12]}"] += 1
        if (result.ready + result.newer) % 1_000 == 1:
            progress(f"counting images: {result.ready:,} of {older.name}@{older.digest[:12]}")
    if not result.ready and not result.newer:
        raise SetupError(f"{_none(deployment, order, result)}: nothing was changed")
    result.chosen = sample.chosen()
    return result


def _none(deployment: Deployment, order: RolloutOrder, result: Survey) -> str:
    none = f"no ready image was made by {order.older.name}@{order.older.digest[:12]} ({order.scope})"
    if result.others:
        listed = ", ".join(f"{name} ({count:,})" for name, count in result.others.most_common(5))
        return f"{none}. These images were made by {listed}: name one of these recipes by --instead-of"
    if order.owner is None:
        versions = deployment.recipe_registry.versions(order.older.name)
        listed = ", ".join(f"{order.older.name}@{version.number}" for version in versions[-5:])
        return f"{none}{f'. The versions are {listed}' if len(versions) > 1 else ''}"
    return f"{none}, because there are no images with results"
