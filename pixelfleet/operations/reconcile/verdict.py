"""The state of one object, from its line in a listing and its record, and so whether it is queued. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pixelfleet.aws.listing import ListedObject
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Image, RecipeRef, Status, timestamp


class Verdict(StrEnum):
    """`known` and `young` objects stay as they are; `failed` objects are left to `redrive`. Others are queued."""

    KNOWN = "known"
    YOUNG = "young"
    FAILED = "failed"
    MISSING = "missing"
    CHANGED = "changed"
    STUCK = "stuck"
    OUTDATED = "outdated"


TO_QUEUE = frozenset({Verdict.MISSING, Verdict.CHANGED, Verdict.STUCK, Verdict.OUTDATED})


@dataclass(frozen=True, slots=True)
class Horizon:
    """Work that began later may still be under way: `events` for objects without a job, `lanes` for jobs of a lane."""

    events: datetime
    lanes: Mapping[Lane, datetime]


def verdict_on(listed: ListedObject, image: Image | None, horizon: Horizon, required: RecipeRef | None) -> Verdict:
    """The state of an object. `required` is the recipe that the image should be made by; None means any recipe."""
    if image is not None and image.released and image.etag == listed.etag:
        # Only the image was removed, and its original stays.
        return Verdict.KNOWN
    gone = image is None or image.status is Status.DELETED
    if image is None or gone or (image.etag and image.etag != listed.etag):
        if listed.modified > horizon.events:
            return Verdict.YOUNG
        return Verdict.MISSING if gone else Verdict.CHANGED
    return _verdict_on_record(image, horizon, required)


def _verdict_on_record(image: Image, horizon: Horizon, required: RecipeRef | None) -> Verdict:
    """The state of an object whose record is of its present version."""
    if image.status in (Status.PROCESSING, Status.QUEUED):
        return Verdict.YOUNG if last_touched(image) > timestamp(horizon.lanes[image.next_lane]) else Verdict.STUCK
    if image.status is Status.FAILED:
        return Verdict.FAILED
    return Verdict.OUTDATED if required is not None and is_outdated(image, required) else Verdict.KNOWN


def is_outdated(image: Image, required: RecipeRef) -> bool:
    """Whether an image was made by another recipe than it would get now."""
    return image.recipe is None or image.recipe.digest != required.digest


def last_touched(image: Image) -> str:
    """The time of the last line in an image's history."""
    return image.attempt_log[-1].at if image.attempt_log else image.uploaded_at
