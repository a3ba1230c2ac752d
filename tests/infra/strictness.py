"""Middleware in front of ministack. It refuses calls that AWS refuses at run time and that ministack accepts.

| refused | AWS's page |
| --- | --- |
| more than 15 wildcard paths, or 3,000 paths, in progress at once | `INVALIDATIONS_PAGE` |
| a write to an item that a transaction is writing | `TRANSACTIONS_PAGE` |

SNS's limits are in `sns_limits.py`. ministack itself enforces the rules of SQS for batches; a test checks this.
"""

import asyncio
import contextlib
import json
import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from typing import Any, Final

INVALIDATIONS_PAGE: Final = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html"
TRANSACTIONS_PAGE: Final = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html"
    "#transaction-conflict-handling"
)

MOST_WILDCARDS: Final = 15
MOST_PATHS: Final = 3_000
#: Seconds that an invalidation is in progress here. CloudFront takes minutes. Tests wait for the next invalidation.
INVALIDATION_SECONDS: Final = 5.0
#: Seconds between the check and the write of a transaction, in which its items are locked.
TRANSACTION_SECONDS: Final = 0.02

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
#: A table's name, and the key of one of its items as JSON.
ItemName = tuple[str, str]

_ONGOING: Final = "Transaction is ongoing for the item"


class LimitedInvalidations:
    """Counts the paths of the invalidations in progress, for each distribution. `clock` returns seconds."""

    def __init__(self, application: Application, clock: Callable[[], float] = time.monotonic) -> None:
        self._application = application
        self._clock = clock
        #: By distribution: the start, the reference and the paths of each invalidation.
        self._begun: defaultdict[str, list[tuple[float, str, list[str]]]] = defaultdict(list)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        match = re.fullmatch(r"/2020-05-31/distribution/(\w+)/invalidation", scope.get("path", ""))
        if match is None or scope["method"] != "POST":
            await self._application(scope, receive, send)
            return
        body = await read_body(receive)
        paths = re.findall(r"<Path>([^<]*)</Path>", body.decode())
        reference = "".join(re.findall(r"<CallerReference>([^<]*)</CallerReference>", body.decode()))
        begun = self._begun[match[1]]
        if not any(known == reference for _, known, _ in begun):
            if not self._has_room(begun, paths):
                await answer(send, 400, "text/xml", _too_many_invalidations())
                return
            begun.append((self._clock(), reference, paths))
        await self._application(scope, replayed(body, receive), send)

    def _has_room(self, begun: list[tuple[float, str, list[str]]], paths: list[str]) -> bool:
        since = self._clock() - INVALIDATION_SECONDS
        pending = [path for at, _, some in begun if at > since for path in some] + paths
        return sum(path.endswith("*") for path in pending) <= MOST_WILDCARDS and len(pending) <= MOST_PATHS


class Conflicts:
    """Locks the items of a transaction while the transaction lasts, and refuses other writes to the items."""

    def __init__(self, application: Application, seconds: float = TRANSACTION_SECONDS) -> None:
        self._application = application
        self._seconds = seconds
        self._taken: set[ItemName] = set()
        self._keys: dict[str, tuple[str, ...]] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        operation = _dynamodb_operation(scope)
        if operation not in {"CreateTable", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}:
            await self._application(scope, receive, send)
            return
        body = await read_body(receive)
        request = json.loads(body or b"{}")
        if operation == "CreateTable":
            self._keys[request["TableName"]] = tuple(key["AttributeName"] for key in request["KeySchema"])
        items = list(self._items(operation, request))
        if any(item in self._taken for item in items):
            await answer(send, 400, "application/x-amz-json-1.0", self._refusal(operation, items))
            return
        with self._holding(items if operation == "TransactWriteItems" else []):
            if operation == "TransactWriteItems":
                await asyncio.sleep(self._seconds)
            await self._application(scope, replayed(body, receive), send)

    def _items(self, operation: str, request: Mapping[str, Any]) -> Iterator[ItemName]:
        if operation == "TransactWriteItems":
            for entry in request.get("TransactItems", []):
                for action in entry.values():
                    yield self._item(action)
        elif operation != "CreateTable":
            yield self._item(request)

    def _item(self, action: Mapping[str, Any]) -> ItemName:
        table = action["TableName"]
        whole = action.get("Key") or action.get("Item", {})
        key = {name: whole.get(name) for name in self._keys.get(table, tuple(whole))}
        return table, json.dumps(key, sort_keys=True)

    @contextlib.contextmanager
    def _holding(self, items: list[ItemName]) -> Iterator[None]:
        self._taken.update(items)
        try:
            yield
        finally:
            self._taken.difference_update(items)

    def _refusal(self, operation: str, items: list[ItemName]) -> str:
        if operation != "TransactWriteItems":
            return json.dumps({"__type": _dynamodb_type("TransactionConflictException"), "message": _ONGOING})
        reasons = [
            {"Code": "TransactionConflict", "Message": _ONGOING} if item in self._taken else {"Code": "None"}
            for item in items
        ]
        codes = ", ".join(reason["Code"] for reason in reasons)
        text = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
        document = {"Message": text, "CancellationReasons": reasons}
        return json.dumps({"__type": _dynamodb_type("TransactionCanceledException")} | document)


async def read_body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that first returns the body that was already read, and then the following messages."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def answer(send: Send, status: int, content_type: str, text: str) -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(text.encode())).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def _dynamodb_operation(scope: Message) -> str:
    if scope["type"] != "http":
        return ""
    target = next((value.decode() for name, value in scope["headers"] if name == b"x-amz-target"), "")
    return target.removeprefix("DynamoDB_20120810.") if target.startswith("DynamoDB_20120810.") else ""


def _dynamodb_type(name: str) -> str:
    return f"com.amazonaws.dynamodb.v20120810#{name}"


def _too_many_invalidations() -> str:
    return (
        '<?xml version="1.0"?><ErrorResponse xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Error>'
        "<Type>Sender</Type><Code>TooManyInvalidationsInProgress</Code>"
        "<Message>Processing your request will cause you to exceed the maximum number of in-progress wildcard "
        "invalidations.</Message></Error><RequestId>00000000</RequestId></ErrorResponse>"
    )
