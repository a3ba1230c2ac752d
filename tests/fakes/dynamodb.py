"""DynamoDB's reads in memory, fast enough for 100,000 records, and counted. What is not a read of ours is refused.

ministack's index queries are linear in the table (FACTS: 224 ms at 20,000 items), which would measure ministack.
"""

import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from pixelfleet.catalog.schema import Table

Attributes = dict[str, Any]


class CountingDynamo:
    """A client with GetItem, BatchGetItem, Query, and the plain PutItem and UpdateItem that serving a page needs.

    `calls` counts calls by name, `items` the items that they returned.
    """

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = dict(tables)
        self._items: dict[str, dict[tuple[str, ...], Attributes]] = defaultdict(dict)
        self._sorted: dict[tuple[str, str, str], list[tuple[str, str, Attributes]]] = defaultdict(list)
        self.calls: Counter[str] = Counter()
        self.items: Counter[str] = Counter()
        self.meta = SimpleNamespace(region_name="us-east-1")

    def load(self, table: str, items: Iterable[Attributes]) -> None:
        """Fill a table at once; indexes are sorted afterwards, once."""
        for item in items:
            self._items[table][self._key(table, item)] = item
            for name, group, place in self._places(table, item):
                self._sorted[table, name, group].append((place, str(self._key(table, item)), item))
        for entries in self._sorted.values():
            entries.sort(key=lambda entry: entry[:2])

    def get_item(self, *, TableName: str, Key: Attributes, **_: Any) -> Attributes:  # noqa: N803 - boto3's names
        self.calls["GetItem"] += 1
        item = self._items[TableName].get(self._key(TableName, Key))
        self.items["GetItem"] += item is not None
        return {"Item": item} if item is not None else {}

    def batch_get_item(self, *, RequestItems: Attributes) -> Attributes:  # noqa: N803
        self.calls["BatchGetItem"] += 1
        found = {}
        for table, asked in RequestItems.items():
            keys = [self._key(table, key) for key in asked["Keys"]]
            assert len(keys) <= 100, "BatchGetItem takes 100 keys"
            found[table] = [self._items[table][key] for key in keys if key in self._items[table]]
            self.items["BatchGetItem"] += len(found[table])
        return {"Responses": found, "UnprocessedKeys": {}}

    def put_item(self, *, TableName: str, Item: Attributes, **_: Any) -> Attributes:  # noqa: N803
        self.calls["PutItem"] += 1
        self.load(TableName, [Item])
        return {}

    def query(self, **asked: Any) -> Attributes:
        """As the catalog asks: equality of the hash key, and at most one test of the range key."""
        self.calls["Query"] += 1
        names, values = asked["ExpressionAttributeNames"], asked["ExpressionAttributeValues"]
        condition = asked["KeyConditionExpression"]
        for short, name in names.items():
            condition = condition.replace(short, name)
        group, _, test = condition.partition(" AND ")
        entries = self._sorted[asked["TableName"], asked.get("IndexName", ""), values[group.partition(" = ")[2]]["S"]]
        low, high = _bounds(entries, test, {name: value["S"] for name, value in values.items()})
        return self._page(asked, entries[low:high])

    def _page(self, asked: Attributes, entries: list[tuple[str, str, Attributes]]) -> Attributes:
        if not asked.get("ScanIndexForward", True):
            entries = entries[::-1]
        start = asked.get("ExclusiveStartKey", {}).get("after", 0)
        page = entries[start : start + asked.get("Limit", 1_000)]
        self.items["Query"] += len(page)
        answer: Attributes = {"Items": [item for _, _, item in page]}
        if start + len(page) < len(entries):
            answer["LastEvaluatedKey"] = {"after": start + len(page)}
        return answer

    def _key(self, table: str, item: Attributes) -> tuple[str, ...]:
        shape = self._tables[table]
        return tuple(item[name]["S"] for name in (shape.hash_key, shape.range_key) if name)

    def _places(self, table: str, item: Attributes) -> Iterable[tuple[str, str, str]]:
        shape = self._tables[table]
        if shape.range_key:
            yield "", item[shape.hash_key]["S"], item[shape.range_key]["S"]
        for index in shape.indexes:
            if index.hash_key in item and index.range_key in item:
                yield index.name, item[index.hash_key]["S"], item[index.range_key]["S"]


def _bounds(entries: list[tuple[str, str, Attributes]], test: str, values: dict[str, str]) -> tuple[int, int]:
    """The slice of the sorted entries that a range-key test leaves."""

    def left(value: str) -> int:
        return bisect.bisect_left(entries, value, key=lambda entry: entry[0])

    def right(value: str) -> int:
        return bisect.bisect_right(entries, value, key=lambda entry: entry[0])

    words = test.split()
    if not words:
        return 0, len(entries)
    if words[0].startswith("begins_with("):
        prefix = values[words[1].rstrip(")")]
        return left(prefix), right(prefix + "\U0010ffff")
    if words[1] == "BETWEEN":
        return left(values[words[2]]), right(values[words[4]])
    value = values[words[2]]
    return {"<": (0, left(value)), ">": (right(value), len(entries)), ">=": (left(value), len(entries))}[words[1]]
