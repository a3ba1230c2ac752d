"""Moving images to another batch.

The batch of an image is a part of its key, so a moved image is a new image: its original is copied to the new key, and
a worker processes the copy by the recipe of the new batch. Tags are copied. The old image is deleted once the new
image is as good, so that at every moment there is one of them.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pixelfleet.aws.objects import ObjectGoneError
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import batch_prefix, image_id, short_key
from pixelfleet.domain.records import BatchState, Image, Status
from pixelfleet.domain.tags import Tags
from pixelfleet.operations import completion
from pixelfleet.operations.bulk import BulkResult, Progress
from pixelfleet.operations.noted import noted
from pixelfleet.operations.removal import delete_image

#: Images that are copied before the first of them must be processed.
AT_ONCE: Final = 50
#: Seconds between two reads of the copies.
LOOK_EVERY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """The longest wait for workers: `seconds` in which no copy gets its outcome."""

    seconds: float = 600.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class MoveOrder:
    """The user who moves images, and the target batch of their owners. `on` describes the images in the activity."""

    batch: str
    who: str
    on: str


def move_images(
    deployment: Deployment,
    images: Iterable[Image],
    order: MoveOrder,
    progress: Progress,
    patience: Patience = Patience(),
) -> BulkResult:
    """Move images, fifty at a time. The target batch is sealed at the end, unless it was open before.

    `gone` counts images that stay in place: they are in the batch already, their original is gone, archived or in a
    bucket that is not ours, or the batch has another file of that name. `left` counts images that are in both batches:
    no worker has processed the copy in time, or the copy failed. A repeated move continues with these images.

    Raises:
        TransientError: S3 or DynamoDB does not answer; moved images stay moved.
    """
    result = BulkResult()
    targets: dict[str, bool] = {}
    waiting = iter(images)
    with noted(deployment, order.who, "move", f"{order.on} to {order.batch}") as details:
        while not result.stopped and (some := list(islice(waiting, AT_ONCE))):
            copies = [(image, copy) for image in some if (copy := _copied(deployment, image, order.batch, targets))]
            result.gone += len(some) - len(copies)
            before = result.done
            for image, outcome in _settled(deployment, copies, patience):
                if _take_over(deployment, image, outcome, order.who):
                    result.done += 1
                result.stopped = not progress(result)
                if result.stopped:
                    break
            result.left += len(copies) - (result.done - before)
            details |= {"done": result.done, "gone": result.gone, "left": result.left}
        for owner, was_open in targets.items():
            if not was_open:
                completion.seal(deployment, owner, order.batch)
        if result.stopped:
            details["outcome"] = "stopped"
    return result


def _copied(deployment: Deployment, image: Image, batch: str, targets: dict[str, bool]) -> str | None:
    """The id of the image's copy in the batch, made if it does not exist; None if no copy is possible.

    `targets` gets the owner, with whether the batch was open before.
    """
    bucket = deployment.settings.uploads_bucket
    key = short_key(batch_prefix(image.owner, batch), image.path)
    if image.bucket != bucket or key == image.key or image.status is Status.DELETED:
        return None
    copy = image_id(bucket, key)
    if deployment.objects.head(bucket, key) is not None:
        made = deployment.images.get(copy)
        same = made is not None and made.sha256 is not None and made.sha256 == image.sha256
        return copy if same else None
    if image.owner not in targets:
        before = deployment.batches.get(image.owner, batch)
        targets[image.owner] = before is not None and before.state is BatchState.OPEN
        deployment.batches.create(image.owner, batch)
    try:
        deployment.copies.copy(bucket, image.key, image.version_id, key)
    except ObjectGoneError:
        return None
    return copy


def _settled(
    deployment: Deployment, copies: list[tuple[Image, str]], patience: Patience
) -> Iterator[tuple[Image, Image]]:
    """Each image with its copy, as the copies get their outcomes; ends when no copy has got an outcome for a while."""
    waiting = {copy: image for image, copy in copies}
    deadline = patience.clock() + patience.seconds
    while waiting and patience.clock() < deadline:
        for copy, record in deployment.images.get_many(waiting).items():
            if record.status in (Status.READY, Status.FAILED):
                deadline = patience.clock() + patience.seconds
                yield waiting.pop(copy), record
        if waiting:
            patience.sleep(LOOK_EVERY)


def _take_over(deployment: Deployment, image: Image, copy: Image, who: str) -> bool:
    """Give the copy the image's tags, and delete the image.

    False if the copy failed and the image did not, or if the image's key has another version by now.
    """
    present = deployment.objects.head(image.bucket, image.key)
    same = present is not None and (present.version_id, present.etag) == (image.version_id, image.etag)
    if not same or (copy.status is Status.FAILED and image.status is Status.READY):
        return False
    if image.tags:
        deployment.images.tag(copy, Tags(add=image.tags))
    delete_image(deployment, image, who)
    return True
