"""The return from a recipe to an older recipe: images return to the revision of the older recipe while it is kept."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image, RecipeRef, Status
from pixelfleet.domain.rollout import made_by, was_brought_to
from pixelfleet.domain.transitions import Refusal
from pixelfleet.operations.batch_images import batch_images
from pixelfleet.operations.kept_revisions import announce_current
from pixelfleet.operations.noted import noted


@dataclass(slots=True)
class Rollback:
    """Images that are of the older recipe again; that keep no revision of it; that are being processed."""

    back: int = 0
    missing: int = 0
    busy: int = 0


#: An image in one of these returns after its present attempt.
_UNDER_WAY = (Status.QUEUED, Status.PROCESSING)


def brought_to(deployment: Deployment, recipe: RecipeRef) -> Iterator[Image]:
    """The images of all owners that a rollout brought to this recipe, or somebody processed again by it.

    Images that are under way to it are among them. Reads the whole images table.
    """
    pages = deployment.images.chosen_for(recipe.digest)
    return (image for page in pages for image in page if image.status in (Status.READY, *_UNDER_WAY))


def images_of(deployment: Deployment, owner: str, batch: str | None) -> Iterator[Image]:
    """The images of a batch, or all of an owner's, that are ready or under way."""
    if batch is not None:
        return batch_images(deployment.images, owner, batch, [Status.READY, *_UNDER_WAY])
    owned = deployment.images.records(deployment.images.of_owner(owner))
    return (image for _, image in owned if image.status in (Status.READY, *_UNDER_WAY))


def roll_back(
    deployment: Deployment,
    images: Iterable[Image],
    recipes: tuple[RecipeRef, RecipeRef],
    who: str,
    progress: Callable[[Rollback], None],
) -> Rollback:
    """Return the images of the first recipe to the kept revision of the second. May be interrupted and repeated.

    Raises:
        TransientError: DynamoDB or SNS does not answer; the images so far are back.
    """
    newer, older = recipes
    result = Rollback()
    with noted(deployment, who, "roll back", f"{newer.name} to {older.name}") as details:
        for image in images:
            under_way = image.status in _UNDER_WAY and was_brought_to(image, newer)
            if under_way or made_by(image, newer):
                _one(deployment, image, older, who, result)
                details |= {"back": result.back, "missing": result.missing, "busy": result.busy}
                progress(result)
    return result


def _one(deployment: Deployment, image: Image, older: RecipeRef, who: str, result: Rollback) -> None:
    if image.status in _UNDER_WAY:
        result.busy += 1
        return
    fitting = [kept for kept in image.kept_revisions if kept.recipe is not None and kept.recipe.digest == older.digest]
    after = deployment.images.make_current(image, fitting[-1].results, who) if fitting else Refusal.UNKNOWN
    if after is Refusal.UNFINISHED:
        result.busy += 1
    elif after is Refusal.UNKNOWN:
        result.missing += 1
    else:
        result.back += 1
        if isinstance(after, Image):
            announce_current(deployment, after)
