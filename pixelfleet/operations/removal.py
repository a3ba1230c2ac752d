"""Removing images: originals are deleted; the bucket's events let the workers remove the results."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from pixelfleet.aws.originals import DELETED_AT_ONCE, NotRemoved
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind
from pixelfleet.domain.records import Image, Status, next_sequencer
from pixelfleet.operations.noted import noted

#: The statuses of images that have an original.
PRESENT: Final = tuple(status for status in Status if status is not Status.DELETED)


@dataclass(slots=True)
class Removal:
    """The number of removed originals, and the originals that S3 refused to remove."""

    removed: int = 0
    refused: list[NotRemoved] = field(default_factory=list)


def remove_originals(
    deployment: Deployment,
    images: Iterable[Image],
    who: str,
    on: str,
    progress: Callable[[int], None] = lambda _: None,
) -> Removal:
    """Remove the originals of many images, and note the removal; `progress` gets the number of removed originals.

    Raises:
        TransientError: S3 does not answer; removing may be repeated.
    """
    result = Removal()
    waiting = iter(images)
    with noted(deployment, who, "rm", on) as details:
        details |= {"removed": 0, "refused": 0}
        while some := list(islice(waiting, DELETED_AT_ONCE)):
            for bucket in sorted({image.bucket for image in some}):
                keys = (image.key for image in some if image.bucket == bucket)
                for removed, refused in deployment.originals.remove(bucket, keys):
                    result.removed += removed
                    result.refused += refused
            details |= {"removed": result.removed, "refused": len(result.refused)}
            progress(result.removed)
    return result


def delete_image(deployment: Deployment, image: Image, who: str) -> None:
    """Delete one original, and mark its record `deleted` at once; the bucket's event has a worker delete the results.

    The removal is ordered just after the version that was read: a repeated job of that version finds the image
    deleted, and an upload of the same name that came in between stays.

    Raises:
        TransientError: S3 or DynamoDB does not answer.
    """
    deployment.objects.delete_original(image.bucket, image.key)
    removal = Job(JobKind.REMOVE, image.bucket, image.key, sequencer=next_sequencer(image.sequencer))
    deployment.images.remove(removal, who, image)
