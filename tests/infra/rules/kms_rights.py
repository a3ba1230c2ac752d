"""With a key of one's own, a role that reads encrypted data has kms:Decrypt; one that writes, GenerateDataKey too."""

from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan, Resource

PAGE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"
TYPES: Final = ("aws_iam_policy_document",)
READS: Final = (
    "s3:GetObject",
    "s3:PutObject",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "secretsmanager:GetSecretValue",
    "sns:Publish",
)
#: S3 writes with a data key; SNS publishes to an encrypted topic with one; DynamoDB uses its own grant for the table.
WRITES: Final = ("s3:PutObject", "sns:Publish")


def violations(plan: Plan) -> Iterator[str]:
    if not plan.variables.get("kms_key_arn"):
        return
    for document in plan.resources(*TYPES):
        actions = _granted(document)
        needed = {"kms:Decrypt"} if actions.intersection(READS) else set()
        needed |= {"kms:GenerateDataKey"} if actions.intersection(WRITES) else set()
        if missing := needed - actions:
            yield f"{document.address}: {sorted(missing)} is missing for data that the key encrypts"


def _granted(document: Resource) -> set[str]:
    """The actions that a role's policy allows; a resource's policy names principals and is none."""
    return {
        action
        for statement in document.values.get("statement") or []
        if not statement.get("principals") and statement.get("effect") in (None, "Allow")
        for action in statement.get("actions") or []
    }
