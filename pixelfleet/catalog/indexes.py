"""Sharded indexes read as one: a query for each shard, merged in order of the range key."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pixelfleet.aws_errors import translated
from pixelfleet.catalog.schema import IMAGE_INDEX_SHARDS, Index, Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an index: the range key, which is also the cursor to go on after it, and the image's id."""

    sort: str
    image_id: str


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of an index: all range keys that begin with `prefix`, from the first one beyond the cursor `after`."""

    prefix: str = ""
    after: str = ""
    newest_first: bool = False
    page_size: int = 100


def read_index(
    client: "DynamoDBClient", table_name: str, table_index: tuple[Table, Index], group: str, part: Slice
) -> Iterator[Entry]:
    """Entries of `group` over all its shards, in order; pages are fetched as they are consumed."""
    table, index = table_index
    streams = [
        _read_shard(client, table_name, (table, index), f"{group}#{shard}", part) for shard in range(IMAGE_INDEX_SHARDS)
    ]
    return heapq.merge(*streams, key=lambda entry: entry.sort, reverse=part.newest_first)


def _read_shard(
    client: "DynamoDBClient", table_name: str, table_index: tuple[Table, Index], shard: str, part: Slice
) -> Iterator[Entry]:
    table, index = table_index
    query: dict[str, Any] = {
        "TableName": table_name,
        "IndexName": index.name,
        "KeyConditionExpression": "#shard = :shard",
        "ExpressionAttributeNames": {"#shard": index.hash_key},
        "ExpressionAttributeValues": {":shard": {"S": shard}},
        "ScanIndexForward": not part.newest_first,
        "Limit": part.page_size,
    }
    _narrow(query, index.range_key, part)
    while True:
        with translated(f"read the index {index.name}"):
            answer = client.query(**query)
        for item in answer["Items"]:
            entry = Entry(item[index.range_key]["S"], item[table.hash_key]["S"])
            if entry.sort.startswith(part.prefix) and entry.sort != part.after:
                yield entry
        if "LastEvaluatedKey" not in answer:
            return
        query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _narrow(query: dict[str, Any], range_key: str, part: Slice) -> None:
    """A key condition takes one test of the range key: the cursor's, or else the prefix's."""
    if not part.prefix and not part.after:
        return
    query["ExpressionAttributeNames"]["#sort"] = range_key
    query["ExpressionAttributeValues"][":sort"] = {"S": part.after or part.prefix}
    if not part.after:
        test = "begins_with(#sort, :sort)"
    elif part.newest_first:
        test = "#sort < :sort"
    elif part.prefix:
        # Bounded above too, or the last page of a prefix would read on to the end of the shard.
        query["ExpressionAttributeValues"][":end"] = {"S": part.prefix + "\U0010ffff"}
        test = "#sort BETWEEN :sort AND :end"
    else:
        test = "#sort > :sort"
    query["KeyConditionExpression"] += f" AND {test}"
