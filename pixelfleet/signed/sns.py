"""SNS's publish as its client has it, over a signed request (SNS API reference, "Publish": the query protocol)."""

import re
from collections.abc import Mapping
from html import unescape
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from pixelfleet.signed.http import Request, SignedHttp

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_VERSION: Final = "2010-03-31"
_HEADERS: Final = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
_FIELD: Final = re.compile(r"<(Code|Message|MessageId)>([^<]*)</")


class SignedSns:
    """In a client's place: `publish` goes over `http`, everything else to the client."""

    def __init__(self, client: "SNSClient", http: SignedHttp) -> None:
        self._client = client
        self._http = http
        self._url = client.meta.endpoint_url.rstrip("/") + "/"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def publish(self, **arguments: Any) -> dict[str, str]:
        form = {"Action": "Publish", "Version": _VERSION, **_flat(arguments)}
        answer = self._http.send(Request("Publish", "POST", self._url, _HEADERS, urlencode(form).encode()))
        return {"MessageId": _fields(answer).get("MessageId", "")}


def judge(request: Request, answer: AWSResponse) -> None:
    """Raise what the client would raise (SNS API reference, "Common errors")."""
    if answer.status_code == HTTPStatus.OK:
        return
    fields = _fields(answer)
    response: Any = {
        "Error": {"Code": fields.get("Code", str(answer.status_code)), "Message": fields.get("Message", "")},
        "ResponseMetadata": {"HTTPStatusCode": answer.status_code},
    }
    raise ClientError(response, request.operation)


def _flat(arguments: Mapping[str, Any]) -> dict[str, str]:
    plain = {name: value for name, value in arguments.items() if name != "MessageAttributes"}
    for number, (name, value) in enumerate(arguments.get("MessageAttributes", {}).items(), start=1):
        entry = f"MessageAttributes.entry.{number}"
        plain[f"{entry}.Name"] = name
        plain |= {f"{entry}.Value.{part}": text for part, text in value.items()}
    return plain


def _fields(answer: AWSResponse) -> dict[str, str]:
    return {name: unescape(text) for name, text in _FIELD.findall(answer.text)}
