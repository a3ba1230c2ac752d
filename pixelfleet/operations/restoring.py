"""Undoes the removal of an image: the uploads bucket keeps the versions of removed objects."""

from pixelfleet.aws.copies import KeyTakenError
from pixelfleet.aws.objects import ObjectGoneError
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image, Status
from pixelfleet.operations.known_images import may_be_own_copy


def may_be_restored(deployment: Deployment, image: Image) -> bool:
    """Whether the image is removed and its bucket may still have its bytes. Makes no call to S3."""
    own = image.bucket == deployment.settings.uploads_bucket
    return image.status is Status.DELETED and own and image.version_id is not None


def restore_image(deployment: Deployment, image: Image) -> bool:
    """Make the removed version current again. After the bucket's event, a worker processes the image again.

    False if this is not possible: the image is not removed, its version is gone or archived, or its key has another
    object by now. A file that is uploaded under the name of the image at that moment stays.

    Raises:
        TransientError: S3 does not answer.
    """
    if not may_be_restored(deployment, image) or deployment.objects.head(image.bucket, image.key) is not None:
        return False
    try:
        deployment.copies.copy_to_new_key(image.bucket, image.key, image.version_id, image.key)
    except ObjectGoneError:
        return False
    except KeyTakenError:
        return may_be_own_copy(deployment.objects.head(image.bucket, image.key), image)
    return True
