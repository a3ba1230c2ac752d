"""The return from a recipe to an older recipe: images return to the revision of the older recipe while it is kept."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image, RecipeRef, Status
from pixelfleet.domain.rollout import was_brought_to
from pixelfleet.domain.transitions import Refusal
from pixelfleet.errors import SetupError
from pixelfleet.operations.batch_images import in_flow
from pixelfleet.operations.batches import check_batch
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
    """The images of a batch, or all of an owner's, that are ready or under way.

    An image of a batch that becomes ready meanwhile is returned once more.
    """
    if batch is not None:
        return in_flow(deployment.images, owner, batch, (*_UNDER_WAY, Status.READY), again=True)
    owned = deployment.images.records(deployment.images.of_owner(owner))
    return (image for _, image in owned if image.status in (Status.READY, *_UNDER_WAY))


def images_to_return(deployment: Deployment, newer: RecipeRef, owner: str | None, batch: str | None) -> Iterator[Image]:
    """The images of a batch, of an owner, or without an owner all images that a rollout brought to `newer`.

    Raises:
        SetupError: there is no such batch.
        TransientError: DynamoDB does not answer.
    """
    check_batch(deployment, owner, batch)
    return brought_to(deployment, newer) if owner is None else images_of(deployment, owner, batch)


def roll_back(
    deployment: Deployment,
    images: Iterable[Image],
    recipes: tuple[RecipeRef, RecipeRef],
    who: str,
    progress: Callable[[Rollback], None],
) -> Rollback:
    """Return the images of the first recipe to the kept revision of the second. May be interrupted and repeated.

    `images` and `progress` may raise StopAskedError, which ends the rollback.

    Raises:
        SetupError: the two recipes are the same; nothing is changed.
        TransientError: DynamoDB or SNS does not answer; the images so far are back.
    """
    newer, older = recipes
    if newer.digest == older.digest:
        raise SetupError(f"{newer.name} and {older.name} are the same recipe: name the version to go back to by --to")
    result, busy = Rollback(), set[str]()
    with noted(deployment, who, "roll back", f"{newer.name} to {older.name}") as details:
        for image in images:
            under_way = image.status in _UNDER_WAY and was_brought_to(image, newer)
            if under_way or image.is_made_by(newer):
                _one(deployment, image, recipes, who, result, busy)
                result.busy = len(busy)
                details |= {"back": result.back, "missing": result.missing, "busy": result.busy}
                progress(result)
    return result


def _one(
    deployment: Deployment,
    image: Image,
    recipes: tuple[RecipeRef, RecipeRef],
    who: str,
    result: Rollback,
    busy: set[str],
) -> None:
    after = _returned(deployment, image, recipes, who)
    busy.discard(image.image_id)
    match after:
        case Refusal.UNFINISHED:
            busy.add(image.image_id)
        case Refusal.UNKNOWN:
            result.missing += 1
        case Refusal.SUPERSEDED:
            # Somebody has chosen another recipe since the record was read.
            pass
        case Refusal():
            result.back += 1
        case Image():
            result.back += 1
            announce_current(deployment, after)


def _returned(deployment: Deployment, image: Image, recipes: tuple[RecipeRef, RecipeRef], who: str) -> Image | Refusal:
    if image.status in _UNDER_WAY:
        return Refusal.UNFINISHED
    newer, older = recipes
    fitting = [kept for kept in image.kept_revisions if kept.recipe is not None and kept.recipe.digest == older.digest]
    if not fitting:
        return Refusal.UNKNOWN
    return deployment.images.make_current(image, fitting[-1].results, who, instead_of=newer)
