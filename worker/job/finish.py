"""What follows a record: its notice, its batch's completion, its superseded revisions, its dead letter.

All of it is repeated when a message comes back: a worker that died after the record left a pending notice, a full
batch that nobody announced, or revisions that are still listed as superseded, and the next delivery finds them.
"""

from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, Lane
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.transitions import Refusal
from pixelfleet.errors import Cause
from pixelfleet.operations.completion import announce
from worker.job.revision import results_folder


class Finish:
    """Brings a settled image's loose ends to their end."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def settled(self, image: Image) -> Image:
        """After a record was written; returns it as it stands then."""
        image = self._announce(image)
        self._complete_batch(image)
        self._tag_original(image)
        return self._delete_superseded(image)

    def again(self, refusal: Refusal, job: Job, lane: Lane) -> None:
        """After a claim was refused: finish what the worker that settled the image did not come to."""
        image = self._deployment.images.get(job.image_id)
        if image is None or refusal is Refusal.SUPERSEDED:
            return
        if refusal is Refusal.EXHAUSTED:
            self.gave_up(image, job, lane)
        else:
            self.settled(image)

    def gave_up(self, image: Image, job: Job, lane: Lane) -> Image:
        """The attempts are used up and the record says so: leave the job on the lane's DLQ, then announce it."""
        self._deployment.queues.bury(lane, job, image.cause or Cause.CRASHED)
        return self.settled(image)

    def refused(self, attempted: Image, revision: str) -> None:
        """A record was refused: what the attempt stored is nobody's, unless the record names or awaits it."""
        image = self._deployment.images.get(attempted.image_id)
        if image is not None and revision in (image.revision, image.target):
            return
        self._deployment.objects.delete_results(results_folder(attempted, revision))

    def _announce(self, image: Image) -> Image:
        if image.notice is None:
            return image
        self._deployment.notices.image(image)
        struck = self._deployment.images.announced(image)
        return image if isinstance(struck, Refusal) else struck

    def _complete_batch(self, image: Image) -> None:
        if image.batch is None:
            return
        announce(self._deployment, self._deployment.batches.completed_by(image.owner, image.batch, image.image_id))

    def _tag_original(self, image: Image) -> None:
        if not self._deployment.settings.tag_originals or image.status is Status.DELETED:
            return
        source = ObjectVersion(image.bucket, image.key, image.version_id, image.etag, image.bytes or 0)
        tags = {"pixelfleet-status": image.status.value, "pixelfleet-processed-at": image.finished_at or ""}
        self._deployment.objects.tag_original(source, tags)

    def _delete_superseded(self, image: Image) -> Image:
        if not image.superseded:
            return image
        for revision in image.superseded:
            self._deployment.objects.delete_results(results_folder(image, revision))
        if image.status is Status.DELETED and self._deployment.cdn is not None:
            self._deployment.cdn.forget(image)
        struck = self._deployment.images.strike_off(image, image.superseded)
        return image if isinstance(struck, Refusal) else struck
