"""Long work that an operator asked the dashboard for, kept in the activity table so that any of its tasks can tell.

Stream `errands`, in order of when they were asked for; kept 30 days.
"""

import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from pixelfleet.aws_errors import translated
from pixelfleet.catalog.dynamo import from_attributes, to_attributes
from pixelfleet.catalog.records import Record, timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Seconds without a word after which one that runs counts as interrupted: it writes one every other second.
SILENT: Final = 60
_KEPT: Final = timedelta(days=30)
_STREAM: Final = "errands"


class ErrandState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    #: A canary failed again, so nothing more was sent.
    STOPPED = "stopped"
    FAILED = "failed"
    #: The dashboard that worked on it ended. It may be repeated: what was done stays done.
    INTERRUPTED = "interrupted"


class Errand(Record):
    """`kind` is `redrive` or `purge`; `on` tells people what it is done to; `counts` how far it has come."""

    id: str
    kind: str
    who: str
    on: str = ""
    state: ErrandState = ErrandState.RUNNING
    message: str = ""
    counts: dict[str, int] = Field(default_factory=dict)
    started_at: str
    updated_at: str

    @property
    def settled(self) -> bool:
        return self.state is not ErrandState.RUNNING


class Errands:
    """Every method raises TransientError when DynamoDB does not answer."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def begin(self, kind: str, who: str, on: str) -> Errand:
        now = datetime.now(UTC)
        errand_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        errand = Errand(id=errand_id, kind=kind, who=who, on=on, started_at=timestamp(now), updated_at=timestamp(now))
        self.save(errand)
        return errand

    def save(self, errand: Errand) -> None:
        expires = int((datetime.now(UTC) + _KEPT).timestamp())
        item = errand.model_dump(mode="json") | {"stream": _STREAM, "at": errand.id, "expires_at": expires}
        with translated("keep an errand"):
            self._client.put_item(TableName=self._table, Item=to_attributes(item))

    def get(self, errand_id: str) -> Errand | None:
        key: Any = to_attributes({"stream": _STREAM, "at": errand_id})
        with translated("read an errand"):
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _judged(from_attributes(answer["Item"])) if "Item" in answer else None

    def recent(self, most: int) -> list[Errand]:
        """The latest, newest first."""
        with translated("list errands"):
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="#stream = :stream",
                ExpressionAttributeNames={"#stream": "stream"},
                ExpressionAttributeValues={":stream": {"S": _STREAM}},
                ScanIndexForward=False,
                Limit=most,
            )
        return [_judged(from_attributes(item)) for item in answer["Items"]]


def _judged(item: dict[str, Any]) -> Errand:
    errand = Errand.model_validate(item)
    silent = timestamp(datetime.now(UTC) - timedelta(seconds=SILENT))
    if errand.state is ErrandState.RUNNING and errand.updated_at < silent:
        told = "the dashboard that worked on it ended; start it again, what was done stays done"
        return errand.model_copy(update={"state": ErrandState.INTERRUPTED, "message": told})
    return errand
