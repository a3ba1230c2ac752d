"""The activity table: actions of operators, heartbeats of workers, and numbers of finished images.

| stream | `at` | one item is | kept |
| --- | --- | --- | --- |
| `operator` | time of the action, with a random end | an action: who, what, on what, details | 400 days |
| `workers` | the worker's name | the last heartbeat of one worker process | 10 minutes after it |
| `background_tasks` | the id of the task | a redrive or purge of the dashboard, see `background.py` | 30 days |
| `rollouts` | the id of the rollout | a rollout of the command line, see `background.py` | 400 days |
| `stop_requests` | the id of the rollout | who asked a run of the rollout to stop | 30 days |
| `digests` | the end of the hour | who publishes an hour's digest, since when, whether it is published | 2 days |
| `invalidations#<shard>` | owner, image, sequencer | a removed image, see `invalidations.py` | until it is sent |
| `finished#<lane>` | the beginning of a slot of 15 seconds | images finished in the slot, by outcome | 2 days |

A busy worker writes a heartbeat and its counts once a slot. So the cost of writing does not depend on the number of
finished images, and the cost of reading does not depend on the number of workers. Counts are statistics: a count that
is sent again after a lost answer counts twice, and a killed worker's last counts are missing. Batches have exact
counts.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from pydantic import Field

from pixelfleet.aws.errors import error_code, translated
from pixelfleet.catalog.dynamo import answers, from_attributes, to_attributes, write
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import OpenLane, Record, timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Seconds of one slot of the throughput series, and between two heartbeats of a busy worker.
SLOT: Final = 15
#: Seconds after its end at which a slot counts as complete: by then every worker has written its counts.
LATE: Final = 4
ACTIONS_KEPT: Final = timedelta(days=400)
HEARTBEATS_KEPT: Final = timedelta(minutes=10)
SAMPLES_KEPT: Final = timedelta(days=2)
DIGESTS_KEPT: Final = timedelta(days=2)
#: Time after which a digest that was claimed and is not published may be claimed by another process.
CLAIM_KEPT: Final = timedelta(minutes=10)

_OPERATOR: Final = "operator"
_WORKERS: Final = "workers"
_DIGESTS: Final = "digests"
_COUNTER: Final = "n_"


class Action(Record):
    """One action of an operator. `what` is the command; `on` describes the images, user or queue that it changed."""

    at: str
    who: str
    what: str
    on: str = ""
    details: dict[str, int | str] = Field(default_factory=dict)


class Heartbeat(Record):
    """The state of a worker process at `seen_at`; `finished` counts images since `started_at`."""

    worker: str
    lanes: tuple[OpenLane, ...]
    started_at: str
    seen_at: str
    busy: bool = False
    finished: int = 0


class Sample(Record):
    """Images of one lane finished within the slot that begins at `at`, by outcome (`domain.outcomes.outcome_of`).

    `work_ms` is the time that their attempts took, `bytes` the size of the originals.
    """

    at: str
    lane: Lane
    outcomes: dict[str, int] = Field(default_factory=dict)
    work_ms: int = 0
    bytes: int = 0

    @property
    def finished(self) -> int:
        return sum(self.outcomes.values())


class Activity:
    """Every method raises TransientError when DynamoDB does not answer."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def note(self, who: str, what: str, on: str = "", details: Mapping[str, int | str] | None = None) -> Action:
        """Store an action of an operator."""
        now = datetime.now(UTC)
        action = Action(at=timestamp(now), who=who, what=what, on=on, details=dict(details or {}))
        # Two actions in one millisecond get different keys.
        key = {"stream": _OPERATOR, "at": f"{action.at}#{secrets.token_hex(4)}"}
        fields = action.model_dump(mode="json", exclude={"at"}) | {"happened_at": action.at}
        self._put(key | fields, now + ACTIONS_KEPT)
        return action

    def actions(self, before: str | None = None) -> Iterator[Action]:
        """The actions of operators, newest first; with `before`, those before that timestamp."""
        for item in self._read(_OPERATOR, end=before, newest_first=True):
            yield Action.model_validate(item | {"at": item["happened_at"]})

    def claim_digest(self, until: datetime, caller: str, now: datetime) -> bool:
        """Claim the digest of the hour that ends at `until`, for the process `caller`.

        False if the digest is published, or if another process claimed it less than `CLAIM_KEPT` ago. A claim whose
        answer was lost is repeated by the same caller, and succeeds.
        """
        item = _digest(until) | {"claimed_by": caller, "claimed_at": timestamp(now)}
        alternatives = (
            "attribute_not_exists(#stream)",
            "attribute_not_exists(published) AND claimed_by = :caller",
            "attribute_not_exists(published) AND claimed_at < :lapsed",
        )
        values = {":caller": caller, ":lapsed": timestamp(now - CLAIM_KEPT)}
        with translated("claim the digest of an hour"):
            try:
                write(
                    self._client.put_item,
                    TableName=self._table,
                    Item=to_attributes(item),
                    ConditionExpression=" OR ".join(alternatives),
                    ExpressionAttributeNames={"#stream": "stream"},
                    ExpressionAttributeValues=to_attributes(values),
                )
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True

    def note_published(self, until: datetime) -> None:
        """Note that the digest of the hour that ends at `until` is published."""
        with translated("note a published digest"):
            write(
                self._client.put_item, TableName=self._table, Item=to_attributes(_digest(until) | {"published": True})
            )

    def beat(self, heartbeat: Heartbeat) -> None:
        """Write a worker's heartbeat in place of its last one."""
        seen = datetime.fromisoformat(heartbeat.seen_at)
        item = heartbeat.model_dump(mode="json") | {"stream": _WORKERS, "at": heartbeat.worker}
        self._put(item, seen + HEARTBEATS_KEPT)

    def gone(self, worker: str) -> None:
        """Delete the heartbeat of a worker that ends."""
        with translated("delete a heartbeat"):
            write(
                self._client.delete_item, TableName=self._table, Key=to_attributes({"stream": _WORKERS, "at": worker})
            )

    def heartbeats(self, since: datetime) -> list[Heartbeat]:
        """The workers that were alive at or after `since`, by name."""
        heartbeats = (Heartbeat.model_validate(item) for item in self._read(_WORKERS))
        return [heartbeat for heartbeat in heartbeats if heartbeat.seen_at >= timestamp(since)]

    def count(self, sample: Sample) -> None:
        """Add to the numbers of a slot. A repeated write counts twice: not for numbers that must be exact."""
        names = {"#expires": "expires_at"}
        expires = datetime.fromisoformat(sample.at) + SAMPLES_KEPT
        values: dict[str, Any] = {":expires": int(expires.timestamp())}
        added = {"work_ms": sample.work_ms, "bytes": sample.bytes}
        added |= {f"{_COUNTER}{outcome}": number for outcome, number in sample.outcomes.items()}
        terms = []
        for position, (name, number) in enumerate(added.items()):
            names[f"#{position}"], values[f":{position}"] = name, number
            terms.append(f"#{position} :{position}")
        with translated("count finished images"):
            write(
                self._client.update_item,
                TableName=self._table,
                Key=to_attributes({"stream": _finished(sample.lane), "at": sample.at}),
                UpdateExpression=f"SET #expires = :expires ADD {', '.join(terms)}",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=to_attributes(values),
            )

    def samples(self, since: datetime, lanes: Iterable[Lane] = tuple(Lane)) -> list[Sample]:
        """The samples of the slots from `since` on, oldest first; a slot without an image has none."""
        samples = [
            _sample(lane, item) for lane in lanes for item in self._read(_finished(lane), start=timestamp(since))
        ]
        return sorted(samples, key=lambda sample: (sample.at, sample.lane))

    def _put(self, item: dict[str, Any], expires: datetime) -> None:
        with translated("write to the activity table"):
            write(
                self._client.put_item,
                TableName=self._table,
                Item=to_attributes(item | {"expires_at": int(expires.timestamp())}),
            )

    def _read(
        self, stream: str, start: str | None = None, end: str | None = None, *, newest_first: bool = False
    ) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {
            "TableName": self._table,
            # `stream` is one of DynamoDB's reserved words.
            "KeyConditionExpression": "#stream = :stream",
            "ExpressionAttributeNames": {"#stream": "stream"},
            "ExpressionAttributeValues": {":stream": {"S": stream}},
            "ScanIndexForward": not newest_first,
        }
        if bound := start or end:
            query["KeyConditionExpression"] += f" AND #at {'>=' if start else '<'} :bound"
            query["ExpressionAttributeNames"]["#at"] = "at"
            query["ExpressionAttributeValues"][":bound"] = {"S": bound}
        for answer in answers(self._client.query, "read the activity table", query):
            yield from map(from_attributes, answer["Items"])


def slot_of(moment: datetime) -> str:
    """The timestamp at which the slot of `moment` begins."""
    seconds = int(moment.timestamp())
    return timestamp(datetime.fromtimestamp(seconds - seconds % SLOT, UTC))


def _digest(until: datetime) -> dict[str, Any]:
    expires = until + DIGESTS_KEPT
    return {"stream": _DIGESTS, "at": timestamp(until), "expires_at": int(expires.timestamp())}


def _finished(lane: Lane) -> str:
    return f"finished#{lane.value}"


def _sample(lane: Lane, item: dict[str, Any]) -> Sample:
    outcomes = {name.removeprefix(_COUNTER): number for name, number in item.items() if name.startswith(_COUNTER)}
    return Sample(
        at=item["at"], lane=lane, outcomes=outcomes, work_ms=item.get("work_ms", 0), bytes=item.get("bytes", 0)
    )
