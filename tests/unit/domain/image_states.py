"""Records of one image in each state, made with the transitions."""

from dataclasses import replace

from pixelfleet.domain import transitions
from pixelfleet.domain.jobs import Job, JobKind, Origin
from pixelfleet.domain.records import (
    Image,
    RecipeRef,
    StoredVariant,
)
from pixelfleet.domain.transitions import Aim, Failure, Success
from pixelfleet.errors import Cause

MAX_ATTEMPTS = 5
BEGUN, ENDED = "2026-11-20T12:00:00.000Z", "2026-11-20T12:00:07.700Z"
WEB = RecipeRef(name="web", digest="d1")
THUMB = StoredVariant(
    name="thumb", key="me/x/r/thumb.webp", format="webp", width=1, height=1, bytes=1, content_type="image/webp"
)
OUTCOME = Success(variants=(THUMB,), facts={"width": 10, "height": 20}, timings_ms={"fetch": 1})
BROKEN = Failure(Cause.UNREADABLE, "the file cannot be read")
CRASH = Failure(Cause.UNAVAILABLE, "S3 did not answer")


def job(sequencer: str | None = "05", version: str = "v1", origin: Origin = Origin.EVENT) -> Job:
    return Job(JobKind.PROCESS, "uploads", "uploads/me/b1/cat.jpg", version, "etag", sequencer, 100, origin)


def aim(
    sequencer: str | None = "05", version: str = "v1", origin: Origin = Origin.EVENT, recipe: RecipeRef = WEB
) -> Aim:
    return Aim(job(sequencer, version, origin), recipe, f"{version}-{recipe.digest}", "w1", BEGUN)


def claimed(image: Image | None = None, by: Aim | None = None) -> Image:
    after = transitions.claim(image, by or aim(), MAX_ATTEMPTS)
    assert isinstance(after, Image)
    return after


def ready(by: Aim | None = None, image: Image | None = None) -> Image:
    by = by or aim()
    after = transitions.record_ready(claimed(image, by), by, OUTCOME, ENDED)
    assert isinstance(after, Image)
    return after


def failed(failure: Failure = BROKEN, image: Image | None = None) -> Image:
    after = transitions.record_failed(claimed(image), aim(), failure, ENDED)
    assert isinstance(after, Image)
    return after


def announced(image: Image) -> Image:
    """The record after the worker has recorded the outcome and published its notice."""
    after = transitions.announce(image, image.notice_id)
    assert isinstance(after, Image)
    return after


def removed(image: Image | None, sequencer: str | None = "07") -> Image:
    after = transitions.remove(image, replace(job(sequencer), kind=JobKind.REMOVE), "2026-11-20T13:00:00.000Z", "w1")
    assert isinstance(after, Image)
    return after
