"""Makes and stores the variants of an original: fetch, pixels, store.

An attempt stores its variants under its revision, so that two attempts at one revision write the same bytes to the
same keys.
"""

from pathlib import Path

from pixelfleet.aws.errors import is_denied
from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Image
from pixelfleet.domain.scores import Score, check_scores
from pixelfleet.domain.transitions import Success
from pixelfleet.errors import Cause, PermanentError, RefusedError, WrongLaneError
from pixelfleet.images.pipeline import Rendition
from pixelfleet.images.probe import Probe
from pixelfleet.operations.result_storing import ResultStore
from pixelfleet.recipes import Recipe
from worker.job.attempt import Attempt, Hold, Surroundings
from worker.job.engine import bounds_of
from worker.job.scratch import attempt_folder


class VariantMaker:
    """Makes and stores the variants of one attempt after another."""

    def __init__(self, deployment: Deployment, surroundings: Surroundings) -> None:
        self._deployment = deployment
        self._surroundings = surroundings

    def make(self, attempt: Attempt, recipe: Recipe, hold: Hold, least: Score | None = None) -> Success:
        """Nothing is stored of an image with a variant that scores less than `least`.

        Raises:
            PermanentError, WrongLaneError, TransientError, ObjectGoneError, LeaseLostError and others: see
                `worker.job.error_actions`.
        """
        watch = attempt.watch
        with attempt_folder(self._deployment.settings.scratch_dir) as folder:
            original, rendered = folder / "original", folder / "variants"
            rendered.mkdir()
            with watch.step("fetch"):
                self._fetch(attempt, original)
            with watch.step("pixels"):
                rendition = self._render(attempt, original, recipe, rendered)
            attempt.facts.update(_rendition_facts(rendition))
            check_scores(rendition.variants, least)
            hold.check()
            with watch.step("store"):
                store = self._store(attempt)
                variants = tuple(store.store(variant) for variant in rendition.variants)
        return Success(variants, attempt.facts, watch.milliseconds)

    def _fetch(self, attempt: Attempt, path: Path) -> None:
        limits = self._deployment.settings.lanes
        source = _source(attempt.image)
        try:
            fetched, sha256 = self._deployment.objects.fetch(source, path, limits[attempt.lane].max_bytes)
        except RefusedError as error:
            if source.bucket == self._deployment.settings.uploads_bucket or not is_denied(error):
                raise
            advice = "add it to the Terraform variable source_buckets, and apply"
            message = f"the workers may not read {source.bucket}: {advice} ({error.message})"
            raise RefusedError(error.cause, message) from error
        attempt.facts.update({"bytes": fetched.bytes, "sha256": sha256 or None})
        most = limits[Lane.HEAVY].max_bytes
        if fetched.bytes > most:
            raise PermanentError(
                Cause.TOO_MANY_BYTES, f"the file has {fetched.bytes:,} bytes; this fleet takes up to {most:,}"
            )
        if fetched.bytes > limits[attempt.lane].max_bytes:
            raise WrongLaneError(f"{fetched.bytes:,} bytes are too many for {attempt.lane}")

    def _render(self, attempt: Attempt, original: Path, recipe: Recipe, folder: Path) -> Rendition:
        bounds = bounds_of(self._deployment.settings, attempt.lane)

        def note(header: Probe) -> None:
            attempt.facts.update(_header_facts(header))

        return self._surroundings.engine.make(original, recipe, bounds, folder, note)

    def _store(self, attempt: Attempt) -> ResultStore:
        aim = attempt.aim
        return ResultStore(self._deployment.objects, attempt.image, aim.revision, aim.recipe.name, aim.at)


def _source(image: Image) -> ObjectVersion:
    return ObjectVersion(image.bucket, image.key, image.version_id, image.etag, image.bytes or 0)


def _header_facts(header: Probe) -> dict[str, object]:
    return {
        "format": header.format,
        "width": header.width,
        "height": header.height,
        "frames": header.frames,
        "orientation": header.orientation,
        "colour_space": header.colour_space,
        "exif": dict(header.exif),
    }


def _rendition_facts(rendition: Rendition) -> dict[str, object]:
    return {
        "placeholder": rendition.placeholder,
        "dominant_colour": rendition.dominant_colour,
        "perceptual_hash": rendition.perceptual_hash,
        "faces": rendition.faces or (),
        "face_count": len(rendition.faces) if rendition.faces is not None else None,
    }
