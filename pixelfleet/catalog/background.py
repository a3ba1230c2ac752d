"""Background tasks of the dashboard, and rollouts of the command line. Every process of the service can show them.

Stream `background_tasks` of the activity table, in order of their beginning; kept 30 days. Rollouts have the stream
`rollouts` and are kept 400 days: lists of batches show them beside batches. A request to stop a rollout is an item of
the stream `stop_requests`, because the rollout itself writes its task as a whole.
"""

import heapq
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BeforeValidator, Field

from pixelfleet.aws.errors import translated
from pixelfleet.catalog.dynamo import answers, from_attributes, to_attributes, write
from pixelfleet.domain.records import WholeRecord, as_member, timestamp
from pixelfleet.domain.rollout import RolloutCounts, RolloutFacts, counts_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: A running task that has not been updated for this many seconds counts as interrupted.
SILENT: Final = 60
_KEPT: Final = timedelta(days=30)
_ROLLOUT_KEPT: Final = timedelta(days=400)
_STREAM: Final = "background_tasks"
_ROLLOUTS: Final = "rollouts"
_STOP_REQUESTS: Final = "stop_requests"
_ROLLOUT_ID: Final = re.compile(r"rollout-[0-9]{8}T[0-9]{9}Z-[0-9a-f]{8}")
#: Rollouts of one query: about a page of a list.
_LISTED_AT_ONCE: Final = 50
#: Attributes of the item that are computed at each write.
_KEYS: Final = frozenset({"stream", "at", "expires_at"})


class BackgroundTaskState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    #: A user stopped the task, or a canary failed again: nothing more was done.
    STOPPED = "stopped"
    FAILED = "failed"
    #: The process that worked on the task ended. The task may be started again: finished parts stay finished.
    INTERRUPTED = "interrupted"


_OpenState = Annotated[BackgroundTaskState, BeforeValidator(lambda value: as_member(BackgroundTaskState, value))]


class BackgroundTask(WholeRecord):
    """`kind` is `redrive`, `rollout` or another action; `on` describes the selection; `counts` are numbers so far.

    `rollout` are the facts of a rollout, `run` the number of its present run. Both are for rollouts alone.
    """

    id: str
    kind: str
    who: str
    on: str = ""
    state: _OpenState = BackgroundTaskState.RUNNING
    message: str = ""
    counts: dict[str, int] = Field(default_factory=dict)
    started_at: str
    updated_at: str
    rollout: RolloutFacts | None = None
    run: int = 0

    @property
    def rollout_counts(self) -> RolloutCounts:
        return counts_of(self.counts)

    @property
    def settled(self) -> bool:
        return self.state is not BackgroundTaskState.RUNNING


class BackgroundTasks:
    """Every method raises TransientError when DynamoDB does not answer."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def begin(self, kind: str, who: str, on: str, rollout: RolloutFacts | None = None) -> BackgroundTask:
        now = datetime.now(UTC)
        at = timestamp(now)
        prefix = f"{now:%Y%m%dT%H%M%SZ}" if rollout is None else _rollout_prefix(at)
        task_id = f"{prefix}-{secrets.token_hex(4)}"
        task = BackgroundTask(id=task_id, kind=kind, who=who, on=on, started_at=at, updated_at=at, rollout=rollout)
        self.save(task)
        return task

    def save(self, task: BackgroundTask) -> None:
        kept = _ROLLOUT_KEPT if is_rollout_id(task.id) else _KEPT
        expires = int((datetime.now(UTC) + kept).timestamp())
        fields = task.model_dump(mode="json", exclude_none=True)
        item = fields | {"stream": _stream(task.id), "at": task.id, "expires_at": expires}
        with translated("keep a background task"):
            write(self._client.put_item, TableName=self._table, Item=to_attributes(item))

    def get(self, task_id: str) -> BackgroundTask | None:
        key: Any = to_attributes({"stream": _stream(task_id), "at": task_id})
        with translated("read a background task"):
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _task_of(from_attributes(answer["Item"])) if "Item" in answer else None

    def recent(self, most: int) -> list[BackgroundTask]:
        """The latest tasks, newest first."""
        streams = (self._listed(_STREAM, most), self._listed(_ROLLOUTS, most))
        return list(islice(heapq.merge(*streams, key=lambda task: task.started_at, reverse=True), most))

    def rollouts(self, before: str = "") -> Iterator[BackgroundTask]:
        """Every rollout, newest first; those begun before a timestamp, if one is given."""
        return self._listed(_ROLLOUTS, _LISTED_AT_ONCE, _rollout_prefix(before) if before else "")

    def _listed(self, stream: str, at_once: int, before: str = "") -> Iterator[BackgroundTask]:
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "#stream = :stream",
            "ExpressionAttributeNames": {"#stream": "stream"},
            "ExpressionAttributeValues": {":stream": {"S": stream}},
            "ScanIndexForward": False,
            "Limit": at_once,
        }
        if before:
            query["KeyConditionExpression"] += " AND #at < :before"
            query["ExpressionAttributeNames"]["#at"] = "at"
            query["ExpressionAttributeValues"][":before"] = {"S": before}
        for answer in answers(self._client.query, "list background tasks", query):
            yield from (_task_of(from_attributes(item)) for item in answer["Items"])

    def ask_to_stop(self, task: BackgroundTask, who: str) -> None:
        """Ask the present run of a rollout, in whatever process it is, to stop. A later run is not concerned."""
        now = datetime.now(UTC)
        item = {"stream": _STOP_REQUESTS, "at": task.id, "run": task.run, "who": who}
        item |= {"expires_at": int((now + _KEPT).timestamp())}
        with translated("ask a rollout to stop"):
            write(self._client.put_item, TableName=self._table, Item=to_attributes(item))

    def asked_to_stop(self, task: BackgroundTask) -> str | None:
        """Who asked this run of a rollout to stop; None if nobody did."""
        key: Any = to_attributes({"stream": _STOP_REQUESTS, "at": task.id})
        with translated("read whether a rollout is to stop"):
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        asked = from_attributes(answer["Item"]) if "Item" in answer else {}
        return str(asked["who"]) if asked.get("run") == task.run else None


def is_rollout_id(text: str) -> bool:
    """Whether a text has the form of a rollout's id."""
    return _ROLLOUT_ID.fullmatch(text) is not None


def _stream(task_id: str) -> str:
    return _ROLLOUTS if is_rollout_id(task_id) else _STREAM


def _rollout_prefix(at: str) -> str:
    """The first part of the ids of the rollouts that began at a timestamp: ids are in the order of their beginning."""
    return f"rollout-{re.sub('[-:.]', '', at)}"


def _task_of(item: dict[str, Any]) -> BackgroundTask:
    task = BackgroundTask.model_validate({name: value for name, value in item.items() if name not in _KEYS})
    silent = timestamp(datetime.now(UTC) - timedelta(seconds=SILENT))
    if task.state is BackgroundTaskState.RUNNING and task.updated_at < silent:
        message = "the process that worked on this task ended; start the task again, finished parts stay finished"
        return task.model_copy(update={"state": BackgroundTaskState.INTERRUPTED, "message": message})
    return task
