"""Removing images: originals are deleted; the bucket's events let the workers remove the results.

A bucket that existed before the deployment is only read: an image of such a bucket is released. Its record and its
results are removed, and the original stays, unless a setting says otherwise.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from pixelfleet.aws.originals import DELETED_AT_ONCE, NotRemoved, Original
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.sequencers import next_sequencer
from pixelfleet.operations.noted import noted

#: The statuses of images that have an original.
PRESENT: Final = tuple(status for status in Status if status is not Status.DELETED)


@dataclass(slots=True)
class Removal:
    """The number of removed originals, and the originals that S3 refused to remove.

    `released` counts images that were removed while their originals stay.
    """

    removed: int = 0
    refused: list[NotRemoved] = field(default_factory=list)
    released: int = 0


def keeps_original(deployment: Deployment, image: Image) -> bool:
    """Whether the original of an image stays when the image is removed."""
    settings = deployment.settings
    return image.bucket != settings.uploads_bucket and not settings.delete_adopted_originals


def remove_originals(
    deployment: Deployment,
    images: Iterable[Image],
    who: str,
    on: str,
    progress: Callable[[int], None] = lambda _: None,
) -> Removal:
    """Remove many images and note the removal; `progress` gets the number of removed images.

    A file that is uploaded under the name of an image meanwhile stays, and is one of the refused originals. If an image
    was deleted before, nothing is done. If an image has no original any more, a job removes the image: S3 may never
    have sent the event of the original's end.

    Raises:
        TransientError: S3, DynamoDB or SQS does not answer; removing may be repeated.
    """
    result = Removal()
    waiting = iter(images)
    with noted(deployment, who, "rm", on) as details:
        details |= {"removed": 0, "refused": 0}
        while taken := list(islice(waiting, DELETED_AT_ONCE)):
            some = [image for image in taken if image.status in PRESENT]
            for image in filter(lambda image: keeps_original(deployment, image), some):
                _release(deployment, image, who)
                result.released += 1
            _remove_some(deployment, [image for image in some if not keeps_original(deployment, image)], result)
            details.update(removed=result.removed, refused=len(result.refused))
            if result.released:
                details["released"] = result.released
            progress(result.removed + result.released)
    return result


def _remove_some(deployment: Deployment, images: Sequence[Image], result: Removal) -> None:
    for bucket in sorted({image.bucket for image in images}):
        of_bucket = {image.key: image for image in images if image.bucket == bucket}
        for removed in deployment.originals.remove(bucket, (Original(i.key, i.etag) for i in of_bucket.values())):
            result.removed += removed.number
            result.refused += removed.refused
            # A lost job is sent again by reconcile.
            deployment.queues.send(Lane.BULK, (_removal(of_bucket[key]) for key in removed.missing))


def delete_image(deployment: Deployment, image: Image, who: str) -> bool:
    """Delete an original, and mark its record `deleted` at once. After the bucket's event a worker deletes the results.

    False if the key has other bytes than the record: an upload of the same name stays, also if no worker has begun with
    that upload.

    The removal is ordered just after the version that was read: for a repeated job of that version the image
    is deleted, and a newer version is not. If the original stays, a worker deletes the results by a job.

    Raises:
        TransientError: S3, DynamoDB or SQS does not answer.
    """
    if keeps_original(deployment, image):
        _release(deployment, image, who)
        return True
    if not deployment.objects.delete_original(image.bucket, image.key, image.etag):
        return False
    deployment.images.remove(_removal(image), who, image)
    return True


def _release(deployment: Deployment, image: Image, who: str) -> None:
    """Mark the record `deleted`, then send a job that deletes the results. A lost job is sent again by reconcile."""
    removal = _removal(image)
    deployment.images.remove(removal, who, image, released=True)
    deployment.queues.send_one(Lane.BULK, removal)


def _removal(image: Image) -> Job:
    return Job(JobKind.REMOVE, image.bucket, image.key, sequencer=next_sequencer(image.sequencer))
