"""DynamoDB in memory, with a boto3 client's answers, for the simulator and for benchmarks of 100,000 records.

The emulators read a whole table for each index query. This fake keeps each index sorted. The fake and the emulators
pass the same conformance suites (tests/catalog_conformance.py, tests/dynamodb_conformance.py).
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any

from botocore.exceptions import ClientError
from sortedcontainers import SortedDict

from pixelfleet.catalog.schema import Index, Table
from tests.fakes.dynamodb_expressions import Attributes, Words, holds, update
from tests.fakes.dynamodb_keys import LAST, key_range
from tests.fakes.dynamodb_limits import check_item, check_key, check_keys, check_sort_key, check_transaction
from tests.fakes.errors import aws_error

Key = tuple[str, str]
#: An index and a value of its hash key; the entries of that value, by range key and key, each with its key.
Place = tuple[tuple[str, str], Mapping[tuple[str, Key], Key]]


class _Tables(dict[str, "_FakeTable"]):
    def __missing__(self, name: str) -> "_FakeTable":
        raise aws_error("ResourceNotFoundException", 400, "any", f"Requested resource not found: {name}")


class FakeDynamoDb:
    """Tables by name. `calls` counts the calls of each operation. The class is thread-safe.

    A transaction with a repeated ClientRequestToken succeeds without an effect. The real service keeps a token for ten
    minutes. The fake keeps each token for ever.
    """

    def __init__(self, tables: Iterable[tuple[str, Table]]) -> None:
        self._tables = _Tables((name, _FakeTable(table)) for name, table in tables)
        self._lock = threading.RLock()
        self._tokens: dict[str, str] = {}
        self.calls: Counter[str] = Counter()
        #: Called after each write with the table's name, the item before the write (or None) and the item after it.
        self.on_write: Callable[[str, Attributes | None, Attributes], None] | None = None

    def clear(self) -> None:
        """Empty every table, and delete every token."""
        for table in self._tables.values():
            table.clear()
        self._tokens.clear()

    def all_items(self, table: str) -> list[Attributes]:
        """Every item of a table, for assertions."""
        return list(self._tables[table].items.values())

    def stock(self, table: str, items: MutableMapping[Key, Attributes], places: Iterable[Place]) -> None:
        """Put many items into an empty table at once. `places` are the index entries of these items."""
        self._tables[table].stock(items, places)

    def get_item(self, *, TableName: str, Key: Attributes, **_: Any) -> dict[str, Any]:
        self.calls["GetItem"] += 1
        with self._lock:
            table = self._tables[TableName]
            key = table.key(Key)
            check_key(*key, "GetItem")
            item = table.items.get(key)
        return {"Item": item} if item is not None else {}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:
        self.calls["BatchGetItem"] += 1
        check_keys([key for request in RequestItems.values() for key in request["Keys"]])
        with self._lock:
            return {
                "Responses": {
                    name: [
                        _projected(item, request)
                        for key in request["Keys"]
                        if (item := self._tables[name].items.get(self._tables[name].key(key))) is not None
                    ]
                    for name, request in RequestItems.items()
                }
            }

    def put_item(self, **request: Any) -> dict[str, Any]:
        self._write([{"Put": request}], single=True)
        return {}

    def update_item(self, **request: Any) -> dict[str, Any]:
        after = self._write([{"Update": request}], single=True)
        return {"Attributes": after} if request.get("ReturnValues") == "ALL_NEW" else {}

    def delete_item(self, **request: Any) -> dict[str, Any]:
        self._write([{"Delete": request}], single=True)
        return {}

    def transact_write_items(
        self,
        *,
        TransactItems: list[dict[str, Any]],
        ClientRequestToken: str = "",
        **_: Any,
    ) -> dict[str, Any]:
        """Raises ClientError if a condition does not hold, a token is used twice, or a limit is exceeded."""
        content = repr(TransactItems) if ClientRequestToken else ""
        with self._lock:
            known = self._tokens.get(ClientRequestToken)
            if known is not None and known != content:
                raise aws_error("IdempotentParameterMismatchException", 400, "TransactWriteItems")
            if known is None:
                check_transaction([self._target(action) for action in TransactItems])
                self._write(TransactItems, single=False)
            if ClientRequestToken:
                self._tokens[ClientRequestToken] = content
        return {}

    def _target(self, action: dict[str, Any]) -> tuple[str, Key]:
        """The table and the key of one action of a transaction."""
        [request] = action.values()
        return request["TableName"], self._tables[request["TableName"]].key(request.get("Item") or request["Key"])

    def query(self, **request: Any) -> dict[str, Any]:
        self.calls["Query"] += 1
        with self._lock:
            return self._tables[request["TableName"]].query(request)

    def scan(self, **request: Any) -> dict[str, Any]:
        self.calls["Scan"] += 1
        words, terms = Words(request), request["FilterExpression"].split(" OR ")
        with self._lock:
            items = list(self._tables[request["TableName"]].items.values())
        actual = [item for item in items if any(holds(term, item, words) for term in terms)]
        return {"Items": [] if request.get("Select") == "COUNT" else actual, "Count": len(actual)}

    def _write(self, actions: list[dict[str, Any]], *, single: bool) -> Attributes:
        """Returns the item after the last action."""
        self.calls["Write"] += len(actions)
        for action in actions:
            check_item(next(iter(action.values())).get("Item", {}))
        with self._lock:
            reasons = []
            for action in actions:
                [request] = action.values()
                table = self._tables[request["TableName"]]
                item = table.items.get(table.key(request.get("Item") or request["Key"]))
                passes = holds(request.get("ConditionExpression", ""), item, Words(request))
                reasons.append({"Code": "None" if passes else "ConditionalCheckFailed"})
            if any(reason["Code"] != "None" for reason in reasons):
                raise _refused(reasons, single=single)
            for action in actions:
                [(kind, request)] = action.items()
                before, after = self._tables[request["TableName"]].write(kind, request)
                if self.on_write is not None:
                    self.on_write(request["TableName"], before, after)
        return after


class _FakeTable:
    """Items by key. Each index has one list for each value of its hash key, sorted by the range key."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.items: MutableMapping[Key, Attributes] = {}
        own = Index("", table.hash_key, table.range_key or "", "ALL")
        self._indexes = {index.name: index for index in (*table.indexes, own)}
        self._range_keys = {index.range_key for index in self._indexes.values()}
        # The items of a table without a range key have no order.
        listed = (*table.indexes, *([own] if table.range_key else []))
        self._sorted: dict[str, defaultdict[str, SortedDict[Any, Key]]] = {
            index.name: defaultdict(SortedDict) for index in listed
        }

    def clear(self) -> None:
        self.items.clear()
        for groups in self._sorted.values():
            groups.clear()

    def key(self, attributes: Attributes) -> Key:
        range_key = self._table.range_key
        return attributes[self._table.hash_key]["S"], attributes[range_key]["S"] if range_key else ""

    def write(self, kind: str, request: dict[str, Any]) -> tuple[Attributes | None, Attributes]:
        """Returns the item before and after the write. After a delete, the item has no attributes."""
        key = self.key(request.get("Item") or request["Key"])
        before = self.items.get(key)
        self._unlist(key, before)
        if kind == "Delete":
            self.items.pop(key, None)
            return before, {}
        if kind == "Put":
            after = dict(request["Item"])
        else:
            after = update(request["UpdateExpression"], before or dict(request["Key"]), Words(request))
        for name in self._range_keys & after.keys():
            check_sort_key(after[name]["S"], kind)
        self.items[key] = after
        self._list(key, after)
        return before, after

    def stock(self, items: MutableMapping[Key, Attributes], places: Iterable[Place]) -> None:
        """See `FakeDynamoDb.stock`."""
        self.items = items
        for (index, group), listed in places:
            self._sorted[index][group] = SortedDict(listed)

    def query(self, request: dict[str, Any]) -> dict[str, Any]:
        index = self._indexes[request.get("IndexName", "")]
        part = key_range(request["KeyConditionExpression"], Words(request))
        entries = self._sorted[index.name].get(part.group)
        if not entries:
            return {"Items": []}
        forward = request.get("ScanIndexForward", True)
        start = request.get("ExclusiveStartKey")
        low: Any = (part.low,)
        high: Any = (part.high, (LAST, LAST))
        if start is not None:
            at = (start[index.range_key]["S"] if index.range_key else "", self.key(start))
            low, high = (at, high) if forward else (low, at)
        limit = request.get("Limit", 1_000)
        actual: list[Attributes] = []
        for place in entries.irange(low, high, reverse=not forward, inclusive=(start is None, start is None)):
            if part.admits(place[0]):
                actual.append(self._entry(index, part.group, place))
            if len(actual) == limit:
                return {"Items": actual, "LastEvaluatedKey": self._keys(index, part.group, place)}
        return {"Items": actual}

    def _entry(self, index: Index, group: str, place: tuple[str, Key]) -> Attributes:
        return self.items[place[1]] if index.projection == "ALL" else self._keys(index, group, place)

    def _keys(self, index: Index, group: str, place: tuple[str, Key]) -> Attributes:
        """The key attributes of the table and of the index."""
        sort, (hash_value, range_value) = place
        keys = {index.hash_key: {"S": group}, self._table.hash_key: {"S": hash_value}}
        if index.range_key:
            keys[index.range_key] = {"S": sort}
        if self._table.range_key:
            keys[self._table.range_key] = {"S": range_value}
        return keys

    def _list(self, key: Key, item: Attributes) -> None:
        for name, group, place in self._places(key, item):
            self._sorted[name][group][place] = key

    def _unlist(self, key: Key, item: Attributes | None) -> None:
        for name, group, place in self._places(key, item or {}):
            self._sorted[name][group].pop(place, None)

    def _places(self, key: Key, item: Attributes) -> Iterable[tuple[str, str, tuple[str, Key]]]:
        for name in self._sorted:
            index = self._indexes[name]
            if index.hash_key in item and (not index.range_key or index.range_key in item):
                sort = item[index.range_key]["S"] if index.range_key else ""
                yield name, item[index.hash_key]["S"], (sort, key)


def _refused(reasons: list[dict[str, str]], *, single: bool) -> ClientError:
    code = "ConditionalCheckFailedException" if single else "TransactionCanceledException"
    return aws_error(code, 400, "Write", "a condition does not hold", CancellationReasons=reasons)


def _projected(item: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """The attributes that a ProjectionExpression of plain names asks for."""
    if "ProjectionExpression" not in request:
        return item
    names = request.get("ExpressionAttributeNames", {})
    asked = [name.strip() for name in request["ProjectionExpression"].split(",")]
    return {name: item[name] for name in (names.get(one, one) for one in asked) if name in item}
