"""S3, SQS and EventBridge: the setup of a bucket, as far as an adoption depends on it. Everything is only read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

#: The answers of S3 for a configuration that does not exist.
_NONE: Final = frozenset({"ServerSideEncryptionConfigurationNotFoundError", "NoSuchConfiguration", "404"})
_REFUSED: Final = frozenset({"403", "AccessDenied", "AccessDeniedException", "AuthorizationError"})


@dataclass(frozen=True, slots=True)
class EventRule:
    """A rule of EventBridge that is on, and the pattern of its events."""

    arn: str
    pattern: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BucketSetup:
    """The configuration of a bucket. A part that the caller may not read is None.

    `notifications` is as S3 answers; `kms_key` is empty if the bucket has no key of KMS; `queue_policy` is that of
    the uploads queue; `rules` are EventBridge's rules that send to that queue.
    """

    versioning: str | None
    notifications: Mapping[str, Any] | None
    kms_key: str | None
    queue_policy: Mapping[str, Any] | None
    rules: tuple[EventRule, ...] | None


class BucketSetups:
    """Reads setups. `events` is a client of EventBridge, or None.

    Methods raise TransientError when AWS does not answer.
    """

    def __init__(self, s3: "S3Client", sqs: "SQSClient", events: Any) -> None:
        self._s3 = s3
        self._sqs = sqs
        self._events = events

    def read(self, bucket: str, queue_url: str, queue_arn: str) -> BucketSetup:
        """The setup of a bucket and of the queue that its events go to."""
        return BucketSetup(
            versioning=self._read(lambda: self._s3.get_bucket_versioning(Bucket=bucket).get("Status", "")),
            notifications=self._read(lambda: _plain(self._s3.get_bucket_notification_configuration(Bucket=bucket))),
            kms_key=self._read(lambda: self._kms_key(bucket)),
            queue_policy=self._read(lambda: self._policy(queue_url)),
            rules=self._read(lambda: self._rules(queue_arn)),
        )

    def _kms_key(self, bucket: str) -> str:
        answer = self._s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        for rule in answer["Rules"]:
            applied = rule.get("ApplyServerSideEncryptionByDefault", {})
            if str(applied.get("SSEAlgorithm", "")).startswith("aws:kms"):
                return str(applied.get("KMSMasterKeyID", "alias/aws/s3"))
        return ""

    def _policy(self, queue_url: str) -> Mapping[str, Any]:
        answer = self._sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["Policy"])
        policy: Mapping[str, Any] = json.loads(answer.get("Attributes", {}).get("Policy", "{}"))
        return policy

    def _rules(self, queue_arn: str) -> tuple[EventRule, ...]:
        if self._events is None:
            return ()
        names = self._events.list_rule_names_by_target(TargetArn=queue_arn)["RuleNames"]
        rules = [self._events.describe_rule(Name=name) for name in names]
        enabled = [rule for rule in rules if rule.get("State") == "ENABLED"]
        return tuple(EventRule(rule["Arn"], json.loads(rule.get("EventPattern", "{}"))) for rule in enabled)

    def _read(self, read: Any) -> Any:
        with translated("read the setup of a bucket"):
            try:
                return read()
            except ClientError as error:
                if error_code(error) in _NONE:
                    return ""
                if error_code(error) in _REFUSED:
                    return None
                raise


def _plain(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
