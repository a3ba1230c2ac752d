"""Processing an image again, by the recipe that it has or by another."""

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Origin
from pixelfleet.domain.records import Image, RecipeRef
from pixelfleet.domain.transitions import Refusal


def reprocess(deployment: Deployment, image: Image, who: str, recipe: RecipeRef | None = None) -> Image | None:
    """Queue an image to be processed again; returns its record, or None if the image was deleted meanwhile.

    Raises:
        TransientError: DynamoDB or SQS does not answer; an image that is marked and not sent is sent by reconcile.
    """
    # The record is marked before the job is sent, so that a worker that gets the job reads the new recipe.
    marked = deployment.images.queue_again(image, who, Origin.REPROCESS, recipe)
    if isinstance(marked, Refusal):
        return None
    deployment.queues.send_one(marked.next_lane, marked.job(Origin.REPROCESS))
    return marked
