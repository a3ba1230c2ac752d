"""S3 event notifications: from an SQS body to Uploads. Pure.

Form: Amazon S3 user guide, "Event message structure"; EventBridge's own form: "EventBridge event message structure";
SNS wraps the first in an envelope unless raw delivery is on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

from pixelfleet.domain.jobs import Job, JobKind, Origin
from pixelfleet.domain.keys import MAX_KEY_BYTES
from pixelfleet.errors import EventError

#: An envelope in an envelope in an envelope is no notification that AWS sends.
MAX_ENVELOPES: Final = 3
SUPPORTED_MAJOR: Final = "2"

_KINDS: Final = {
    "ObjectCreated": JobKind.PROCESS,
    "ObjectRemoved": JobKind.REMOVE,
    "LifecycleExpiration": JobKind.REMOVE,
}
_EVENTBRIDGE_KINDS: Final = {"Object Created": JobKind.PROCESS, "Object Deleted": JobKind.REMOVE}
#: An archived object can be read from now on: its image may wait for the restore.
_RESTORED: Final = "ObjectRestore:Completed"
_EVENTBRIDGE_RESTORED: Final = "Object Restore Completed"


@dataclass(frozen=True, slots=True)
class Parsed:
    """The content of one message: jobs to route, and the records that could not be read, each with its reason.

    Events that need no work (a test event, the beginning of a restore, a tagging, a folder marker) are counted as
    ignored.
    """

    jobs: tuple[Job, ...] = ()
    problems: tuple[str, ...] = ()
    ignored: int = 0


def parse_message(body: str) -> Parsed:
    """Read one SQS body.

    Raises:
        EventError: it is no S3 event notification, also not one from SNS or EventBridge.
    """
    return _parse_document(_load(body), MAX_ENVELOPES)


def _load(text: object) -> Mapping[str, Any]:
    if not isinstance(text, str):
        raise EventError(f"an event is JSON text, not {type(text).__name__}")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EventError(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise EventError(f"an event is a JSON object, not {type(document).__name__}")
    return document


def _parse_document(document: Mapping[str, Any], envelopes: int) -> Parsed:
    if "Records" in document:
        return _parse_records(document["Records"])
    if document.get("Event") == "s3:TestEvent":
        return Parsed(ignored=1)
    if "detail-type" in document and "detail" in document:
        return _parse_eventbridge(document)
    if document.get("Type") == "Notification" and "Message" in document and envelopes:
        return _parse_document(_load(document["Message"]), envelopes - 1)
    raise EventError(
        "no S3 event notification: neither Records, nor an s3:TestEvent, nor SNS or EventBridge carrying one"
    )


def _parse_records(records: object) -> Parsed:
    if not isinstance(records, list):
        raise EventError(f"Records should be a list, not {type(records).__name__}")
    jobs: list[Job] = []
    problems: list[str] = []
    ignored = 0
    for number, record in enumerate(records):
        try:
            job = _parse_record(record)
        except EventError as error:
            problems.append(f"record {number}: {error}")
            continue
        if job is None:
            ignored += 1
        else:
            jobs.append(job)
    return Parsed(tuple(jobs), tuple(problems), ignored)


def _parse_record(record: object) -> Job | None:
    fields = _object(record, "a record")
    if fields.get("eventSource", "aws:s3") != "aws:s3":
        raise EventError(f"eventSource {fields['eventSource']!r:.60} is not aws:s3")
    major = _text(fields, "eventVersion", default="2.0").partition(".")[0]
    if major != SUPPORTED_MAJOR:
        raise EventError(f"eventVersion {fields['eventVersion']!r:.60} is not {SUPPORTED_MAJOR}.x")
    name = _text(fields, "eventName").removeprefix("s3:")
    origin = Origin.RESTORE if name == _RESTORED else Origin.EVENT
    kind = JobKind.PROCESS if origin is Origin.RESTORE else _KINDS.get(name.partition(":")[0])
    if kind is None:
        return None
    s3 = _object(fields.get("s3"), "s3")
    bucket = _text(_object(s3.get("bucket"), "s3.bucket"), "name")
    details = _object(s3.get("object"), "s3.object")
    # Keys are form-encoded in notifications: a space comes as +, a plus as %2B.
    key = _decode_key(_text(details, "key"))
    version = {"version_id": details.get("versionId"), "etag": details.get("eTag")}
    return _job(kind, bucket, key, details | version, origin)


def _parse_eventbridge(document: Mapping[str, Any]) -> Parsed:
    restored = document["detail-type"] == _EVENTBRIDGE_RESTORED
    kind = JobKind.PROCESS if restored else _EVENTBRIDGE_KINDS.get(str(document["detail-type"]))
    if document.get("source") != "aws.s3" or kind is None:
        return Parsed(ignored=1)
    detail = _object(document["detail"], "detail")
    bucket = _text(_object(detail.get("bucket"), "detail.bucket"), "name")
    details = _object(detail.get("object"), "detail.object")
    # EventBridge, unlike S3's notifications, does not encode the key.
    origin = Origin.RESTORE if restored else Origin.EVENT
    job = _job(kind, bucket, _text(details, "key"), details | {"version_id": details.get("version-id")}, origin)
    return Parsed(jobs=(job,)) if job is not None else Parsed(ignored=1)


def _job(kind: JobKind, bucket: str, key: str, details: Mapping[str, Any], origin: Origin) -> Job | None:
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        raise EventError(f"object key {key!r:.80} is not Unicode text") from None
    if not 0 < length <= MAX_KEY_BYTES:
        raise EventError(f"object key of {length} bytes; S3 keys have 1 to {MAX_KEY_BYTES}")
    size = _size(details)
    if kind is JobKind.PROCESS and key.endswith("/") and not size:
        # The marker of a folder. The event of a removal has no size: its key may have held an image.
        return None
    return Job(
        kind=kind,
        bucket=bucket,
        key=key,
        # "null" is the version of an object written while versioning was off: a read cannot be pinned to it.
        version_id=_optional(details, "version_id", nothing="null"),
        etag=_optional(details, "etag"),
        sequencer=_optional(details, "sequencer"),
        bytes=size,
        origin=origin,
    )


def _decode_key(encoded: str) -> str:
    try:
        return unquote_plus(encoded, errors="strict")
    except UnicodeDecodeError:
        raise EventError(f"object key {encoded!r:.80} is not form-encoded UTF-8") from None


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EventError(f"{name} should be a JSON object, not {type(value).__name__}")
    return value


def _text(fields: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = fields.get(name, default)
    if not isinstance(value, str) or not value:
        raise EventError(f"{name} should be text, not {value!r:.60}")
    return value


def _optional(fields: Mapping[str, Any], name: str, nothing: str = "") -> str | None:
    value = fields.get(name)
    if value is None or value in ("", nothing):
        return None
    if not isinstance(value, str) or len(value) > MAX_KEY_BYTES:
        raise EventError(f"{name} should be text, not {value!r:.60}")
    return value


def _size(fields: Mapping[str, Any]) -> int | None:
    value = fields.get("size")
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise EventError(f"size should be a whole number of bytes, not {value!r:.60}")
    return value
