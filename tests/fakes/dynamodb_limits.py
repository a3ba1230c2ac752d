"""The limits of DynamoDB (developer guide, "Quotas in Amazon DynamoDB"; API reference, TransactWriteItems)."""

import marshal
from collections.abc import Sequence
from typing import Any, Final

from tests.fakes.errors import aws_error

MOST_KEYS: Final = 100
MOST_ACTIONS: Final = 100
MOST_ITEM_BYTES: Final = 400 * 1024
MOST_SORT_BYTES: Final = 1024
MOST_HASH_BYTES: Final = 2048


def check_keys(keys: Sequence[object]) -> None:
    """Raises ClientError if a BatchGetItem has no keys or more than 100 keys."""
    if not 0 < len(keys) <= MOST_KEYS:
        raise aws_error("ValidationException", 400, "BatchGetItem", f"{len(keys)} keys; a call takes 1 to {MOST_KEYS}")


def check_transaction(targets: Sequence[object]) -> None:
    """Raises ClientError if a transaction has no actions, more than 100 actions, or two actions for one item."""
    if not 0 < len(targets) <= MOST_ACTIONS:
        raise aws_error("ValidationException", 400, "TransactWriteItems", f"{len(targets)} actions")
    if len(set(targets)) < len(targets):
        message = "Transaction request cannot include multiple operations on one item"
        raise aws_error("ValidationException", 400, "TransactWriteItems", message)


def check_item(item: dict[str, Any]) -> None:
    """Raises ClientError if an item, with the names of its attributes, is larger than 400 KB."""
    # The quick check comes first: version 2 of marshal writes each text in full, plus five bytes.
    if len(marshal.dumps(item, 2)) <= MOST_ITEM_BYTES:
        return
    if sum(len(name) + _size(value) for name, value in item.items()) > MOST_ITEM_BYTES:
        raise aws_error("ValidationException", 400, "PutItem", "Item size has exceeded the maximum allowed size")


def check_sort_key(value: str, operation: str) -> None:
    """Raises ClientError if a range key of a table or an index, or a condition on it, is longer than 1,024 bytes."""
    if 4 * len(value) > MOST_SORT_BYTES and len(value.encode()) > MOST_SORT_BYTES:
        message = "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
        raise aws_error("ValidationException", 400, operation, message)


def check_key(hash_key: str, range_key: str, operation: str) -> None:
    """Raises ClientError if a key is too long: 2,048 bytes for the hash key, 1,024 bytes for the range key."""
    if len(hash_key.encode()) > MOST_HASH_BYTES:
        message = "Size of hashkey has exceeded the maximum size limit of2048 bytes"
        raise aws_error("ValidationException", 400, operation, message)
    check_sort_key(range_key, operation)


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    if isinstance(value, dict):
        return sum(len(name) + _size(part) for name, part in value.items())
    if isinstance(value, list):
        return sum(_size(part) for part in value)
    return 1
