"""The steps after an outcome: aliases, dead letter, notice, the batch's completion, deletion of superseded results.

All steps are repeated when a message is delivered again: the worker may have died after it wrote the record. The record
then has a pending notice or superseded folders, or its batch is full and not announced, and the next delivery goes on.
"""

from collections.abc import Callable

from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Origin
from pixelfleet.domain.records import Image, RecipeRef, Status
from pixelfleet.domain.transitions import Refusal
from pixelfleet.errors import Cause
from pixelfleet.operations.aliases import Aliases
from pixelfleet.operations.completion import complete_after
from pixelfleet.recipes import Recipe
from worker.job.revision import results_folder

_SETTLED = frozenset({Status.READY, Status.FAILED})


class Finish:
    """Does the remaining steps for an image whose record has an outcome."""

    def __init__(
        self,
        deployment: Deployment,
        on_invalidation: Callable[[], None] = lambda: None,
        load: Callable[[RecipeRef], Recipe] | None = None,
    ) -> None:
        """`on_invalidation` is called after an image was noted for invalidation in the edge caches.

        `load` reads a recipe.
        """
        self._deployment = deployment
        self._on_invalidation = on_invalidation
        self._aliases = Aliases(deployment, load)

    def settled(self, image: Image) -> Image:
        """Do all remaining steps; returns the record after them. May be called when no step remains.

        Aliases come first: the notice names them, and a removed image has its aliases in the record until they are
        deleted.
        """
        image = self._aliases.sync(image)
        if image.notice is not None:
            image = self._announce(image)
        complete_after(self._deployment, image)
        self._tag_original(image)
        return self._delete_superseded(image)

    def again(self, image_id: str) -> None:
        """After a refused change: do the steps that the worker that settled the image may have left."""
        image = self._deployment.images.get(image_id)
        if image is not None:
            self.settled(image)

    def refused(self, attempted: Image, results: str) -> None:
        """After a refused record: delete the folder that the attempt wrote to, unless the record names the folder.

        A record never names a folder again that it has ceased to name, so the deletion is not urgent. The folder may
        have been public: an earlier delivery may have recorded these results, and the image was removed while this
        attempt stored them again. So a removed image is invalidated in the edge caches again, too.
        """
        image = self._deployment.images.get(attempted.image_id)
        if image is not None and results not in image.named_results:
            if image.status is not Status.DELETED:
                self._deployment.objects.delete_results(results_folder(attempted, results))
                self._deployment.images.forget_revisions(image, [results])
                image = self._deployment.images.get(attempted.image_id) or image
            if image.status is Status.DELETED:
                listed = self._deployment.images.supersede(image, results)
                image = image if isinstance(listed, Refusal) else listed
        if image is not None:
            self.settled(image)

    def _announce(self, image: Image) -> Image:
        """Bury before publishing, and publish before the notice is cleared: a notice that is cleared is done."""
        if image.status is Status.FAILED and (image.cause is None or not image.cause.blames_image):
            # The job is rebuilt from the record: the message in hand may be of another version of the object.
            self._deployment.queues.bury(image.next_lane, image.job(Origin.REDRIVE), image.cause or Cause.CRASHED)
        self._deployment.notices.image(image)
        updated = self._deployment.images.announced(image)
        return image if isinstance(updated, Refusal) else updated

    def _tag_original(self, image: Image) -> None:
        settings = self._deployment.settings
        # A bucket that existed before the deployment is only read.
        own = image.bucket == settings.uploads_bucket
        if not settings.tag_originals or not own or image.status not in _SETTLED:
            return
        source = ObjectVersion(image.bucket, image.key, image.version_id, image.etag, image.bytes or 0)
        tags = {"pixelfleet-status": image.status.value, "pixelfleet-processed-at": image.finished_at or ""}
        self._deployment.objects.tag_original(source, tags)

    def _delete_superseded(self, image: Image) -> Image:
        if not image.superseded:
            return image
        for results in image.superseded:
            self._deployment.objects.delete_results(results_folder(image, results))
        if image.status is Status.DELETED and self._deployment.cdn is not None:
            # The invalidation is noted here and sent by another thread: an error of CloudFront must not fail a job.
            self._deployment.invalidations.add(image)
            self._on_invalidation()
        updated = self._deployment.images.forget_revisions(image, image.superseded)
        return image if isinstance(updated, Refusal) else updated
