"""Makes the resources of a deployment in the embedded cloud. Every step may be repeated; Terraform does this on AWS."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pixelfleet.catalog.schema import Table
from pixelfleet.errors import SetupError
from pixelfleet.localcloud.resources import (
    NOTIFIED_EVENTS,
    Bucket,
    Queue,
    Resources,
    queue_name,
    resources,
    topic_name,
)
from pixelfleet.localcloud.tables import ensure_table
from pixelfleet.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

_CONFIG = Config(signature_version="s3v4", connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 3})


@dataclass(frozen=True, slots=True)
class Provisioned:
    """One resource that exists now; `made`: it did not exist before."""

    kind: Literal["bucket", "queue", "table", "topic"]
    name: str
    made: bool


def provision(settings: Settings, session: boto3.Session | None = None) -> list[Provisioned]:
    """Make, or bring up to date, every resource at `settings.endpoint_url`.

    Raises:
        SetupError: no endpoint is set, or the endpoint does not answer or refuses.
    """
    if settings.endpoint_url is None:
        raise SetupError(
            "AWS_ENDPOINT_URL is not set: provision makes the resources of the embedded cloud only. "
            "Start one by `pixelfleet up` and paste the lines that it prints; on AWS, Terraform makes them (infra/)"
        )
    try:
        maker = _Maker(settings, session or boto3.Session())
        return list(maker.make(resources(settings)))
    except ClientError as error:
        raise SetupError(f"{settings.endpoint_url} refused: {error}") from error
    except BotoCoreError as error:
        raise SetupError(f"{settings.endpoint_url} cannot be used: {error}") from error


class _Maker:
    def __init__(self, settings: Settings, session: boto3.Session) -> None:
        self._region = settings.region
        self._account = settings.account_id
        place: dict[str, Any] = {
            "endpoint_url": settings.endpoint_url,
            "region_name": settings.region,
            "config": _CONFIG,
        }
        self._s3: S3Client = session.client("s3", **place)
        self._sqs: SQSClient = session.client("sqs", **place)
        self._sns: SNSClient = session.client("sns", **place)
        self._dynamodb: DynamoDBClient = session.client("dynamodb", **place)

    def make(self, desired: Resources) -> Iterator[Provisioned]:
        for bucket in filter(None, (desired.uploads, desired.results, desired.aliases)):
            yield self._bucket(bucket)
        self._admit_browsers(desired.uploads)
        for queue in desired.queues:
            yield from self._queue(queue)
        for name, table in desired.tables:
            yield self._table(name, table)
        for arn in desired.topic_arns:
            yield self._topic(topic_name(arn))
        self._notify(desired.uploads.name, queue_name(desired.uploads_queue.url))

    def _bucket(self, bucket: Bucket) -> Provisioned:
        made = bucket.name not in {there.get("Name") for there in self._s3.list_buckets().get("Buckets", [])}
        if made and self._region == "us-east-1":
            self._s3.create_bucket(Bucket=bucket.name)
        elif made:
            place: Any = {"LocationConstraint": self._region}
            self._s3.create_bucket(Bucket=bucket.name, CreateBucketConfiguration=place)
        self._s3.put_public_access_block(
            Bucket=bucket.name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
        if bucket.versioned:
            self._s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
        self._s3.put_bucket_lifecycle_configuration(
            Bucket=bucket.name,
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": "abort-unfinished-uploads",
                        "Status": "Enabled",
                        "Filter": {"Prefix": ""},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": bucket.abort_multipart_days},
                    }
                ]
            },
        )
        return Provisioned("bucket", bucket.name, made)

    def _admit_browsers(self, uploads: Bucket) -> None:
        """Let the dashboard's pages upload by their signed forms, on any port of this machine."""
        rule: Any = {
            "AllowedMethods": ["POST", "PUT"],
            "AllowedOrigins": list(uploads.origins),
            "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag", "x-amz-version-id"],
            "MaxAgeSeconds": 3600,
        }
        self._s3.put_bucket_cors(Bucket=uploads.name, CORSConfiguration={"CORSRules": [rule]})

    def _queue(self, queue: Queue) -> Iterator[Provisioned]:
        name, dead_name = queue_name(queue.url), queue_name(queue.dead_letters.url)
        dead_made = self._ensure_queue(dead_name, {"MessageRetentionPeriod": str(queue.dead_letters.retention)})
        redrive = {"deadLetterTargetArn": self._queue_arn(dead_name), "maxReceiveCount": queue.max_receives}
        made = self._ensure_queue(
            name,
            {
                "VisibilityTimeout": str(queue.visibility),
                "MessageRetentionPeriod": str(queue.retention),
                "ReceiveMessageWaitTimeSeconds": str(queue.long_poll),
                "RedrivePolicy": json.dumps(redrive),
            },
        )
        allow = {"redrivePermission": "byQueue", "sourceQueueArns": [self._queue_arn(name)]}
        self._ensure_queue(dead_name, {"RedriveAllowPolicy": json.dumps(allow)})
        yield Provisioned("queue", name, made)
        yield Provisioned("queue", dead_name, dead_made)

    def _ensure_queue(self, name: str, attributes: dict[Any, str]) -> bool:
        made = False
        try:
            url = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
        except self._sqs.exceptions.QueueDoesNotExist:
            url, made = self._sqs.create_queue(QueueName=name)["QueueUrl"], True
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
        return made

    def _table(self, name: str, table: Table) -> Provisioned:
        return Provisioned("table", name, ensure_table(self._dynamodb, name, table))

    def _topic(self, name: str) -> Provisioned:
        pages = self._sns.get_paginator("list_topics").paginate()
        there = {topic_name(topic.get("TopicArn", "")) for page in pages for topic in page["Topics"]}
        self._sns.create_topic(Name=name)
        return Provisioned("topic", name, name not in there)

    def _notify(self, bucket: str, queue: str) -> None:
        """Let the bucket send, then make it: S3 proves that it may when the notification is set."""
        source = f"arn:aws:s3:::{bucket}"
        statement = {
            "Sid": "UploadsBucketSends",
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self._queue_arn(queue),
            "Condition": {"ArnEquals": {"aws:SourceArn": source}, "StringEquals": {"aws:SourceAccount": self._account}},
        }
        policy = {
            "Version": "2012-10-17",
            "Statement": [statement, *self._statements_of_others(queue, "UploadsBucketSends")],
        }
        self._ensure_queue(queue, {"Policy": json.dumps(policy)})
        events: Any = list(NOTIFIED_EVENTS)
        self._s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration={
                "QueueConfigurations": [{"Id": "uploads", "QueueArn": self._queue_arn(queue), "Events": events}]
            },
        )

    def _statements_of_others(self, queue: str, sid: str) -> list[Any]:
        """The statements of the queue's policy but ours: people may let adopted buckets send."""
        url = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        present = json.loads(answer.get("Attributes", {}).get("Policy", "{}"))
        return [statement for statement in present.get("Statement", []) if statement.get("Sid") != sid]

    def _queue_arn(self, name: str) -> str:
        return f"arn:aws:sqs:{self._region}:{self._account}:{name}"
