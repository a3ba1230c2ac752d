"""DynamoDB in memory, as a boto3 client answers: for the simulator, and for benchmarks of a hundred thousand records.

The emulators read a whole table for each index query; here each index is kept sorted. The fake and the emulators pass
the same conformance suites (tests/catalog_conformance.py, tests/dynamodb_conformance.py).
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from botocore.exceptions import ClientError
from sortedcontainers import SortedDict

from pixelfleet.catalog.schema import Index, Table
from tests.fakes.dynamodb_expressions import Attributes, Words, holds, plain, update
from tests.fakes.dynamodb_limits import check_item, check_keys, check_transaction
from tests.fakes.errors import aws_error

Key = tuple[str, str]


class FakeDynamoDb:
    """Tables by name; `calls` counts calls by operation. Safe for many threads.

    A transaction with a ClientRequestToken that was used before succeeds again without an effect. The real service
    keeps a token for ten minutes; the fake keeps it for good.
    """

    def __init__(self, tables: Iterable[tuple[str, Table]]) -> None:
        self._tables = {name: _FakeTable(table) for name, table in tables}
        self._lock = threading.RLock()
        self._tokens: dict[str, str] = {}
        self.calls: Counter[str] = Counter()
        #: Called after each write with the table's name, the item before (None for none) and the item after.
        self.on_write: Callable[[str, Attributes | None, Attributes], None] | None = None

    def clear(self) -> None:
        """Empty every table, and forget every token."""
        for table in self._tables.values():
            table.clear()
        self._tokens.clear()

    def all_items(self, table: str) -> list[Attributes]:
        """Every item of a table, for a test to look at."""
        return list(self._tables[table].items.values())

    def get_item(self, *, TableName: str, Key: Attributes, **_: Any) -> dict[str, Any]:
        self.calls["GetItem"] += 1
        with self._lock:
            table = self._tables[TableName]
            item = table.items.get(table.key(Key))
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
        """Raises ClientError: a condition does not hold, a token is used twice, or a limit is exceeded."""
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
        """The table and key that one action of a transaction is for."""
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
        return {"Items": [item for item in items if any(holds(term, item, words) for term in terms)]}

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
    def __init__(self, table: Table) -> None:
        self._table = table
        self.items: dict[Key, Attributes] = {}
        self._own = Index("", table.hash_key, table.range_key or "", "ALL")
        self._indexes = {index.name: index for index in (*table.indexes, self._own)}
        self._sorted: dict[str, defaultdict[str, SortedDict[Any, Key]]] = {
            name: defaultdict(SortedDict) for name in self._indexes
        }

    def clear(self) -> None:
        self.items.clear()
        for groups in self._sorted.values():
            groups.clear()

    def key(self, attributes: Attributes) -> Key:
        range_key = self._table.range_key
        return attributes[self._table.hash_key]["S"], attributes[range_key]["S"] if range_key else ""

    def write(self, kind: str, request: dict[str, Any]) -> tuple[Attributes | None, Attributes]:
        """Returns the item before and after; after a delete there are no attributes."""
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
        self.items[key] = after
        self._list(key, after)
        return before, after

    def query(self, request: dict[str, Any]) -> dict[str, Any]:
        index = self._indexes[request.get("IndexName", "")]
        words = Words(request)
        group, sort_from, sort_to = _bounds(request["KeyConditionExpression"], index, words)
        entries = self._sorted[index.name].get(group)
        if not entries:
            return {"Items": []}
        forward = request.get("ScanIndexForward", True)
        start = request.get("ExclusiveStartKey")
        low: Any = (sort_from,)
        high: Any = (sort_to, ("\U0010ffff", "\U0010ffff"))
        if start is not None:
            at = (start[index.range_key]["S"] if index.range_key else "", self.key(start))
            low, high = (at, high) if forward else (low, at)
        limit = request.get("Limit", 1_000)
        actual: list[Attributes] = []
        for place in entries.irange(low, high, reverse=not forward, inclusive=(start is None, start is None)):
            item = self.items[entries[place]]
            if holds(request["KeyConditionExpression"], item, words):
                actual.append(item)
            if len(actual) == limit:
                return {"Items": actual, "LastEvaluatedKey": self._last(item, index)}
        return {"Items": actual}

    def _last(self, item: Attributes, index: Index) -> Attributes:
        names = {self._table.hash_key, self._table.range_key, index.hash_key, index.range_key} - {None, ""}
        return {name: item[name] for name in names if name}

    def _list(self, key: Key, item: Attributes) -> None:
        for name, group, place in self._places(key, item):
            self._sorted[name][group][place] = key

    def _unlist(self, key: Key, item: Attributes | None) -> None:
        for name, group, place in self._places(key, item or {}):
            self._sorted[name][group].pop(place, None)

    def _places(self, key: Key, item: Attributes) -> Iterable[tuple[str, str, Any]]:
        for index in self._indexes.values():
            if index.hash_key in item and (not index.range_key or index.range_key in item):
                sort = item[index.range_key]["S"] if index.range_key else ""
                yield index.name, item[index.hash_key]["S"], (sort, key)


def _bounds(condition: str, index: Index, words: Words) -> tuple[str, str, str]:
    """The group of a query, and range keys around what it can match; `holds` decides within them."""
    group, _, rest = condition.partition(" AND ")
    value = plain(words.value(group.partition(" = ")[2]))
    if rest.startswith("begins_with"):
        prefix = plain(words.value(rest.partition(", ")[2].rstrip(")")))
        return value, prefix, prefix + "\U0010ffff"
    if " BETWEEN " in rest:
        low, _, high = rest.partition(" BETWEEN ")[2].partition(" AND ")
        return value, plain(words.value(low)), plain(words.value(high))
    if index.range_key and rest:
        _name, operator, word = rest.split(" ")
        bound = plain(words.value(word))
        return (value, bound, "\U0010ffff") if operator.startswith(">") else (value, "", bound)
    return value, "", "\U0010ffff"


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
