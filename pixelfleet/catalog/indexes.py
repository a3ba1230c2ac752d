"""Sharded indexes read as one: a query for each shard, several at a time, merged in order of the range key."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from pixelfleet.aws.errors import translated
from pixelfleet.catalog.schema import IMAGE_INDEX_SHARDS, MOST_SORT_BYTES, Index, Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Work = TypeVar("Work")
Answer = TypeVar("Answer")

#: Queries at once, of all readers of one table together: fewer than a client keeps connections.
READERS: Final = 8
#: The last character in the order of UTF-8.
_LAST: Final = "\U0010ffff"


class IndexEntry(NamedTuple):
    """One line of an index: the range key, which is also a cursor, and the image's id."""

    sort: str
    image_id: str


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of an index: all range keys that begin with `prefix`, from the first key after the cursor `after`."""

    prefix: str = ""
    after: str = ""
    newest_first: bool = False
    page_size: int = 100


class IndexReader:
    """Reads indexes of one table: several shards at a time, by threads that start with the first read."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table_name = table_name
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="index")

    def read(self, table_index: tuple[Table, Index], group: str, part: Slice) -> Iterator[IndexEntry]:
        """Entries of `group` over all its shards, in order.

        The first pages of all shards are read at once, so that merged readers wait together; further pages are read as
        entries are consumed. Raises TransientError, during the consumption, when DynamoDB does not answer.
        """
        shards = (self._query(table_index, f"{group}#{shard}", part) for shard in range(IMAGE_INDEX_SHARDS))
        first = [(query, self._pool.submit(self._page, query)) for query in shards]
        streams = [self._entries(table_index, query, future, part) for query, future in first]
        return heapq.merge(*streams, key=lambda entry: entry.sort, reverse=part.newest_first)

    def at_once(self, act: Callable[[Work], Answer], works: Iterable[Work]) -> list[Answer]:
        """The answers of these reads in their order; several reads run at a time."""
        pending = [self._pool.submit(act, work) for work in works]
        return [future.result() for future in pending]

    def _query(self, table_index: tuple[Table, Index], shard: str, part: Slice) -> dict[str, Any]:
        _, index = table_index
        query: dict[str, Any] = {
            "TableName": self._table_name,
            "IndexName": index.name,
            "KeyConditionExpression": "#shard = :shard",
            "ExpressionAttributeNames": {"#shard": index.hash_key},
            "ExpressionAttributeValues": {":shard": {"S": shard}},
            "ScanIndexForward": not part.newest_first,
            "Limit": part.page_size,
        }
        _narrow(query, index.range_key, part)
        return query

    def _entries(
        self, table_index: tuple[Table, Index], query: dict[str, Any], first: "Future[Any]", part: Slice
    ) -> Iterator[IndexEntry]:
        table, index = table_index
        answer = first.result()
        while True:
            for item in answer["Items"]:
                entry = IndexEntry(item[index.range_key]["S"], item[table.hash_key]["S"])
                if entry.sort.startswith(part.prefix) and entry.sort != part.after:
                    yield entry
            if "LastEvaluatedKey" not in answer:
                return
            answer = self._page(query | {"ExclusiveStartKey": answer["LastEvaluatedKey"]})

    def _page(self, query: dict[str, Any]) -> Any:
        with translated(f"read the index {query['IndexName']}"):
            return self._client.query(**query)


def _narrow(query: dict[str, Any], range_key: str, part: Slice) -> None:
    """A key condition takes one test of the range key: the cursor's, or else the prefix's."""
    if not part.prefix and not part.after:
        return
    query["ExpressionAttributeNames"]["#sort"] = range_key
    query["ExpressionAttributeValues"][":sort"] = {"S": part.after or part.prefix}
    if not part.after:
        test = "begins_with(#sort, :sort)"
    elif part.newest_first and part.prefix:
        # Bounded below too, or the last page of a prefix would read on to the beginning of the shard.
        query["ExpressionAttributeValues"][":first"] = {"S": part.prefix}
        test = "#sort BETWEEN :first AND :sort"
    elif part.newest_first:
        test = "#sort < :sort"
    elif part.prefix:
        # Bounded above too, or the last page of a prefix would read on to the end of the shard.
        query["ExpressionAttributeValues"][":end"] = {"S": _end_of(part.prefix)}
        test = "#sort BETWEEN :sort AND :end"
    else:
        test = "#sort > :sort"
    query["KeyConditionExpression"] += f" AND {test}"


def _end_of(prefix: str) -> str:
    """A text that sorts after every range key that begins with `prefix`, within DynamoDB's 1,024 bytes."""
    return prefix.encode()[: MOST_SORT_BYTES - len(_LAST.encode())].decode(errors="ignore") + _LAST
