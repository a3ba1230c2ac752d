"""Whether the events of an adopted bucket reach the uploads queue: by the bucket's notification, or by EventBridge.

A bucket whose notification nobody may set sends its events to EventBridge, where a rule sends them on to the queue.
"""

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from pixelfleet.aws.bucket_setup import BucketSetup, EventRule
from pixelfleet.operations.preflight import Check, State

#: Events of S3 that the producer reads, as a notification names them (S3 user guide, "Event notification types").
EVENTS: Final = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectRestore:Completed")
#: The same as EventBridge names them.
DETAIL_TYPES: Final = ("Object Created", "Object Deleted", "Object Restore Completed")
_BRIDGE: Final = "EventBridgeConfiguration"
_S3, _EVENTBRIDGE = "s3.amazonaws.com", "events.amazonaws.com"


@dataclass(frozen=True, slots=True)
class EventWays:
    """The events that take each way. `ruled` events have a rule; they come if the bucket sends to EventBridge."""

    notified: frozenset[str]
    ruled: frozenset[str]
    sends: bool
    rules: tuple[EventRule, ...]

    @property
    def bridged(self) -> frozenset[str]:
        return self.ruled if self.sends else frozenset()

    @property
    def lacking(self) -> list[str]:
        return [event for event in EVENTS if event not in self.notified | self.bridged]


def event_ways(setup: BucketSetup, bucket: str, queue: str) -> EventWays:
    """The ways of a bucket's events to the queue."""
    notifications = setup.notifications or {}
    notified = {
        event
        for each in notifications.get("QueueConfigurations", [])
        if each.get("QueueArn") == queue and not each.get("Filter")
        for event in each.get("Events", [])
    }
    if "s3:ObjectRestore:*" in notified:
        notified.add("s3:ObjectRestore:Completed")
    fitting = {
        event: [rule for rule in setup.rules or () if _matches(rule.pattern, bucket, detail_type)]
        for event, detail_type in zip(EVENTS, DETAIL_TYPES, strict=True)
    }
    rules = dict.fromkeys(rule.arn for rules in fitting.values() for rule in rules)
    return EventWays(
        frozenset(notified),
        frozenset(event for event, rules in fitting.items() if rules),
        _BRIDGE in notifications,
        tuple(rule for rule in setup.rules or () if rule.arn in rules),
    )


def check_events(setup: BucketSetup, bucket: str, queue: str) -> Check:
    """Whether new and removed objects, and ended restores, are reported to the uploads queue."""
    if setup.notifications is None:
        return Check("events", State.UNKNOWN, "these credentials may not read s3:GetBucketNotification")
    ways = event_ways(setup, bucket, queue)
    if not ways.lacking:
        return Check("events", State.OK, f"objects that come, go or are restored are reported {_by(ways)}")
    if ways.sends and setup.rules is None:
        detail = (
            "the bucket sends to EventBridge; these credentials may not read its rules (events:ListRuleNamesByTarget)"
        )
        return Check("events", State.UNKNOWN, detail)
    lacking = ", ".join(ways.lacking)
    if ways.sends:
        why = f"the bucket sends to EventBridge, and no rule there sends {lacking} to the uploads queue"
    elif set(ways.lacking) <= ways.ruled:
        why = f"a rule of EventBridge takes {lacking}, and the bucket sends nothing to EventBridge"
    else:
        why = f"not reported to the uploads queue: {lacking}"
    detail = f"{why}. Without events, `pixelfleet adopt` finds new objects"
    return Check("events", State.MISSING, detail, _remedy(setup.notifications, ways, bucket, queue))


def check_queue_policy(
    setup: BucketSetup, bucket: str, bucket_arn: str, queue: str, local: tuple[str, str] | None = None
) -> Check:
    """Whether the queue accepts the messages of the way that the events take.

    `local` is the endpoint and the address of the queue, if people change its policy by hand.
    """
    if setup.queue_policy is None:
        return Check("queue policy", State.UNKNOWN, "these credentials may not read the policy of the uploads queue")
    ways = event_ways(setup, bucket, queue)
    statements = _listed(setup.queue_policy.get("Statement", [])) if setup.queue_policy else []
    needed = {_S3: [bucket_arn]} if ways.notified or not ways.bridged else {}
    needed |= {_EVENTBRIDGE: [rule.arn for rule in ways.rules]} if ways.bridged else {}
    refused = [
        service
        for service, senders in needed.items()
        if not any(_lets_send(statement, service, senders) for statement in statements)
    ]
    if not refused:
        return Check("queue policy", State.OK, f"the uploads queue takes the events of {bucket}")
    remedy = (
        f'add "{bucket}" to the Terraform variable source_buckets, and apply: it gives the workers their rights, too'
    )
    if local is not None:
        attributes = {"Policy": json.dumps(policy_with_bucket(setup.queue_policy, bucket_arn, queue))}
        command = f"aws sqs set-queue-attributes --endpoint-url {local[0]} --queue-url {local[1]}"
        remedy = f"{command} --attributes {shlex.quote(json.dumps(attributes))}"
    detail = f"the uploads queue takes no events of {bucket} from {' and '.join(refused)}"
    return Check("queue policy", State.MISSING, detail, remedy)


def notification_with_queue(notifications: Mapping[str, Any], queue: str) -> dict[str, Any]:
    """The present configuration, with all events to the queue: a change in S3 replaces the whole configuration."""
    kept = [each for each in notifications.get("QueueConfigurations", []) if each.get("QueueArn") != queue]
    ours = {"Id": "pixelfleet", "QueueArn": queue, "Events": list(EVENTS)}
    return dict(notifications) | {"QueueConfigurations": [*kept, ours]}


def policy_with_bucket(policy: Mapping[str, Any], bucket_arn: str, queue: str) -> dict[str, Any]:
    """The present policy of the queue, with a statement that lets the bucket send."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": _S3},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": bucket_arn}},
    }
    kept = _listed(policy.get("Statement", [])) if policy else []
    return {"Version": "2012-10-17"} | dict(policy) | {"Statement": [*kept, statement]}


def _by(ways: EventWays) -> str:
    events = set(EVENTS)
    if events <= ways.notified and events <= ways.bridged:
        return "by the bucket's notification and by EventBridge: each event comes twice, which does no harm"
    if events <= ways.bridged:
        return "by EventBridge"
    return "by the bucket's notification" if events <= ways.notified else "by notification or by EventBridge"


def _remedy(notifications: Mapping[str, Any], ways: EventWays, bucket: str, queue: str) -> str:
    """The commands, one a line: the notification of the bucket, or EventBridge where nobody may set it."""
    by_notification = _put_command(bucket, notification_with_queue(notifications, queue))
    if ways.sends:
        rule = f'add "{bucket}" to the Terraform variable source_buckets, and apply: it makes the rule'
        return f"{rule}. Or\n  {by_notification}"
    if not ways.ruled:
        return by_notification
    return f"{by_notification}\n  or, for EventBridge,\n  {_put_command(bucket, dict(notifications) | {_BRIDGE: {}})}"


def _put_command(bucket: str, configuration: Mapping[str, Any]) -> str:
    command = "aws s3api put-bucket-notification-configuration"
    return f"{command} --bucket {bucket} --notification-configuration {shlex.quote(json.dumps(configuration))}"


def _matches(pattern: Mapping[str, Any], bucket: str, detail_type: str) -> bool:
    """Whether a pattern of EventBridge matches such an event, by the exact values in the pattern."""
    names = pattern.get("detail", {}).get("bucket", {}).get("name", [bucket])
    return (
        "aws.s3" in pattern.get("source", ["aws.s3"])
        and detail_type in pattern.get("detail-type", [detail_type])
        and bucket in names
    )


def _lets_send(statement: Mapping[str, Any], service: str, senders: list[str]) -> bool:
    """Whether a statement lets one of these buckets or rules send. A statement without a source lets every one."""
    actions = set(_listed(statement.get("Action", [])))
    if statement.get("Effect") != "Allow" or not {"sqs:SendMessage", "sqs:*", "SQS:SendMessage"} & actions:
        return False
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping) or service not in _listed(principal.get("Service", [])):
        return False
    sources = [
        source
        for condition in statement.get("Condition", {}).values()
        for name, values in condition.items()
        if name.lower() == "aws:sourcearn"
        for source in _listed(values)
    ]
    return not sources or any(fnmatchcase(sender, source) for sender in senders for source in sources)


def _listed(value: Any) -> list[Any]:
    """A value of a policy, which may be a single value or a list."""
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | Mapping) else [value]
