"""Conversion between Python values and DynamoDB's typed attributes; writes, and the reasons of refused writes.

DynamoDB refuses a write to an item that a transaction is writing. Neither the SDK nor DynamoDB repeats such a write, so
every write of the catalog goes through `write` (DynamoDB developer guide, "Transaction conflict handling").
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated
from pixelfleet.errors import Cause, TransientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

P = ParamSpec("P")
T = TypeVar("T")

#: How often a change is read, applied and written again before the error that too many write at once.
CHANGE_TRIES: Final = 10
#: How often one write is tried that conflicts with transactions.
WRITE_TRIES: Final = 10
#: The longest pause before the second try, and before any try, in seconds.
FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 0.5
#: BatchGetItem takes 100 keys, TransactWriteItems 100 actions (DynamoDB API reference).
BATCH_GET_KEYS: Final = 100

#: Reasons of a cancelled transaction that pass by themselves (DynamoDB API reference, TransactWriteItems, Errors).
_PASSING: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})

_SERIALIZE = TypeSerializer()
_DESERIALIZE = TypeDeserializer()


def to_attributes(item: Mapping[str, Any]) -> Item:
    return {name: _attribute(value) for name, value in item.items()}


def from_attributes(attributes: Mapping[str, Any]) -> Item:
    return {name: _value(attribute) for name, attribute in attributes.items()}


def batch_get(
    client: "DynamoDBClient", table: str, keys: Sequence[Any], attributes: Sequence[str] = ()
) -> Iterator[Item]:
    """As `batch_get_typed`, with Python's values."""
    return map(from_attributes, batch_get_typed(client, table, keys, attributes))


def batch_get_typed(
    client: "DynamoDBClient", table: str, keys: Sequence[Any], attributes: Sequence[str] = ()
) -> Iterator[Item]:
    """The items of these keys that exist, with DynamoDB's typed attributes, in no order, a hundred a call.

    Whole items are read consistently; of named `attributes` alone, an answer may be a moment old, at half the price.
    """
    how: dict[str, Any] = {"ConsistentRead": True}
    if attributes:
        names = {f"#{number}": attribute for number, attribute in enumerate(attributes)}
        how = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
    for start in range(0, len(keys), BATCH_GET_KEYS):
        waiting: Any = keys[start : start + BATCH_GET_KEYS]
        while waiting:
            with translated(f"read from {table}"):
                asked: Any = {table: {"Keys": waiting, **how}}
                answer = client.batch_get_item(RequestItems=asked)
            yield from answer["Responses"].get(table, [])
            left = answer.get("UnprocessedKeys") or {}
            waiting = left[table]["Keys"] if table in left else []
            if waiting:
                pause()


def answers(read: Callable[..., Any], what: str, query: Mapping[str, Any]) -> Iterator[Any]:
    """The answers of a Query or a Scan, page after page; the last has no LastEvaluatedKey.

    `what` is the action in the message of an error.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    start: Item = {}
    while True:
        with translated(what):
            answer = read(**query, **start)
        yield answer
        if "LastEvaluatedKey" not in answer:
            return
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def pause(tries: int = 1) -> None:
    """Sleep a random time, so that conflicting writers do not collide again.

    At most 20 ms after the first try, twice as long after each further one, and never more than half a second.
    """
    longest = min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)
    time.sleep(random.uniform(0.0, longest))  # noqa: S311 - jitter, not a secret


def write(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Make one write, and repeat the write as long as it conflicts only with a transaction on the same item.

    A write that was refused for a conflict has changed nothing, so the same write may be repeated.

    Raises:
        ClientError: every other refusal, also of a condition that does not hold.
        TransientError: all `WRITE_TRIES` tries conflicted with transactions.
    """
    for tries in range(1, WRITE_TRIES + 1):
        try:
            return call(*args, **kwargs)
        except ClientError as error:
            if not _in_the_way(error):
                raise
            refused = error
        if tries < WRITE_TRIES:
            pause(tries)
    message = f"an item was being written by others at each of {WRITE_TRIES} tries: {refused}"
    raise TransientError(Cause.THROTTLED, message) from refused


def condition_lost(error: ClientError) -> bool:
    """Whether a condition of the write, alone or in a transaction, does not hold: another write came first."""
    return error_code(error) == "ConditionalCheckFailedException" or "ConditionalCheckFailed" in _reasons(error)


def _in_the_way(error: ClientError) -> bool:
    """Whether the same write may succeed in a moment: no condition failed, and the SDK does not repeat the write."""
    if error_code(error) == "TransactionConflictException":
        return True
    reasons = _reasons(error)
    return bool(reasons) and reasons <= _PASSING


def _reasons(error: ClientError) -> set[str]:
    """The reasons why a transaction was cancelled, without the actions that were not at fault."""
    if error_code(error) != "TransactionCanceledException":
        return set()
    return {str(reason.get("Code", "None")) for reason in error.response.get("CancellationReasons", [])} - {"None"}


def _attribute(value: Any) -> Item:
    """Serialise a value as boto3 does. This function has the common types: boto3 takes eight times as long."""
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is int:
        return {"N": str(value)}
    if kind is bool:
        return {"BOOL": value}
    if kind is dict:
        return {"M": {name: _attribute(entry) for name, entry in value.items()}}
    if kind is list or kind is tuple:
        return {"L": [_attribute(entry) for entry in value]}
    other: Any = _SERIALIZE.serialize(value)
    return cast("Item", other)


def _value(attribute: Any) -> Any:
    """Whole numbers become int; this release writes no others. Others, of a newer release, become Decimal."""
    [(kind, content)] = attribute.items()
    if kind in ("S", "BOOL"):
        return content
    if kind == "N":
        if content.isdecimal():
            return int(content)
        number = Decimal(content)
        return int(number) if number == number.to_integral_value() else _DESERIALIZE.deserialize(attribute)
    if kind == "M":
        return {name: _value(entry) for name, entry in content.items()}
    if kind == "L":
        return [_value(entry) for entry in content]
    return _DESERIALIZE.deserialize(attribute)
