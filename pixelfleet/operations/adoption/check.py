"""The missing settings of an adopted bucket, each with the command that adds it. Nothing is changed."""

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pixelfleet.aws.bucket_setup import BucketSetup
from pixelfleet.aws.queues import queue_name
from pixelfleet.deployment import Deployment
from pixelfleet.domain.partitions import arn, partition_of
from pixelfleet.domain.routes import Router
from pixelfleet.errors import SetupError
from pixelfleet.operations.adoption.order import check_source
from pixelfleet.operations.preflight import Check, State

#: Events of S3 that the producer reads, as a notification names them (S3 user guide, "Event notification types").
EVENTS: Final = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectRestore:Completed")
#: The same as EventBridge names them.
DETAIL_TYPES: Final = ("Object Created", "Object Deleted", "Object Restore Completed")


def check_adoption(deployment: Deployment, bucket: str, prefix: str = "") -> list[Check]:
    """The checks of a bucket, the most important first. If the bucket cannot be read, no check follows.

    Raises:
        SetupError: the bucket is one of the deployment's own.
        TransientError: AWS does not answer.
    """
    check_source(deployment, bucket)
    readable = _readable(deployment, bucket, prefix)
    if readable.state is not State.OK:
        return [readable]
    settings = deployment.settings
    queue = arn("sqs", settings.region, settings.account_id, queue_name(settings.uploads_queue_url))
    setup = deployment.bucket_setups.read(bucket, settings.uploads_queue_url, queue)
    bucket_arn = f"arn:{partition_of(settings.region).name}:s3:::{bucket}"
    return [
        readable,
        _events(setup, bucket, queue),
        _queue_policy(setup, bucket, bucket_arn),
        _versioning(setup, bucket),
        _key(setup, bucket),
        _route(deployment, bucket, prefix),
    ]


def _readable(deployment: Deployment, bucket: str, prefix: str) -> Check:
    """Whether the bucket exists, is in the deployment's region, and may be listed and read by the caller."""
    try:
        deployment.source_buckets.check_readable(bucket, prefix)
        first = next(iter(next(deployment.listings.pages(bucket, prefix), [])), None)
        if first is not None and first.archive is None and first.bytes:
            deployment.source_buckets.first_bytes(bucket, first.key, 1)
    except SetupError as error:
        return Check("bucket", State.MISSING, str(error))
    what = "an object was read" if first is not None else "there is no object yet"
    return Check("bucket", State.OK, f"listed by the credentials of this shell; {what}")


def _events(setup: BucketSetup, bucket: str, queue: str) -> Check:
    """Whether new and removed objects, and ended restores, are reported to the uploads queue."""
    if setup.notifications is None:
        return Check("events", State.UNKNOWN, "these credentials may not read s3:GetBucketNotification")
    lacking = missing_events(setup, bucket, queue)
    if not lacking:
        return Check("events", State.OK, "objects that come, go or are restored are reported to the uploads queue")
    configuration = shlex.quote(json.dumps(notification_with_queue(setup.notifications, queue)))
    command = "aws s3api put-bucket-notification-configuration"
    command += f" --bucket {bucket} --notification-configuration {configuration}"
    detail = (
        f"not reported to the uploads queue: {', '.join(lacking)}. Without events, `pixelfleet adopt` finds new objects"
    )
    return Check("events", State.MISSING, detail, command)


def missing_events(setup: BucketSetup, bucket: str, queue: str) -> list[str]:
    """The events that neither a notification nor a rule of EventBridge sends to the queue."""
    notifications = setup.notifications or {}
    by_queue = {
        event
        for each in notifications.get("QueueConfigurations", [])
        if each.get("QueueArn") == queue and not each.get("Filter")
        for event in each.get("Events", [])
    }
    bridged: set[str] = set()
    if "EventBridgeConfiguration" in notifications:
        bridged = {
            event
            for event, detail_type in zip(EVENTS, DETAIL_TYPES, strict=True)
            if any(_matches(rule, bucket, detail_type) for rule in setup.rules or ())
        }
    covered = by_queue | bridged | ({"s3:ObjectRestore:Completed"} if "s3:ObjectRestore:*" in by_queue else set())
    return [event for event in EVENTS if event not in covered]


def _matches(pattern: Mapping[str, Any], bucket: str, detail_type: str) -> bool:
    """Whether a pattern of EventBridge matches such an event, by the exact values in the pattern."""
    names = pattern.get("detail", {}).get("bucket", {}).get("name", [bucket])
    return (
        "aws.s3" in pattern.get("source", ["aws.s3"])
        and detail_type in pattern.get("detail-type", [detail_type])
        and bucket in names
    )


def notification_with_queue(notifications: Mapping[str, Any], queue: str) -> dict[str, Any]:
    """The present configuration, with all events to the queue: a change in S3 replaces the whole configuration."""
    kept = [each for each in notifications.get("QueueConfigurations", []) if each.get("QueueArn") != queue]
    ours = {"Id": "pixelfleet", "QueueArn": queue, "Events": list(EVENTS)}
    return dict(notifications) | {"QueueConfigurations": [*kept, ours]}


def _queue_policy(setup: BucketSetup, bucket: str, bucket_arn: str) -> Check:
    """Whether the queue accepts the messages of S3 or EventBridge."""
    if setup.queue_policy is None:
        return Check(
            "queue policy", State.UNKNOWN, "these credentials may not read the policy of the uploads queue", ""
        )
    statements = setup.queue_policy.get("Statement", []) if setup.queue_policy else []
    allowed = any(_lets_send(statement, bucket_arn) for statement in _listed(statements))
    if allowed:
        return Check("queue policy", State.OK, f"the uploads queue takes the events of {bucket}")
    remedy = (
        f'add "{bucket}" to the Terraform variable source_buckets, and apply: it gives the workers their rights, too'
    )
    return Check("queue policy", State.MISSING, f"the uploads queue takes no events of {bucket}", remedy)


def _lets_send(statement: Mapping[str, Any], bucket_arn: str) -> bool:
    if statement.get("Effect") != "Allow" or not {"sqs:SendMessage", "sqs:*", "SQS:SendMessage"} & set(
        _listed(statement.get("Action", []))
    ):
        return False
    principal = statement.get("Principal")
    services = _listed(principal.get("Service", [])) if isinstance(principal, Mapping) else []
    if "events.amazonaws.com" in services:
        return True
    sources = [
        source
        for condition in statement.get("Condition", {}).values()
        for name, values in condition.items()
        if name.lower() == "aws:sourcearn"
        for source in _listed(values)
    ]
    return "s3.amazonaws.com" in services and (not sources or bucket_arn in sources)


def _listed(value: Any) -> list[Any]:
    """A value of a policy, which may be a single value or a list."""
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | Mapping) else [value]


def _versioning(setup: BucketSetup, bucket: str) -> Check:
    if setup.versioning == "Enabled":
        return Check("versioning", State.OK, "on: each version of an original stays readable")
    if setup.versioning is None:
        return Check("versioning", State.UNKNOWN, "these credentials may not read s3:GetBucketVersioning")
    remedy = f"aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled"
    detail = "off: an image is pinned by the ETag of its original, and a replaced original is gone. Not needed"
    return Check("versioning", State.OK, detail, remedy)


def _key(setup: BucketSetup, bucket: str) -> Check:
    if setup.kms_key is None:
        return Check("encryption", State.UNKNOWN, "these credentials may not read s3:GetEncryptionConfiguration")
    if not setup.kms_key:
        return Check("encryption", State.OK, "no key of KMS by default")
    if setup.kms_key.endswith("alias/aws/s3"):
        return Check("encryption", State.OK, "the key aws/s3, which everybody with s3:GetObject in the account may use")
    remedy = f"aws kms create-grant --key-id {setup.kms_key} --operations Decrypt --grantee-principal WORKERS_ROLE_ARN"
    detail = f"new objects of {bucket} are encrypted by {setup.kms_key}: the workers' roles need kms:Decrypt"
    return Check("encryption", State.UNKNOWN, detail, remedy)


def _route(deployment: Deployment, bucket: str, prefix: str) -> Check:
    routes = deployment.recipe_registry.get().routes
    route = Router(routes).route_of(bucket, f"{prefix}image.jpg")
    if route is not None and route.owner is not None:
        return Check("route", State.OK, f"route {route.route_id} gives new objects to {route.owner}")
    remedy = f"pixelfleet route add --bucket {bucket} --match {shlex.quote(prefix + '**')} --owner OWNER"
    return Check("route", State.MISSING, "new objects belong to the owner default: no route takes them", remedy)
