"""Between Python values and DynamoDB's typed attributes, and what a refused write means."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

#: How often a change is read, applied and written anew before the conflict is reported as transient.
CONFLICT_RETRIES: Final = 10
#: BatchGetItem takes 100 keys, TransactWriteItems 100 actions (DynamoDB API reference).
BATCH_GET_KEYS: Final = 100

_SERIALIZE = TypeSerializer()
_DESERIALIZE = TypeDeserializer()


def to_attributes(item: Mapping[str, Any]) -> Item:
    return {name: _SERIALIZE.serialize(value) for name, value in item.items()}


def from_attributes(attributes: Mapping[str, Any]) -> Item:
    return {name: _plain(_DESERIALIZE.deserialize(value)) for name, value in attributes.items()}


def batch_get(client: "DynamoDBClient", table: str, keys: Sequence[Any]) -> Iterator[Item]:
    """The items of these keys that exist, read consistently, in no order, a hundred a call."""
    for start in range(0, len(keys), BATCH_GET_KEYS):
        waiting: Any = keys[start : start + BATCH_GET_KEYS]
        while waiting:
            with translated(f"read from {table}"):
                answer = client.batch_get_item(RequestItems={table: {"Keys": waiting, "ConsistentRead": True}})
            yield from (from_attributes(item) for item in answer["Responses"].get(table, []))
            left = answer.get("UnprocessedKeys") or {}
            waiting = left[table]["Keys"] if table in left else []
            if waiting:
                pause()


def pause() -> None:
    """Sleep a random 0 to 20 ms, so that conflicting writers and throttled readers do not collide again."""
    time.sleep(random.uniform(0.0, 0.02))  # noqa: S311 - jitter, not a secret


def condition_lost(error: ClientError) -> bool:
    """Whether the write was refused because another came first, alone or inside a transaction."""
    code = error_code(error)
    if code in ("ConditionalCheckFailedException", "TransactionConflictException"):
        return True
    if code != "TransactionCanceledException":
        return False
    reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
    return any(reason in ("ConditionalCheckFailed", "TransactionConflict") for reason in reasons)


def conflicted(error: ClientError) -> bool:
    """Whether another transaction was in the way and no condition failed: the same write may be repeated as it is."""
    if error_code(error) == "TransactionConflictException":
        return True
    reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
    return "TransactionConflict" in reasons and "ConditionalCheckFailed" not in reasons


def _plain(value: Any) -> Any:
    """Whole numbers as int: all of ours are whole. Other numbers, written by a newer release, stay as they are."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    return value
