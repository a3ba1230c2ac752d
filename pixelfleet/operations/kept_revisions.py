"""Making an earlier revision of an image current again, without rendering."""

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Origin
from pixelfleet.domain.records import Image
from pixelfleet.domain.transitions import Refusal
from pixelfleet.errors import SetupError
from pixelfleet.operations.alias_plan import has_aliases


def make_current(deployment: Deployment, image: Image, results: str, who: str) -> Image:
    """Make the results of this folder current. The present results are kept in their place.

    Raises:
        SetupError: the results are not kept, or the image is being processed; nothing is changed.
        TransientError: DynamoDB or SNS does not answer; a notice that is not published is published by reconcile.
    """
    after = deployment.images.make_current(image, results, who)
    match after:
        case Refusal.DONE:
            return image
        case Refusal.UNFINISHED:
            raise SetupError(
                f"{image.path} is being processed, or its last outcome is still being announced: try again after that"
            )
        case Refusal():
            raise SetupError(
                f"the revision {results[:60]!r} of {image.path} is not kept, or its days (PIXELFLEET_KEEP_REVISIONS) "
                "are over: process the image again by the older recipe"
            )
    return announce_current(deployment, after)


def announce_current(deployment: Deployment, image: Image) -> Image:
    """Publish the notice of an image whose earlier revision was just made current; returns its record.

    A worker publishes the notice of an image with aliases, after it has copied the results to the aliases.

    Raises:
        TransientError: SNS, SQS or DynamoDB does not answer; reconcile publishes the notice.
    """
    if has_aliases(deployment, image):
        deployment.queues.send_one(image.next_lane, image.job(Origin.ALIASES))
        return image
    deployment.notices.image(image)
    announced = deployment.images.announced(image)
    return image if isinstance(announced, Refusal) else announced
