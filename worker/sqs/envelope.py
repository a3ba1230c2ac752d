"""The form of an SQS message that reaches Celery, and the only parts of it that do.

Celery and kombu act on many fields that a sender may write into an envelope: an `eta` keeps the message in memory, an
`expires` in the past acknowledges the message unseen, callbacks name other tasks, a foreign `routing_key` decides which
queue a delete goes to. So kombu gets a new payload, built from the task's name, its id and its arguments; the rest of
the envelope is not read. The form is that of `pixelfleet.domain.jobs.encode_message`.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from pixelfleet.errors import PixelfleetError


class EnvelopeError(PixelfleetError):
    """Not a message that this worker can run: it is left to the queue's redrive policy."""


def read_envelope(body: str) -> tuple[str, str, str]:
    """The task's name, its id and its `[args, kwargs, embed]` as JSON text.

    Raises:
        EnvelopeError: the message names the part that is wrong.
    """
    envelope = _json_object(body)
    headers = envelope.get("headers")
    if not isinstance(headers, Mapping):
        raise EnvelopeError(f"headers should be an object, not {type(headers).__name__}")
    return _text(headers, "task"), _text(headers, "id"), _arguments(envelope)


def to_payload(message: Mapping[str, Any], queue: str, delivery: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of a kombu Message. `delivery` is added to the delivery_info that the task can read.

    Raises:
        EnvelopeError: the body is not a message for this worker.
    """
    task, task_id, arguments = read_envelope(message["Body"])
    handle = message["ReceiptHandle"]
    # Celery copies this to the child with every task: the body is in there once already.
    sqs_message = {name: message.get(name) for name in ("MessageId", "ReceiptHandle", "Attributes")}
    return {
        "body": arguments,
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"task": task, "id": task_id, "root_id": task_id, "lang": "py"},
        "properties": {
            "delivery_tag": handle,
            "correlation_id": task_id,
            "reply_to": None,
            "delivery_info": {"exchange": "", "routing_key": queue, "sqs_message": sqs_message, **delivery},
        },
    }


def _json_object(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = _from_base64(text)
    if not isinstance(document, Mapping):
        raise EnvelopeError(f"the message should be a JSON object, not {type(document).__name__}")
    return document


def _from_base64(text: str) -> object:
    """kombu's own producer wraps the whole message in base64."""
    try:
        return json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise EnvelopeError("the message is not JSON") from None


def _arguments(envelope: Mapping[str, Any]) -> str:
    text = _body_text(envelope)
    try:
        triple = json.loads(text)
    except (ValueError, RecursionError):
        raise EnvelopeError("the body is not JSON") from None
    if not isinstance(triple, list) or len(triple) != 3:
        raise EnvelopeError("the body should be [args, kwargs, embed]")
    args, kwargs, embed = triple
    if not isinstance(args, list) or not isinstance(kwargs, dict) or not isinstance(embed, dict):
        raise EnvelopeError("the body should be a list, an object and an object")
    if any(embed.values()):
        raise EnvelopeError("the message asks for callbacks or chains, which this worker does not run")
    return text


def _body_text(envelope: Mapping[str, Any]) -> str:
    body, properties = envelope.get("body"), envelope.get("properties")
    if not isinstance(body, str):
        raise EnvelopeError(f"body should be text, not {type(body).__name__}")
    encoding = properties.get("body_encoding") if isinstance(properties, Mapping) else None
    if encoding in (None, "utf-8"):
        return body
    if encoding != "base64":
        raise EnvelopeError(f"body_encoding {encoding!r:.40} is neither utf-8 nor base64")
    try:
        return base64.b64decode(body, validate=True).decode()
    except ValueError:
        raise EnvelopeError("the body is not base64 of UTF-8") from None


def _text(headers: Mapping[str, Any], name: str) -> str:
    value = headers.get(name)
    if not isinstance(value, str) or not value:
        raise EnvelopeError(f"header {name} should be text, not {value!r:.40}")
    return value
