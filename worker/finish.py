"""What follows a record: its notice, its batch's completion, its superseded revisions, its dead letter.

All of it is repeated when a message comes back: a worker that died after the record left a pending notice, a full
batch that nobody announced, or revisions that are still listed as superseded, and the next delivery finds them.
"""

from pixelfleet.bootstrap import Fleet
from pixelfleet.catalog.records import Image, Status
from pixelfleet.catalog.transitions import Refusal
from pixelfleet.completion import announce
from pixelfleet.errors import Cause
from pixelfleet.jobs import Job, Lane
from pixelfleet.objects import ObjectVersion
from worker.revision import results_folder


class Finish:
    """Brings a settled image's loose ends to their end."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def settled(self, image: Image) -> Image:
        """After a record was written; returns it as it stands then."""
        image = self._announce(image)
        self._complete_batch(image)
        self._tag_original(image)
        return self._delete_superseded(image)

    def again(self, refusal: Refusal, job: Job, lane: Lane) -> None:
        """After a claim was refused: finish what the worker that settled the image did not come to."""
        image = self._fleet.images.get(job.image_id)
        if image is None or refusal is Refusal.SUPERSEDED:
            return
        if refusal is Refusal.EXHAUSTED:
            self.gave_up(image, job, lane)
        else:
            self.settled(image)

    def gave_up(self, image: Image, job: Job, lane: Lane) -> Image:
        """The attempts are used up and the record says so: leave the job on the lane's DLQ, then announce it."""
        self._fleet.queues.bury(lane, job, image.cause or Cause.CRASHED)
        return self.settled(image)

    def refused(self, attempted: Image, revision: str) -> None:
        """A record was refused: what the attempt stored is nobody's, unless the record names or awaits it."""
        image = self._fleet.images.get(attempted.image_id)
        if image is not None and revision in (image.revision, image.target):
            return
        self._fleet.objects.delete_results(results_folder(attempted, revision))

    def _announce(self, image: Image) -> Image:
        if image.notice is None:
            return image
        self._fleet.notices.image(image)
        struck = self._fleet.images.announced(image)
        return image if isinstance(struck, Refusal) else struck

    def _complete_batch(self, image: Image) -> None:
        if image.batch is None:
            return
        announce(self._fleet, self._fleet.batches.completed_by(image.owner, image.batch, image.image_id))

    def _tag_original(self, image: Image) -> None:
        if not self._fleet.settings.tag_originals or image.status is Status.DELETED:
            return
        source = ObjectVersion(image.bucket, image.key, image.version_id, image.etag, image.bytes or 0)
        tags = {"pixelfleet-status": image.status.value, "pixelfleet-processed-at": image.finished_at or ""}
        self._fleet.objects.tag_original(source, tags)

    def _delete_superseded(self, image: Image) -> Image:
        if not image.superseded:
            return image
        for revision in image.superseded:
            self._fleet.objects.delete_results(results_folder(image, revision))
        if image.status is Status.DELETED and self._fleet.cdn is not None:
            self._fleet.cdn.forget(image)
        struck = self._fleet.images.strike_off(image, image.superseded)
        return image if isinstance(struck, Refusal) else struck
