"""The same done to many images, one after another: deleted, or processed again. It may be stopped, and repeated."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image, RecipeRef, Status
from pixelfleet.operations.removal import delete_image
from pixelfleet.operations.reprocessing import reprocess


@dataclass(slots=True)
class BulkResult:
    """How many images it was done to, and how many it was not done to, since they were deleted meanwhile."""

    done: int = 0
    gone: int = 0
    stopped: bool = False


#: Gets the numbers so far after each image, and says whether to go on.
Progress = Callable[[BulkResult], bool]


def delete_images(deployment: Deployment, images: Iterable[Image], who: str, progress: Progress) -> BulkResult:
    """
    Raises:
        TransientError: S3 or DynamoDB does not answer; what is deleted is deleted.
    """

    def delete(image: Image) -> bool:
        if image.status is Status.DELETED:
            return False
        delete_image(deployment, image, who)
        return True

    return _each(images, delete, progress)


def reprocess_images(
    deployment: Deployment, images: Iterable[Image], who: str, recipe: RecipeRef | None, progress: Progress
) -> BulkResult:
    """
    Raises:
        TransientError: DynamoDB or SQS does not answer; what is queued is queued.
    """
    return _each(images, lambda image: reprocess(deployment, image, who, recipe) is not None, progress)


def _each(images: Iterable[Image], act: Callable[[Image], bool], progress: Progress) -> BulkResult:
    result = BulkResult()
    for image in images:
        if act(image):
            result.done += 1
        else:
            result.gone += 1
        if not progress(result):
            result.stopped = True
            break
    return result
