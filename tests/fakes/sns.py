"""SNS in memory, with the calls of a boto3 client. Every publication is kept, in order.

Rules: SNS API reference, Publish: a message of at most 256 KB, a subject of at most 100 characters without a line
break, and for `MessageStructure=json` a JSON object of texts with the member `default`.
"""

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.fakes.errors import aws_error

MOST_BYTES: Final = 262_144
MOST_SUBJECT: Final = 100


@dataclass(frozen=True, slots=True)
class Publication:
    """One message of one topic. `document` is the JSON object for machines."""

    topic_arn: str
    subject: str
    document: dict[str, Any]
    attributes: Mapping[str, str]


class FakeSns:
    """One account's topics."""

    def __init__(self) -> None:
        self.published: list[Publication] = []
        self.on_publish: Callable[[Publication], None] = lambda _publication: None
        self._topics: set[str] = set()
        self._numbers = itertools.count(1)

    def create_topic(self, *, Name: str, **_: Any) -> dict[str, Any]:
        arn = f"arn:aws:sns:us-east-1:000000000000:{Name}"
        self._topics.add(arn)
        return {"TopicArn": arn}

    def publish(
        self,
        *,
        TopicArn: str,
        Message: str,
        MessageStructure: str = "",
        Subject: str = "",
        MessageAttributes: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Raises ClientError: NotFound, InvalidParameter."""
        if TopicArn not in self._topics:
            raise aws_error("NotFound", 404, "Publish", "Topic does not exist")
        if not Message or len(Message.encode()) > MOST_BYTES:
            raise aws_error("InvalidParameter", 400, "Publish", "Invalid parameter: Message")
        if len(Subject) > MOST_SUBJECT or "\n" in Subject:
            raise aws_error("InvalidParameter", 400, "Publish", "Invalid parameter: Subject")
        text = _default_of(Message) if MessageStructure == "json" else Message
        attributes = {name: value["StringValue"] for name, value in (MessageAttributes or {}).items()}
        publication = Publication(TopicArn, Subject, _document(text), attributes)
        self.published.append(publication)
        self.on_publish(publication)
        return {"MessageId": f"message-{next(self._numbers)}"}


def _default_of(message: str) -> str:
    try:
        text = json.loads(message)["default"]
    except (ValueError, KeyError, TypeError):
        raise aws_error("InvalidParameter", 400, "Publish", "Invalid parameter: Message Structure") from None
    return str(text)


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {"text": text}
    return document if isinstance(document, dict) else {"text": text}
