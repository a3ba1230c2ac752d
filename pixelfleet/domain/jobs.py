"""The contract between producer and worker: the Job, its lane, and the Celery message that carries it.

The message is built without Celery, so that the producer's zip does not need Celery and one SendMessageBatch sends
ten messages. Its form is that of kombu 5.7 for SQS (kombu/transport/SQS, `Channel._message_to_python`) and of Celery's
message protocol 2; a contract test checks it with both.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from pixelfleet.domain.keys import MAX_KEY_BYTES, Place, image_id, place_of
from pixelfleet.errors import JobError

JOB_VERSION: Final = 1
TASK_NAME: Final = "pixelfleet.process"
#: An S3 key is at most 1,024 bytes of UTF-8; with every other field at its limit a job stays far below this.
MAX_JOB_BYTES: Final = 16 * 1024


class Lane(StrEnum):
    """A queue with its DLQ, its ECS service and its scaling policy."""

    BULK = "bulk"
    HEAVY = "heavy"


class JobKind(StrEnum):
    PROCESS = "process"
    REMOVE = "remove"
    #: Make one lazy variant of the present revision.
    VARIANT = "variant"


class Origin(StrEnum):
    """Who asked for the job; kept in the image's attempt log."""

    EVENT = "event"
    LANE = "lane"
    REDRIVE = "redrive"
    REPROCESS = "reprocess"
    RECONCILE = "reconcile"
    ADOPT = "adopt"
    #: S3 has restored an archived object.
    RESTORE = "restore"
    #: A request to the stable address of a lazy variant.
    REQUEST = "request"
    #: The aliases of an image are to be made again; nothing is rendered.
    ALIASES = "aliases"


@dataclass(frozen=True, slots=True)
class Job:
    """One object version to process, or one key whose object is gone.

    `bytes` is the object's size in the event, None if the event had none. `sequencer` orders the
    events of one key; None from a sender that read the sequencer from the record. `variant` and `revision` are those of
    a job for a lazy variant.
    """

    kind: JobKind
    bucket: str
    key: str
    version_id: str | None = None
    etag: str | None = None
    sequencer: str | None = None
    bytes: int | None = None
    origin: Origin = Origin.EVENT
    variant: str | None = None
    revision: str | None = None

    @property
    def image_id(self) -> str:
        return image_id(self.bucket, self.key)

    @property
    def place(self) -> Place:
        return place_of(self.key)

    @property
    def source_version(self) -> str | None:
        """The version id, else the ETag: the value to which a read can be pinned."""
        return self.version_id or self.etag

    def asked_by(self, origin: Origin) -> "Job":
        return replace(self, origin=origin)


def lane_for(job: Job, bulk_max_bytes: int) -> Lane:
    """Choose by the event's size; the bulk worker passes on an image that is too large by its header."""
    too_large = job.kind is not JobKind.REMOVE and (job.bytes or 0) > bulk_max_bytes
    return Lane.HEAVY if too_large else Lane.BULK


def message_group(owner: str) -> str:
    """The SQS fair-queue tenant of an owner: MessageGroupId takes 128 characters of a small alphabet, so a digest."""
    return hashlib.sha256(owner.encode()).hexdigest()[:32]


def to_dict(job: Job) -> dict[str, Any]:
    """The job as JSON-ready fields; fields that are None are left out."""
    fields: dict[str, Any] = {"version": JOB_VERSION, "kind": job.kind.value, "bucket": job.bucket, "key": job.key}
    optional = {"version_id": job.version_id, "etag": job.etag, "sequencer": job.sequencer, "bytes": job.bytes}
    optional |= {"variant": job.variant, "revision": job.revision}
    fields |= {name: value for name, value in optional.items() if value is not None}
    fields["origin"] = job.origin.value
    return fields


def from_dict(raw: object) -> Job:
    """Read a job, strictly. Unknown fields of a known version are ignored, so that a newer producer may add fields.

    Raises:
        JobError: not a job, or of a version that this release cannot read.
    """
    if not isinstance(raw, Mapping):
        raise JobError(f"a job is a JSON object, not {type(raw).__name__}")
    if raw.get("version") != JOB_VERSION:
        raise JobError(
            f"job version {raw.get('version')!r} is not {JOB_VERSION}, the only version that this worker reads"
        )
    try:
        kind, origin = JobKind(str(raw.get("kind"))), Origin(str(raw.get("origin", "event")))
    except ValueError as error:
        raise JobError(f"not a job: {error}") from None
    job = Job(
        kind=kind,
        bucket=_text(raw, "bucket", required=True),
        key=_text(raw, "key", required=True),
        version_id=_text(raw, "version_id") or None,
        etag=_text(raw, "etag") or None,
        sequencer=_text(raw, "sequencer") or None,
        bytes=_size(raw),
        origin=origin,
        variant=_text(raw, "variant", required=kind is JobKind.VARIANT) or None,
        revision=_text(raw, "revision", required=kind is JobKind.VARIANT) or None,
    )
    if len(job.key.encode("utf-8", "surrogatepass")) > MAX_KEY_BYTES:
        raise JobError(f"key of more than {MAX_KEY_BYTES} bytes: S3 has none such")
    return job


def encode_message(job: Job, lane: Lane) -> str:
    """The SQS body of a Celery message that runs `TASK_NAME` with this job; its routing key is the lane."""
    message = {
        "body": json.dumps([[to_dict(job)], {}, {}], separators=(",", ":")),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"task": TASK_NAME, "id": str(uuid.uuid4())},
        "properties": {"delivery_info": {"exchange": "", "routing_key": lane.value}},
    }
    return json.dumps(message, separators=(",", ":"))


def decode_message(body: str) -> Job:
    """Read the job back from an SQS body; used without Celery, as for a DLQ.

    Raises:
        JobError: not a message that `encode_message` made.
    """
    if len(body) > 4 * MAX_JOB_BYTES:
        raise JobError(f"message of {len(body)} characters: no job is that long")
    try:
        message = json.loads(body)
        args, _kwargs, _embed = json.loads(message["body"])
        [raw] = args
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise JobError(f"not a pixelfleet message: {type(error).__name__}") from None
    return from_dict(raw)


def _text(raw: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = raw.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value) or len(value) > MAX_KEY_BYTES:
        raise JobError(f"{name} should be text of 1 to {MAX_KEY_BYTES} characters, not {value!r:.80}")
    return value


def _size(raw: Mapping[str, Any]) -> int | None:
    value = raw.get("bytes")
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise JobError(f"bytes should be a whole number of bytes, not {value!r:.80}")
    return value
