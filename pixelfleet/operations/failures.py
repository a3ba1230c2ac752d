"""Failed images, from the catalog: selected by cause, owner, batch and lane, and grouped for a summary.

This module writes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Final

from pixelfleet.catalog.images import Images
from pixelfleet.catalog.schema import IMAGE_INDEX_SHARDS
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import SYSTEM_CAUSES, Cause

EXAMPLES: Final = 3
#: A range key that begins with a cause and this character comes after all failures of the cause.
BEHIND: Final = "#~"
#: Failed records that a preview looks at.
PREVIEWED: Final = 1_000
#: Records between two reports of progress.
REPORT_EVERY: Final = 1_000


class GroupBy(StrEnum):
    CAUSE = "cause"
    BATCH = "batch"
    OWNER = "owner"
    FORMAT = "format"


@dataclass(frozen=True, slots=True)
class Selection:
    """A selection of failed images. Without a cause: failures of the system, unless `any_cause`."""

    lane: Lane | None = None
    cause: Cause | None = None
    batch: str | None = None
    owner: str | None = None
    image_id: str | None = None
    limit: int | None = None
    any_cause: bool = False

    @property
    def everything(self) -> bool:
        """Whether the selection has no filter, so that it also covers dead letters without a record."""
        return self.cause is None and self.batch is None and self.owner is None and self.image_id is None

    @property
    def lanes(self) -> list[Lane]:
        """The lanes that the selection covers."""
        return [lane for lane in Lane if self.lane in (None, lane)]

    @property
    def covers_uploads(self) -> bool:
        """Whether the selection covers events that the producer could not handle."""
        return self.everything and self.lane is None

    def takes(self, image: Image) -> bool:
        """Whether a record is selected."""
        return (
            image.status is Status.FAILED
            and self.lane in (None, image.lane)
            and self.batch in (None, image.batch)
            and self.owner in (None, image.owner)
            and self.image_id in (None, image.image_id)
            and self._takes_cause(image.cause)
        )

    def _takes_cause(self, cause: Cause | None) -> bool:
        if self.cause is not None:
            return cause is self.cause
        # A selection of one image selects the image whatever its cause.
        return self.any_cause or self.image_id is not None or cause in SYSTEM_CAUSES

    @property
    def causes(self) -> list[Cause | None]:
        """The parts of the failure index to read; None is the whole index, which may have causes of a newer release."""
        if self.cause is not None:
            return [self.cause]
        return [None] if self.any_cause else [cause for cause in Cause if cause in SYSTEM_CAUSES]

    def in_words(self, everything: str) -> str:
        """The selection as text, for messages and for the log of actions; `everything` is the text without filters."""
        filters = {
            "cause": self.cause,
            "owner": self.owner,
            "batch": self.batch,
            "lane": self.lane,
            "image": self.image_id,
            "at most": self.limit,
        }
        words = ", ".join(f"{name} {value}" for name, value in filters.items() if value is not None)
        return words or everything


@dataclass(slots=True)
class FailureGroup:
    """Failures that share a cause, batch, owner or format. `message` is the first one, of the first cause.

    `more` says that there are more failures than were counted.
    """

    name: str
    count: int = 0
    more: bool = False
    oldest: str = ""
    newest: str = ""
    message: str = ""
    causes: Counter[str] = field(default_factory=Counter)
    examples: list[Image] = field(default_factory=list)

    def add(self, image: Image) -> None:
        at = image.finished_at or ""
        self.count += 1
        self.causes[str(image.cause)] += 1
        self.oldest = min(filter(None, (self.oldest, at)), default="")
        self.newest = max(self.newest, at)
        self.message = self.message or image.message or ""
        if len(self.examples) < EXAMPLES:
            self.examples.append(image)


@dataclass(frozen=True, slots=True)
class FailureSummary:
    """Groups, the largest first. `complete` is false where the limit was reached. Dead letters by source queue."""

    groups: tuple[FailureGroup, ...]
    complete: bool
    dead_letters: dict[str, int]

    @property
    def failed(self) -> int:
        return sum(group.count for group in self.groups)


def summarise(
    deployment: Deployment,
    selection: Selection,
    by: GroupBy,
    progress: Callable[[int], None] = lambda _: None,
) -> FailureSummary:
    """Count failures by `by`; `progress` gets the number of records read.

    Raises:
        TransientError: DynamoDB or SQS does not answer.
    """
    groups: dict[str, FailureGroup] = {}
    number = 0
    for number, image in enumerate(select(deployment.images, selection), 1):
        name = _name(image, by)
        groups.setdefault(name, FailureGroup(name)).add(image)
        if number % REPORT_EVERY == 0:
            progress(number)
    ordered = sorted(groups.values(), key=lambda group: (-group.count, group.name))
    complete = selection.limit is None or number < selection.limit
    return FailureSummary(tuple(ordered), complete, dead_letters(deployment))


def count_by_cause(deployment: Deployment, most: int) -> FailureSummary:
    """Count the failures of each cause up to `most`, from the keys of the failure index.

    Records are read for the examples alone, so that the cost is bounded by the number of causes.

    Raises:
        TransientError: DynamoDB or SQS does not answer.
    """
    groups, shown = _counted(deployment.images, most)
    records = deployment.images.get_many(image_id for ids in shown.values() for image_id in ids)
    for group in groups:
        group.examples = [records[image_id] for image_id in shown[group.name] if image_id in records]
        group.message = next((image.message for image in group.examples if image.message), "")
    ordered = sorted(groups, key=lambda group: (-group.count, group.name))
    complete = not any(group.more for group in groups)
    return FailureSummary(tuple(ordered), complete, dead_letters(deployment))


def _counted(images: Images, most: int) -> tuple[list[FailureGroup], dict[str, list[str]]]:
    """The groups without their examples, and the ids of each group's examples."""
    groups: dict[str, FailureGroup] = {}
    shown: dict[str, list[str]] = {}
    after: str | None = ""
    while after is not None:
        entries, after = images.failed(after=after, page_size=2 * most // IMAGE_INDEX_SHARDS + 1), None
        for entry in entries:
            cause, at, image_id = entry.sort.split("#", 2)
            group = groups.setdefault(cause, FailureGroup(cause, oldest=at))
            if group.count == most:
                group.more, after = True, f"{cause}{BEHIND}"
                break
            group.count += 1
            group.newest = at
            if group.count <= EXAMPLES:
                shown.setdefault(cause, []).append(image_id)
    for group in groups.values():
        if group.more:
            group.newest = images.last_failed(group.name)
    return list(groups.values()), shown


@dataclass(slots=True)
class Preview:
    """What a selection takes. `complete` is false where more failures than `PREVIEWED` would have to be looked at."""

    count: int = 0
    complete: bool = True
    by_cause: Counter[str] = field(default_factory=Counter)
    by_owner: Counter[str] = field(default_factory=Counter)
    examples: list[Image] = field(default_factory=list)


def preview(images: Images, selection: Selection, most: int = PREVIEWED) -> Preview:
    """What `select` would return, as far as the first `most` failures tell.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    result = Preview()
    for number, image in enumerate(_candidates(images, selection)):
        if number == most:
            result.complete = False
            break
        if not selection.takes(image):
            continue
        if result.count == selection.limit:
            break
        result.count += 1
        result.by_cause[str(image.cause)] += 1
        result.by_owner[image.owner] += 1
        if len(result.examples) < EXAMPLES:
            result.examples.append(image)
    return result


def select(images: Images, selection: Selection) -> Iterator[Image]:
    """The selected failed records, each once, a page in memory at a time (and about 100 bytes for each image id).

    A record that fails again during the reading moves to a later place of the index. The record is not returned again,
    so that a redrive sends no job twice.
    """
    seen: set[bytes] = set()
    selected = (image for image in _candidates(images, selection) if selection.takes(image) and _is_new(image, seen))
    return islice(selected, selection.limit)


def dead_letters(deployment: Deployment) -> dict[str, int]:
    """The number of messages in each DLQ, by the name of its source; SQS estimates the numbers."""
    settings = deployment.settings
    urls = {"uploads": settings.uploads_dlq_url} | {lane.value: settings.dlq_url(lane) for lane in Lane}
    depths = {name: deployment.queues.depth(url) for name, url in urls.items()}
    return {name: depth.waiting + depth.in_flight for name, depth in depths.items()}


def _is_new(image: Image, seen: set[bytes]) -> bool:
    digest = image.image_id.encode()
    if digest in seen:
        return False
    seen.add(digest)
    return True


def _candidates(images: Images, selection: Selection) -> Iterator[Image]:
    if selection.image_id is not None:
        image = images.get(selection.image_id)
        yield from [image] if image else []
        return
    if selection.owner is not None and selection.batch is not None:
        # The failures of one batch have an index of their own, however many others there are.
        entries = images.of_batch(selection.owner, selection.batch, Status.FAILED)
        yield from (image for _, image in images.records(entries))
        return
    for cause in selection.causes:
        yield from (image for _, image in images.records(images.failed(cause)))


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
