"""Between Python values and DynamoDB's typed attributes, and what a refused write means."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, cast

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
    return {name: _attribute(value) for name, value in item.items()}


def from_attributes(attributes: Mapping[str, Any]) -> Item:
    return {name: _value(attribute) for name, attribute in attributes.items()}


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


def _attribute(value: Any) -> Item:
    """As boto3 serialises a value. The common kinds are done here: boto3 takes eight times as long."""
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is int:
        return {"N": str(value)}
    if kind is dict:
        return {"M": {name: _attribute(entry) for name, entry in value.items()}}
    if kind is list or kind is tuple:
        return {"L": [_attribute(entry) for entry in value]}
    other: Any = _SERIALIZE.serialize(value)
    return cast("Item", other)


def _value(attribute: Any) -> Any:
    """Numbers that are whole come as int: all of ours are. Others, which a newer release wrote, come as Decimal."""
    [(kind, content)] = attribute.items()
    if kind == "S":
        return content
    if kind == "N":
        number = Decimal(content)
        return int(number) if number == number.to_integral_value() else _DESERIALIZE.deserialize(attribute)
    if kind == "M":
        return {name: _value(entry) for name, entry in content.items()}
    if kind == "L":
        return [_value(entry) for entry in content]
    return _DESERIALIZE.deserialize(attribute)
