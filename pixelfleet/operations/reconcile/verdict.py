"""What is to be done about one object, from its line in a listing and its record alone. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Image, RecipeRef, Status, timestamp


class Verdict(StrEnum):
    """`known` and `young` are left alone; so is `failed`, which is for `redrive`. The others are queued."""

    KNOWN = "known"
    YOUNG = "young"
    FAILED = "failed"
    MISSING = "missing"
    CHANGED = "changed"
    STUCK = "stuck"
    OUTDATED = "outdated"


TO_QUEUE = frozenset({Verdict.MISSING, Verdict.CHANGED, Verdict.STUCK, Verdict.OUTDATED})


@dataclass(frozen=True, slots=True)
class Listed:
    """One object as a listing tells it; `version_id` where it does."""

    key: str
    etag: str
    bytes: int
    modified: datetime
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class Horizon:
    """Up to when things may still be on their way: `events` for objects without a job, `lanes` for jobs in work."""

    events: datetime
    lanes: Mapping[Lane, datetime]


def judge(found: Listed, image: Image | None, horizon: Horizon, wanted: RecipeRef | None) -> Verdict:
    """What an object is. `wanted` is the recipe that it should have been made by; None where any will do."""
    if image is None or image.status is Status.DELETED:
        return Verdict.YOUNG if found.modified > horizon.events else Verdict.MISSING
    if image.etag and image.etag != found.etag:
        return Verdict.YOUNG if found.modified > horizon.events else Verdict.CHANGED
    if image.status in (Status.PROCESSING, Status.QUEUED):
        return Verdict.YOUNG if last_touched(image) > timestamp(horizon.lanes[image.lane]) else Verdict.STUCK
    if image.status is Status.FAILED:
        return Verdict.FAILED
    if wanted is not None and (image.recipe is None or image.recipe.digest != wanted.digest):
        return Verdict.OUTDATED
    return Verdict.KNOWN


def last_touched(image: Image) -> str:
    """When anything was last noted of an image."""
    return image.attempt_log[-1].at if image.attempt_log else image.uploaded_at
