"""A browser's form upload, read as far as the file begins: enough to check the signature before anything is stored."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message as MimeHeaders
from http import HTTPStatus
from typing import Any, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from pixelfleet.localcloud.request_head import DeniedError, Message, Receive

#: Bytes of the fields before the file. AWS allows 20 kB (Amazon S3 API reference, "POST Object").
MOST_FIELD_BYTES: Final = 64_000
#: Seconds in which the fields have to arrive.
FIELD_SECONDS: Final = 30.0


@dataclass(slots=True)
class FormHead:
    """The fields of a form before its file, under lower-case names, and the messages that were read to find them."""

    fields: dict[str, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)


async def read_form_head(content_type: str, receive: Receive, seconds: float = FIELD_SECONDS) -> FormHead:
    """Read a form up to its file.

    Raises:
        DeniedError: no valid form, a field twice, fields too large or too slow.
    """
    head, parts = FormHead(), FormParts(content_type)
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while not parts.at_file:
                message = await receive()
                body = message.get("body", b"")
                head.messages.append(message)
                parts.feed(body)
                size += len(body)
                if message["type"] != "http.request" or not message.get("more_body") or size > MOST_FIELD_BYTES:
                    break
    except TimeoutError:
        raise DeniedError("RequestTimeout", "The form did not arrive in time.", HTTPStatus.REQUEST_TIMEOUT) from None
    if not parts.at_file:
        raise DeniedError("MalformedPOSTRequest", "The form has no file after its fields.", HTTPStatus.BAD_REQUEST)
    head.fields = parts.fields
    return head


def bucket_of(policy: Mapping[str, Any]) -> str | None:
    """The bucket that a policy names; None for a policy with no bucket, or two."""
    named = {str(bucket) for condition in policy["conditions"] for bucket in _buckets(condition)}
    return named.pop() if len(named) == 1 else None


def _buckets(condition: object) -> Iterator[str]:
    """The two spellings of an exact match (Amazon S3 API reference, "Creating a POST policy")."""
    match condition:
        case {"bucket": str(bucket)} | ["eq", "$bucket", str(bucket)]:
            yield bucket


def most_bytes(policy: Mapping[str, Any]) -> int | None:
    """The size in bytes that a policy allows for a file; None for a policy without a limit."""
    for condition in policy["conditions"]:
        if isinstance(condition, list) and len(condition) == 3 and condition[0] == "content-length-range":
            return condition[2] if isinstance(condition[2], int) else 0
    return None


class FormParts:
    """Reads a multipart body piece by piece: the fields before the part named `file`, then that part's content.

    Fields after the file are dropped, as on AWS.
    """

    def __init__(self, content_type: str, on_file: Callable[[bytes], object] = len) -> None:
        self.fields: dict[str, str] = {}
        #: The form as far as the file's content begins.
        self.head = bytearray()
        self.at_file = False
        #: Whether the file's content has ended.
        self.whole = False
        self.boundary = _boundary(content_type)
        self._on_file = on_file
        self._in_file = False
        self._disposition, self._name, self._header, self._value = bytearray(), bytearray(), bytearray(), bytearray()
        self._parser = MultipartParser(
            self.boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._end,
            },
        )
        self._field = ""

    def feed(self, body: bytes) -> None:
        """Raises DeniedError: the body is no valid form, or has a field twice."""
        try:
            self._parser.write(body)
        except (FormParserError, UnicodeDecodeError):
            raise DeniedError("MalformedPOSTRequest", "The body is not a valid form.", HTTPStatus.BAD_REQUEST) from None

    def _begin(self) -> None:
        self._disposition.clear()
        self._value.clear()
        self._keep(b"--" + self.boundary + b"\r\n")

    def _header_end(self) -> None:
        if bytes(self._name).lower() == b"content-disposition":
            self._disposition += self._header
        self._keep(bytes(self._name) + b": " + bytes(self._header) + b"\r\n")
        self._name.clear()
        self._header.clear()

    def _headers_finished(self) -> None:
        headers = MimeHeaders()
        headers["Content-Disposition"] = self._disposition.decode("utf-8", "replace")
        name = headers.get_param("name", header="content-disposition")
        self._field = name.lower() if isinstance(name, str) else ""
        self._keep(b"\r\n")
        self._in_file = not self.at_file and self._field == "file"
        self.at_file = self.at_file or self._in_file

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._on_file(data[start:end])
        elif not self.at_file:
            self._value += data[start:end]

    def _end(self) -> None:
        self.whole = self.whole or self._in_file
        self._in_file = False
        if self.at_file:
            return
        if self._field in self.fields or len(self.fields) >= 100:
            raise DeniedError("InvalidArgument", f"The form has the field {self._field} twice.")
        self.fields[self._field] = self._value.decode("utf-8")
        self._keep(bytes(self._value) + b"\r\n")

    def _keep(self, piece: bytes) -> None:
        if not self.at_file:
            self.head += piece


def _boundary(content_type: str) -> bytes:
    headers = MimeHeaders()
    headers["Content-Type"] = content_type
    boundary = headers.get_boundary()
    if not boundary or len(boundary) > 200:
        raise DeniedError("MalformedPOSTRequest", "The form names no boundary.", HTTPStatus.BAD_REQUEST)
    return boundary.encode("utf-8", "replace")
