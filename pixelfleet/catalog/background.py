"""Background tasks of the dashboard, and rollouts of the command line. Every process of the service can show them.

Stream `background_tasks` of the activity table, in order of their beginning; kept 30 days.
"""

import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BeforeValidator, Field

from pixelfleet.aws.errors import translated
from pixelfleet.catalog.dynamo import from_attributes, to_attributes, write
from pixelfleet.domain.records import WholeRecord, as_member, timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: A running task that has not been updated for this many seconds counts as interrupted.
SILENT: Final = 60
_KEPT: Final = timedelta(days=30)
_STREAM: Final = "background_tasks"
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
    """`kind` is `redrive`, `rollout` or another action; `on` describes the selection; `counts` are numbers so far."""

    id: str
    kind: str
    who: str
    on: str = ""
    state: _OpenState = BackgroundTaskState.RUNNING
    message: str = ""
    counts: dict[str, int] = Field(default_factory=dict)
    started_at: str
    updated_at: str

    @property
    def settled(self) -> bool:
        return self.state is not BackgroundTaskState.RUNNING


class BackgroundTasks:
    """Every method raises TransientError when DynamoDB does not answer."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def begin(self, kind: str, who: str, on: str) -> BackgroundTask:
        now = datetime.now(UTC)
        task_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        task = BackgroundTask(
            id=task_id, kind=kind, who=who, on=on, started_at=timestamp(now), updated_at=timestamp(now)
        )
        self.save(task)
        return task

    def save(self, task: BackgroundTask) -> None:
        expires = int((datetime.now(UTC) + _KEPT).timestamp())
        item = task.model_dump(mode="json") | {"stream": _STREAM, "at": task.id, "expires_at": expires}
        with translated("keep a background task"):
            write(self._client.put_item, TableName=self._table, Item=to_attributes(item))

    def get(self, task_id: str) -> BackgroundTask | None:
        key: Any = to_attributes({"stream": _STREAM, "at": task_id})
        with translated("read a background task"):
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _task_of(from_attributes(answer["Item"])) if "Item" in answer else None

    def recent(self, most: int) -> list[BackgroundTask]:
        """The latest tasks, newest first."""
        with translated("list background tasks"):
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="#stream = :stream",
                ExpressionAttributeNames={"#stream": "stream"},
                ExpressionAttributeValues={":stream": {"S": _STREAM}},
                ScanIndexForward=False,
                Limit=most,
            )
        return [_task_of(from_attributes(item)) for item in answer["Items"]]


def _task_of(item: dict[str, Any]) -> BackgroundTask:
    task = BackgroundTask.model_validate({name: value for name, value in item.items() if name not in _KEYS})
    silent = timestamp(datetime.now(UTC) - timedelta(seconds=SILENT))
    if task.state is BackgroundTaskState.RUNNING and task.updated_at < silent:
        message = "the process that worked on this task ended; start the task again, finished parts stay finished"
        return task.model_copy(update={"state": BackgroundTaskState.INTERRUPTED, "message": message})
    return task
