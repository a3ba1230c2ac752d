"""The rows of lists of batches: batches of uploads, and rollouts, which are rows of a kind of their own."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final

from pixelfleet.catalog.background import BackgroundTask, BackgroundTaskState, is_rollout_id
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Batch
from pixelfleet.domain.rollout import RolloutCounts, RolloutFacts
from pixelfleet.errors import SetupError
from pixelfleet.operations.monitoring import time_left_since
from pixelfleet.operations.time_left import NOTHING_LEFT, TimeLeft


class BatchKind(StrEnum):
    """The kind of a row: images that were uploaded together, or images that a rollout brings to a new recipe."""

    UPLOAD = "upload"
    ROLLOUT = "rollout"


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """A rollout in a list of batches, with the facts and the counts of its task."""

    task: BackgroundTask
    facts: RolloutFacts

    @property
    def id(self) -> str:
        return self.task.id

    @property
    def created_at(self) -> str:
        return self.task.started_at

    @property
    def completed_at(self) -> str | None:
        return self.task.updated_at if self.task.state is BackgroundTaskState.DONE else None

    @property
    def counts(self) -> RolloutCounts:
        return self.task.rollout_counts

    @property
    def scope(self) -> str:
        """The images of the rollout, in words."""
        owner, batch = self.facts.owner, self.facts.batch
        if owner is None:
            return "all images"
        return f"batch {owner}/{batch}" if batch is not None else f"images of {owner}"

    @property
    def left(self) -> int:
        """Images without an outcome. Images may leave the scope meanwhile, so a rollout that is done has none left."""
        if self.task.state is BackgroundTaskState.DONE:
            return 0
        return max(self.facts.images - self.counts.accounted, 0)

    @property
    def percentage(self) -> int:
        return min(100 * self.counts.accounted // max(self.facts.images, 1), 100)

    @property
    def state(self) -> str:
        """The state in a word; while the rollout runs, the percentage of images that are accounted for."""
        match self.task.state:
            case BackgroundTaskState.RUNNING:
                return f"{self.percentage} %"
            case BackgroundTaskState.DONE:
                return "complete"
        return self.task.state.value


#: A row of a list of batches.
BatchRow = Batch | RolloutRow
PAGE: Final = 50


def batch_rows(deployment: Deployment, owner: str | None, before: str = "") -> Iterator[BatchRow]:
    """Batches and rollouts, newest first; of an owner: the batches, and the rollouts of this owner's images alone.

    `before` is a timestamp: only what was begun before is listed.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    batches = deployment.batches.all(before) if owner is None else deployment.batches.of_owner(owner, before)
    return heapq.merge(batches, _rollouts(deployment, owner, before), key=lambda row: row.created_at, reverse=True)


def batch_rows_page(deployment: Deployment, owner: str | None, before: str) -> tuple[list[BatchRow], str | None]:
    """`PAGE` rows, and the timestamp before which the next page begins; None at the end of the list.

    A page is longer if more rows have the timestamp of its last row: the next page would leave them out.
    """
    rows = batch_rows(deployment, owner, before)
    page = list(islice(rows, PAGE))
    if len(page) < PAGE:
        return page, None
    for row in rows:
        if row.created_at != page[-1].created_at:
            return page, page[-1].created_at
        page.append(row)
    return page, None


def _rollouts(deployment: Deployment, owner: str | None, before: str) -> Iterator[BatchRow]:
    for task in deployment.background_tasks.rollouts(before):
        if task.rollout is not None and owner in (None, task.rollout.owner):
            yield RolloutRow(task, task.rollout)


def rollout_row(deployment: Deployment, rollout_id: str) -> RolloutRow:
    """
    Raises:
        SetupError: there is no such rollout.
        TransientError: DynamoDB does not answer.
    """
    task = deployment.background_tasks.get(rollout_id) if is_rollout_id(rollout_id) else None
    if task is None or task.rollout is None:
        raise SetupError(f"there is no rollout {rollout_id}; `pixelfleet batch list` shows rollouts beside batches")
    return RolloutRow(task, task.rollout)


def rollout_time_left(deployment: Deployment, row: RolloutRow) -> TimeLeft:
    """The time until a running rollout has all its outcomes, at the fleet's rate since the rollout was begun.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    if row.task.state is BackgroundTaskState.DONE:
        return NOTHING_LEFT
    if row.task.state is not BackgroundTaskState.RUNNING:
        return TimeLeft()
    return time_left_since(deployment, row.created_at, row.left)
