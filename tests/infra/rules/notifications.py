"""S3 tests a notification's queue when the notification is set: the queue's policy must exist before.

The policy names the bucket (SourceArn) and the account (SourceAccount), against the confused deputy.
"""

import re
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html"
TYPES: Final = ("aws_s3_bucket_notification", "aws_sqs_queue_policy")
NEEDED: Final = {"aws:sourcearn", "aws:sourceaccount"}


def violations(plan: Plan) -> Iterator[str]:
    policies = {_plain(policy.address) for policy in plan.resources("aws_sqs_queue_policy")}
    for notification in plan.resources("aws_s3_bucket_notification"):
        if not any(plan.depends(_plain(notification.address), on=policy) for policy in policies):
            yield f"{notification.address}: it does not wait for its queue's policy"
    for document in plan.resources("aws_iam_policy_document"):
        for statement in document.values.get("statement") or []:
            senders = {name for who in statement.get("principals") or [] for name in who.get("identifiers") or []}
            if "s3.amazonaws.com" in senders and "sqs:SendMessage" in (statement.get("actions") or []):
                variables = {str(condition["variable"]).lower() for condition in statement.get("condition") or []}
                if not variables >= NEEDED:
                    yield f"{document.address}: S3 may send for any bucket: {sorted(NEEDED - variables)} is missing"


def _plain(address: str) -> str:
    """An address as `terraform graph` writes it: without the keys of for_each and count."""
    return re.sub(r"\[[^\]]*\]", "", address)
