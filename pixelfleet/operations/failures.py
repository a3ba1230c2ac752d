"""What failed, from the catalog: selected by what people ask for, grouped by what tells them why. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from pixelfleet.aws.queues import Depth
from pixelfleet.catalog.images import Images
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import SYSTEM_CAUSES, Cause

#: Records read at a time: one BatchGetItem.
PAGE = 100
EXAMPLES = 3


class GroupBy(StrEnum):
    CAUSE = "cause"
    BATCH = "batch"
    OWNER = "owner"
    FORMAT = "format"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which failed images. Without a cause: those that the system failed, unless `any_cause`."""

    lane: Lane | None = None
    cause: Cause | None = None
    batch: str | None = None
    owner: str | None = None
    image_id: str | None = None
    limit: int | None = None
    any_cause: bool = False
    #: Only what failed before this timestamp: a redrive must not meet again what it sent and what failed anew.
    before: str | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing narrows it down to certain images, so that what no record explains is meant too."""
        return self.cause is None and self.batch is None and self.owner is None and self.image_id is None

    def takes(self, image: Image) -> bool:
        """Whether a record is among those meant."""
        return (
            image.status is Status.FAILED
            and self.lane in (None, image.lane)
            and self.batch in (None, image.batch)
            and self.owner in (None, image.owner)
            and self.image_id in (None, image.image_id)
            and (self.before is None or (image.finished_at or "") < self.before)
            and self._takes_cause(image.cause)
        )

    def _takes_cause(self, cause: Cause | None) -> bool:
        if self.cause is not None:
            return cause is self.cause
        # Who names one image means that image, whatever it failed of.
        return self.any_cause or self.image_id is not None or cause in SYSTEM_CAUSES

    @property
    def causes(self) -> list[Cause]:
        """The parts of the failure index to read."""
        if self.cause is not None:
            return [self.cause]
        return [cause for cause in Cause if self.any_cause or cause in SYSTEM_CAUSES]


@dataclass(slots=True)
class Group:
    """Failures that share a cause, batch, owner or format; `message` and examples are of the first that were read."""

    name: str
    count: int = 0
    oldest: str = ""
    newest: str = ""
    message: str = ""
    examples: list[str] = field(default_factory=list)

    def add(self, image: Image) -> None:
        at = image.finished_at or ""
        self.count += 1
        self.oldest = min(filter(None, (self.oldest, at)), default="")
        self.newest = max(self.newest, at)
        self.message = self.message or image.message or ""
        if len(self.examples) < EXAMPLES:
            self.examples.append(image.key)


def select(images: Images, selection: Selection) -> Iterator[Image]:
    """Failed records that are meant, a page in memory at a time."""
    found = (image for image in _candidates(images, selection) if selection.takes(image))
    return islice(found, selection.limit)


def grouped(images: Iterator[Image], by: GroupBy) -> dict[str, Group]:
    """Count failures by `by`, with the first few keys and the first message of each group."""
    groups: dict[str, Group] = {}
    for image in images:
        name = _name(image, by)
        groups.setdefault(name, Group(name)).add(image)
    return groups


def dead_letters(deployment: Deployment) -> dict[str, Depth]:
    """How many messages lie in each DLQ, by the name of its source."""
    settings = deployment.settings
    urls = {"uploads": settings.uploads_dlq_url} | {lane.value: settings.dlq_url(lane) for lane in Lane}
    return {name: deployment.queues.depth(url) for name, url in urls.items()}


def _candidates(images: Images, selection: Selection) -> Iterator[Image]:
    if selection.image_id is not None:
        image = images.get(selection.image_id)
        yield from [image] if image else []
        return
    for cause in selection.causes:
        entries = images.failed(cause)
        while page := list(islice(entries, PAGE)):
            records = images.get_many(entry.image_id for entry in page)
            yield from (records[entry.image_id] for entry in page if entry.image_id in records)


def _name(image: Image, by: GroupBy) -> str:
    match by:
        case GroupBy.CAUSE:
            return str(image.cause)
        case GroupBy.BATCH:
            return f"{image.owner}/{image.batch or '-'}"
        case GroupBy.OWNER:
            return image.owner
        case GroupBy.FORMAT:
            return image.format or "unknown"
