"""SNS: notices of images and batches, as JSON for programs and as text for people, in one publication.

Publications are at least once; `notice_id` is the same for every publication of one outcome. A notice carries the
dashboard's address and s3:// addresses, never a signed link: mail is forwarded and kept.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated
from pixelfleet.domain.outcomes import REPROCESSING_FAILED
from pixelfleet.domain.records import Alias, Batch, Counts, Image, NoticeKind, Status, StoredVariant
from pixelfleet.errors import Cause, SetupError

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

NOTICE_VERSION: Final = 1
#: The notices that an owner's mail subscription gets. SNS suspends an address above ten messages a second (SNS guide,
#: "Email notifications"), so no mail is sent for a single image.
MAILED_TO_OWNERS: Final = (NoticeKind.BATCH_COMPLETED, NoticeKind.OWNER_DIGEST)
_STATUS_OF: Final = {
    NoticeKind.IMAGE_READY: Status.READY,
    NoticeKind.IMAGE_FAILED: Status.FAILED,
    NoticeKind.REPROCESSING_FAILED: Status.READY,
}
#: SNS: a subject is at most 100 characters of printable ASCII.
SUBJECT_LENGTH: Final = 100


@dataclass(frozen=True, slots=True)
class Notice:
    """One publication: attributes to filter by, a document for machines, a subject and text for people."""

    attributes: dict[str, str]
    document: dict[str, Any]
    subject: str
    text: str


class Notices:
    """Publishes to the notices topic. Raises TransientError when SNS does not take a notice."""

    def __init__(self, client: "SNSClient", topic_arn: str, dashboard_url: str, results_bucket: str) -> None:
        self._client = client
        self._topic = topic_arn
        self._dashboard = dashboard_url.rstrip("/")
        self._results = results_bucket

    def image(self, image: Image) -> None:
        """Publish an image's pending notice."""
        self._publish(image_notice(image, self._dashboard, self._results))

    def batch_completed(self, batch: Batch, counts: Counts) -> None:
        self._publish(batch_notice(batch, counts, self._dashboard))

    def subscribe(self, email: str, owner: str) -> None:
        """Mail an owner's completed batches and digests of failures to an address; SNS asks the address first."""
        with translated("subscribe to notices"), _room_for_a_filter():
            self._client.subscribe(
                TopicArn=self._topic,
                Protocol="email",
                Endpoint=email,
                Attributes={
                    "FilterPolicy": json.dumps({"owner": [owner], "kind": [kind.value for kind in MAILED_TO_OWNERS]})
                },
            )

    def publish(self, notice: Notice) -> None:
        """Publish a notice that `digest_notice` made."""
        self._publish(notice)

    def _publish(self, notice: Notice) -> None:
        machine = json.dumps(notice.document, separators=(",", ":"))
        attributes: dict[str, MessageAttributeValueTypeDef] = {
            name: {"DataType": "String", "StringValue": value} for name, value in notice.attributes.items() if value
        }
        with translated("publish a notice"):
            self._client.publish(
                TopicArn=self._topic,
                MessageStructure="json",
                Message=json.dumps({"default": machine, "email": notice.text, "sms": notice.subject}),
                Subject=notice.subject,
                MessageAttributes=attributes,
            )


@contextmanager
def _room_for_a_filter() -> Iterator[None]:
    """SNS has 200 filter policies for a topic (SNS quotas); a mail subscription needs one.

    Raises:
        SetupError: the topic has no room for another.
    """
    try:
        yield
    except ClientError as error:
        if error_code(error) != "FilterPolicyLimitExceeded":
            raise
        raise SetupError(
            "the notices topic has 200 subscriptions with a filter, and SNS takes no more: remove some, or "
            "subscribe one queue that forwards notices"
        ) from error


def image_notice(image: Image, dashboard: str, results_bucket: str) -> Notice:
    """The notice of an image's pending outcome.

    It has the outcome for which it was written, even if the image has been queued again since.
    """
    kind = image.notice or NoticeKind.IMAGE_READY
    document = _image_document(image, kind, f"{dashboard}/images/{image.image_id}", results_bucket)
    outcome, lines = _image_text(image, kind, document)
    lines += ["", f"Original: {document['source']}", f"Dashboard: {document['dashboard']}"]
    return Notice(
        attributes=_attributes(kind, image.owner, image.batch, document["recipe"]),
        document=document,
        subject=_subject(f"pixelfleet: {image.path}{outcome}"),
        text="\n".join(lines) + "\n",
    )


def _image_document(image: Image, kind: NoticeKind, link: str, results_bucket: str) -> dict[str, Any]:
    cause, message = _cause_of(image, kind)
    ready = kind is NoticeKind.IMAGE_READY
    return {
        "version": NOTICE_VERSION,
        "kind": kind.value,
        "notice_id": image.notice_id,
        "image_id": image.image_id,
        "owner": image.owner,
        "batch": image.batch,
        "recipe": image.recipe.name if image.recipe else None,
        "source": f"s3://{image.bucket}/{image.key}",
        "status": _STATUS_OF.get(kind, image.status).value,
        "cause": cause.value if cause else None,
        "message": message,
        "variants": [_variant(variant, results_bucket) for variant in image.variants] if ready else [],
        "aliases": [_alias(alias) for alias in image.aliases] if ready else [],
        "dashboard": link,
        "finished_at": image.finished_at,
    }


def _variant(variant: StoredVariant, results_bucket: str) -> dict[str, Any]:
    return {
        "name": variant.name,
        "s3": f"s3://{results_bucket}/{variant.key}",
        "format": variant.format,
        "width": variant.width,
        "height": variant.height,
        "bytes": variant.bytes,
    }


def _alias(alias: Alias) -> dict[str, Any]:
    s3 = f"s3://{alias.bucket}/{alias.key}"
    return {"file": alias.file, "s3": s3, "state": alias.state, "problem": alias.problem}


def _image_text(image: Image, kind: NoticeKind, document: Mapping[str, Any]) -> tuple[str, list[str]]:
    """What follows the path in the subject, and the first lines of the text."""
    cause, message = document["cause"], f"  {document['message']}"
    match kind:
        case NoticeKind.IMAGE_READY:
            results = [
                f"  {v['name']}: {v['width']} x {v['height']} {v['format']}, {v['s3']}" for v in document["variants"]
            ]
            problems = [f"  alias {a['s3']}: {a['problem']}" for a in document["aliases"] if a["problem"]]
            return " is ready", [f"{image.path} is ready:", "", *results, *problems]
        case NoticeKind.REPROCESSING_FAILED:
            outcome = f" could not be processed again ({cause})"
            return outcome, [f"{image.path}{outcome}; its earlier results are unchanged:", message]
        case NoticeKind.IMAGE_FAILED:
            return f" failed ({cause})", [f"{image.path} failed ({cause}):", message]
    # A kind of a newer release, whose worker died before it published the notice.
    return f": {kind}", [f"{image.path}: {kind}"]


def _cause_of(image: Image, kind: NoticeKind) -> tuple[Cause | None, str | None]:
    if kind is NoticeKind.REPROCESSING_FAILED:
        # The record itself has no cause: it is ready.
        ends = (line for line in reversed(image.attempt_log) if line.what == REPROCESSING_FAILED)
        return next(((line.cause, line.message) for line in ends), (None, None))
    return (image.cause, image.message) if kind is NoticeKind.IMAGE_FAILED else (None, None)


def batch_notice(batch: Batch, counts: Counts, dashboard: str) -> Notice:
    """The notice that is published when the last image of a sealed batch is accounted for."""
    link = f"{dashboard}/batches/{batch.owner}/{batch.name}"
    recipe = batch.recipe.name if batch.recipe else None
    document = {
        "version": NOTICE_VERSION,
        "kind": NoticeKind.BATCH_COMPLETED.value,
        "notice_id": batch.notice_id,
        "owner": batch.owner,
        "batch": batch.name,
        "recipe": recipe,
        "images": batch.expected,
        "ready": counts.ready,
        "failed": counts.failed,
        "deleted": counts.deleted,
        "failed_by_cause": counts.failed_by_cause,
        "created_at": batch.created_at,
        "completed_at": batch.completed_at,
        "dashboard": link,
    }
    lines = [f"Batch {batch.name} of {batch.owner} is complete: {counts.ready} ready, {counts.failed} failed.", ""]
    lines += [f"  {cause}: {number}" for cause, number in sorted(counts.failed_by_cause.items())]
    lines += [f"Started {batch.created_at}, completed {batch.completed_at}.", f"Dashboard: {link}"]
    return Notice(
        attributes=_attributes(NoticeKind.BATCH_COMPLETED, batch.owner, batch.name, recipe),
        document=document,
        subject=_subject(f"pixelfleet: batch {batch.name} complete, {counts.ready} ready, {counts.failed} failed"),
        text="\n".join(lines) + "\n",
    )


def digest_notice(document: dict[str, Any], lines: Sequence[str], subject: str) -> Notice:
    """A digest of failures: of the deployment, or of the owner that the document names."""
    return Notice(
        attributes=_attributes(document["kind"], document.get("owner") or "", None, None),
        document={"version": NOTICE_VERSION} | document,
        subject=_subject(subject),
        text="\n".join(lines) + "\n",
    )


def _attributes(kind: NoticeKind | str, owner: str, batch: str | None, recipe: str | None) -> dict[str, str]:
    return {"kind": str(kind), "owner": owner, "batch": batch or "", "recipe": recipe or ""}


def _subject(text: str) -> str:
    """A file name may hold any character; a line break must not reach the header of a mail."""
    plain = "".join(character if " " <= character <= "~" else "?" for character in text)
    return plain[:SUBJECT_LENGTH]
