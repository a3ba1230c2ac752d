"""DynamoDB's calls as its client has them, sent as they are: the arguments are the request's JSON already.

DynamoDB API reference, "DynamoDB low-level API": JSON 1.0, the operation in X-Amz-Target. Binary attributes, whose
JSON differs, are in no table of ours.
"""

import json
import uuid
import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, HTTPClientError

from pixelfleet.signed.http import Request, SignedHttp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Calls that are sent directly, by the name of the client's method.
OPERATIONS: Final = {
    "get_item": "GetItem",
    "put_item": "PutItem",
    "update_item": "UpdateItem",
    "delete_item": "DeleteItem",
    "query": "Query",
    "batch_get_item": "BatchGetItem",
    "transact_write_items": "TransactWriteItems",
}
_TARGET: Final = "DynamoDB_20120810."
_HEADERS: Final = {"Content-Type": "application/x-amz-json-1.0"}


class SignedDynamoDb:
    """In a client's place: `OPERATIONS` go over `http`, everything else to the client."""

    def __init__(self, client: "DynamoDBClient", http: SignedHttp) -> None:
        self._client = client
        self._http = http
        self._url = client.meta.endpoint_url.rstrip("/") + "/"

    def __getattr__(self, name: str) -> Any:
        if name not in OPERATIONS:
            return getattr(self._client, name)
        operation = OPERATIONS[name]

        def call(**arguments: Any) -> dict[str, Any]:
            return self._call(operation, arguments)

        # Found here no more: the next call of this name does not come by.
        setattr(self, name, call)
        return call

    def _call(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if operation == "TransactWriteItems":
            # Repeated after a lost answer, a transaction with its token is done once (API reference).
            arguments = {"ClientRequestToken": str(uuid.uuid4()), **arguments}
        body = json.dumps(arguments, separators=(",", ":"), default=_refuse).encode()
        headers = {**_HEADERS, "X-Amz-Target": _TARGET + operation}
        content = self._http.send(Request(operation, "POST", self._url, headers, body)).content
        answer: dict[str, Any] = json.loads(content) if content else {}
        return answer


def judge(request: Request, answer: AWSResponse) -> None:
    """Raise what the client would raise (DynamoDB developer guide, "Error handling").

    DynamoDB sends a checksum with each answer; one that does not match it was damaged on its way.
    """
    stated = answer.headers.get("x-amz-crc32")
    if stated is not None and zlib.crc32(answer.content) != int(stated):
        raise HTTPClientError(error="the answer does not match its CRC32")
    status = answer.status_code
    if status == HTTPStatus.OK:
        return
    try:
        content = json.loads(answer.content)
    except ValueError:
        content = {}
    kind = str(content.get("__type", status)).rpartition("#")[2]
    response: Any = {
        "Error": {"Code": kind, "Message": content.get("message", content.get("Message", ""))},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    if "CancellationReasons" in content:
        response["CancellationReasons"] = content["CancellationReasons"]
    if "Item" in content:
        response["Item"] = content["Item"]
    raise ClientError(response, request.operation)


def _refuse(value: object) -> Any:
    raise TypeError(f"not a DynamoDB attribute of ours: {value!r}")
