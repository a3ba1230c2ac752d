"""One job, as the flow reads: claim, fetch, probe, pixels, store, record, notify.

Every step may run twice. What an attempt stores lies under its revision, so that two attempts at one revision write
the same bytes to the same keys, and the record that names them is written on a condition.
"""

import os
import socket
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from celery.exceptions import SoftTimeLimitExceeded

from pixelfleet.aws.objects import ObjectGoneError, ObjectVersion, Stored
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.records import Image, Status, Variant, timestamp
from pixelfleet.domain.transitions import Aim, Failure, Refusal, Success
from pixelfleet.errors import Cause, LeaseLostError, PermanentError, WrongLaneError
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import RenderedVariant, Rendition, render
from pixelfleet.images.probe import Probe, probe
from pixelfleet.operations.recipe_choice import RecipeChoice
from pixelfleet.recipes import Recipe
from worker.job.failures import failure_of, is_passing, out_of_time
from worker.job.finish import Finish
from worker.job.revision import results_folder, revision_of
from worker.job.scratch import attempt_folder
from worker.job.stopwatch import Stopwatch
from worker.job.time_limit import TimeLimit


class Hold(Protocol):
    """What processing wants of the lease on its message."""

    @property
    def receives(self) -> int:
        """How often the message has been received, this time included."""

    def check(self) -> None:
        """Raises LeaseLostError when another worker may hold the message by now."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One claimed try at an image: its aim, the record as claimed, and what has been found out so far."""

    aim: Aim
    image: Image
    lane: Lane
    facts: dict[str, object] = field(default_factory=dict)
    watch: Stopwatch = field(default_factory=Stopwatch)


class Processor:
    """Carries out jobs with the adapters of one process."""

    def __init__(self, deployment: Deployment, limit: TimeLimit | None = None) -> None:
        self._deployment = deployment
        self._limit = limit or TimeLimit()
        self._recipes = RecipeChoice(deployment)
        self._finish = Finish(deployment)
        self.worker = f"{socket.gethostname()}:{os.getpid()}"

    def carry_out(self, job: Job, lane: Lane, hold: Hold) -> Image | None:
        """Bring one job to its end; returns the image's record as this job left it, if it wrote one.

        Returning acknowledges the message.

        Raises:
            TransientError, MemoryError and others: the attempt failed in passing and its message should come back.
        """
        if job.kind is JobKind.REMOVE:
            current = self._deployment.objects.head(job.bucket, job.key)
            if current is None:
                return self._remove(job)
            # A delete of an old version, or one that an upload has overtaken: what the key holds now is what counts.
            job = replace(
                job,
                kind=JobKind.PROCESS,
                version_id=current.version_id,
                etag=current.etag,
                bytes=current.bytes,
            )
        attempt = self._begin(job, lane, hold) or self._claim(job, lane)
        return self._try(attempt, hold) if attempt is not None else None

    def _begin(self, job: Job, lane: Lane, hold: Hold) -> Attempt | None:
        """Claim without a read what is most likely new: an upload's event, delivered for the first time."""
        if job.origin is not Origin.EVENT or hold.receives > 1:
            return None
        aim = self._aim(job, None, lane)
        begun = self._deployment.images.begin(aim, self._deployment.settings.max_attempts)
        return Attempt(aim, begun, lane) if begun is not None else None

    def _aim(self, job: Job, seen: Image | None, lane: Lane) -> Aim:
        recipe = self._recipes.of(seen, job.place)
        return Aim(job, recipe, revision_of(job, recipe), self.worker, timestamp(), lane)

    def _claim(self, job: Job, lane: Lane) -> Attempt | None:
        seen = self._deployment.images.get(job.image_id)
        aim = self._aim(job, seen, lane)
        claimed = self._deployment.images.claim(aim, self._deployment.settings.max_attempts, seen)
        if isinstance(claimed, Refusal):
            self._finish.again(claimed, job, lane)
            return None
        if claimed.status is Status.FAILED:
            self._finish.gave_up(claimed, job, lane)
            return None
        return Attempt(aim, claimed, lane)

    def _try(self, attempt: Attempt, hold: Hold) -> Image | None:
        try:
            outcome = self._make_in_time(attempt, hold)
        except PermanentError as error:
            facts = attempt.facts | {"timings_ms": attempt.watch.milliseconds}
            return self._failed(attempt, Failure(error.cause, error.message, facts))
        except WrongLaneError:
            self._pass_on(attempt)
            return None
        except SystemExit:
            # The worker is shutting down and ended this child: the attempt was not the image's.
            self._deployment.images.hand_back(attempt.aim)
            raise
        except ObjectGoneError:
            return self._gone(attempt)
        except Exception as error:
            if not is_passing(error):
                raise
            return self._failed_in_passing(attempt, failure_of(error), error)
        return self._record(attempt, outcome)

    def _make_in_time(self, attempt: Attempt, hold: Hold) -> Success:
        """Once the time limit has struck, that is the reason, whatever the work then ended with."""
        try:
            return self._make(attempt, hold)
        except LeaseLostError:
            # Another worker may hold the message: this attempt has no more say.
            raise
        except Exception as error:
            if self._limit.struck or isinstance(error, SoftTimeLimitExceeded):
                limit = self._deployment.settings.lanes[attempt.lane].time_limit
                raise out_of_time(attempt.watch.milliseconds, limit) from error
            raise

    def _make(self, attempt: Attempt, hold: Hold) -> Success:
        """Fetch, probe, pixels, store."""
        recipe = self._recipes.load(attempt.aim.recipe)
        watch = attempt.watch
        with attempt_folder(self._deployment.settings.scratch_dir) as folder:
            original, rendered = folder / "original", folder / "variants"
            rendered.mkdir()
            with watch.step("fetch"):
                self._fetch(attempt, original)
            with watch.step("probe"):
                header = self._probe(attempt, original, recipe)
            with watch.step("pixels"):
                rendition = render(original, header, recipe, rendered)
            attempt.facts.update(_rendition_facts(rendition))
            hold.check()
            with watch.step("store"):
                variants = tuple(self._store(attempt, variant) for variant in rendition.variants)
        return Success(variants, attempt.facts, watch.milliseconds)

    def _fetch(self, attempt: Attempt, path: Path) -> None:
        limits = self._deployment.settings.lanes
        wanted = _source(attempt.image)
        found, sha256 = self._deployment.objects.fetch(wanted, path, limits[attempt.lane].max_bytes)
        attempt.facts.update({"bytes": found.bytes, "sha256": sha256 or None})
        if found.bytes > limits[Lane.HEAVY].max_bytes:
            most = limits[Lane.HEAVY].max_bytes
            raise PermanentError(
                Cause.TOO_MANY_BYTES, f"the file has {found.bytes:,} bytes; this fleet takes up to {most:,}"
            )
        if found.bytes > limits[attempt.lane].max_bytes:
            raise WrongLaneError(f"{found.bytes:,} bytes are too many for {attempt.lane}")

    def _probe(self, attempt: Attempt, path: Path, recipe: Recipe) -> Probe:
        settings = self._deployment.settings
        most = settings.lanes[Lane.HEAVY]
        limits = Limits(most.max_bytes, most.max_pixels, settings.max_frames)
        header = probe(path, limits, with_gps=recipe.keep_gps, allow_svg=recipe.allow_svg)
        attempt.facts.update(_header_facts(header))
        # Of pages only one is decoded; of an animation every frame.
        pixels = header.width * header.height * (header.frames if header.animated else 1)
        if pixels > settings.lanes[attempt.lane].max_pixels:
            raise WrongLaneError(f"{pixels:,} pixels are too many for {attempt.lane}")
        return header

    def _store(self, attempt: Attempt, variant: RenderedVariant) -> Variant:
        folder = results_folder(attempt.image, attempt.aim.revision)
        told = Stored(variant.content_type, attempt.image.key, attempt.aim.recipe.name, attempt.aim.at)
        key = f"{folder}{variant.path.name}"
        if variant.tiles is not None:
            # Tiles before the entry file that leads to them: what can be opened is whole.
            self._deployment.objects.store_folder(variant.tiles, f"{folder}{variant.tiles.name}/", told)
        sha256 = self._deployment.objects.store(variant.path, key, told)
        return Variant(
            name=variant.name,
            key=key,
            format=variant.format,
            width=variant.width,
            height=variant.height,
            bytes=variant.bytes,
            content_type=variant.content_type,
            sha256=variant.manifest or sha256,
            files=variant.files,
        )

    def _record(self, attempt: Attempt, outcome: Success) -> Image | None:
        recorded = self._deployment.images.record_ready(attempt.aim, outcome, attempt.image)
        if isinstance(recorded, Refusal):
            self._finish.refused(attempt.image, attempt.aim.revision)
            return None
        return self._finish.settled(recorded)

    def _failed(self, attempt: Attempt, failure: Failure) -> Image | None:
        recorded = self._deployment.images.record_failed(attempt.aim, failure, attempt.image)
        if isinstance(recorded, Refusal):
            return None
        return self._finish.settled(recorded)

    def _failed_in_passing(self, attempt: Attempt, failure: Failure, error: Exception) -> Image | None:
        """Leave the message to come back, unless it was the last attempt or the heavy lane has more of what lacked."""
        if attempt.lane is Lane.BULK and failure.cause in (Cause.OUT_OF_MEMORY, Cause.TIME_LIMIT):
            self._deployment.images.note_transient(attempt.aim, failure, attempt.image)
            self._pass_on(attempt)
            return None
        if attempt.image.attempts < self._deployment.settings.max_attempts:
            self._deployment.images.note_transient(attempt.aim, failure, attempt.image)
            raise error
        recorded = self._deployment.images.record_failed(attempt.aim, failure, attempt.image)
        if isinstance(recorded, Refusal):
            return None
        return self._finish.gave_up(recorded, attempt.aim.job, attempt.lane)

    def _pass_on(self, attempt: Attempt) -> None:
        """To the heavy lane, then return the attempt: in this order a death in between costs a repeat, not the job."""
        self._deployment.queues.send_one(Lane.HEAVY, attempt.aim.job.asked_by(Origin.LANE))
        self._deployment.images.hand_back(attempt.aim)

    def _gone(self, attempt: Attempt) -> Image | None:
        """The version is not there any more: deleted with its key, or overtaken by one with an event of its own."""
        job = attempt.aim.job
        if self._deployment.objects.head(job.bucket, job.key) is not None:
            return None
        return self._remove(replace(job, kind=JobKind.REMOVE))

    def _remove(self, job: Job) -> Image | None:
        removed = self._deployment.images.remove(job, self.worker)
        if isinstance(removed, Refusal):
            self._finish.again(removed, job, Lane.BULK)
            return None
        return self._finish.settled(removed)


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
    }
