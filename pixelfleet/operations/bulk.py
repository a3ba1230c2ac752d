"""Deleting, restoring, reprocessing or tagging many images, one after another. Each can be stopped and repeated."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image, RecipeRef, Status
from pixelfleet.domain.tags import Tags
from pixelfleet.domain.transitions import Refusal
from pixelfleet.operations.noted import Details, noted
from pixelfleet.operations.removal import delete_image
from pixelfleet.operations.reprocessing import reprocess
from pixelfleet.operations.restoring import restore_image

#: Keys of images that could not be changed, of which a result has the first.
MOST_UNCHANGED: Final = 20


@dataclass(slots=True)
class BulkResult:
    """The number of changed images; `gone` counts images that could not be changed, such as deleted images.

    `unchanged` has the keys of the first of these. `left` counts images of a move that are in both batches.
    """

    done: int = 0
    gone: int = 0
    left: int = 0
    stopped: bool = False
    unchanged: list[str] = field(default_factory=list)


#: Gets the numbers so far after each image; returns whether to go on.
Progress = Callable[[BulkResult], bool]


def delete_images(deployment: Deployment, images: Iterable[Image], who: str, on: str, progress: Progress) -> BulkResult:
    """Delete images. `on` describes the images in the activity.

    The deletion of many images takes a while. A file that is uploaded under the name of an image meanwhile stays, and
    the image counts as one that could not be changed.

    Raises:
        TransientError: S3 or DynamoDB does not answer; deleted images stay deleted.
    """

    def delete(image: Image) -> bool:
        return image.status is not Status.DELETED and delete_image(deployment, image, who)

    with noted(deployment, who, "delete", on) as details:
        return _each(images, delete, progress, details)


def restore_images(
    deployment: Deployment, images: Iterable[Image], who: str, on: str, progress: Progress
) -> BulkResult:
    """Bring removed images back, as far as the bucket keeps their versions. `on` describes them in the activity.

    Raises:
        TransientError: S3 or DynamoDB does not answer; restored images stay restored.
    """
    with noted(deployment, who, "restore", on) as details:
        return _each(images, lambda image: restore_image(deployment, image), progress, details)


def reprocess_images(
    deployment: Deployment, images: Iterable[Image], who: str, on: str, recipe: RecipeRef | None, progress: Progress
) -> BulkResult:
    """Queue images to be processed again, by `recipe` or by the recipe of each. `on` describes them in the activity.

    Raises:
        TransientError: DynamoDB or SQS does not answer; queued images stay queued.
    """
    with noted(deployment, who, "process again", on) as details:
        return _each(images, lambda image: reprocess(deployment, image, who, recipe) is not None, progress, details)


def tag_images(
    deployment: Deployment, images: Iterable[Image], who: str, on: str, tags: Tags, progress: Progress
) -> BulkResult:
    """Add tags to images, and remove tags. `on` describes the images in the activity.

    Raises:
        TransientError: DynamoDB does not answer; tagged images stay tagged.
    """
    with noted(deployment, who, "tag", on) as details:
        return _each(images, lambda image: deployment.images.tag(image, tags) is not Refusal.UNKNOWN, progress, details)


def _each(images: Iterable[Image], act: Callable[[Image], bool], progress: Progress, details: Details) -> BulkResult:
    result = BulkResult()
    details |= {"done": 0}
    for image in images:
        if act(image):
            result.done += 1
        else:
            result.gone += 1
            if len(result.unchanged) < MOST_UNCHANGED:
                result.unchanged.append(image.key)
        details |= {"done": result.done} | ({"gone": result.gone} if result.gone else {})
        if not progress(result):
            result.stopped = True
            details["outcome"] = "stopped"
            break
    return result
