"""With a customer's key, a role that reads encrypted data has kms:Decrypt; a role that writes, GenerateDataKey too."""

import re
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
#: A write to S3 and a publish to an encrypted topic need a data key. DynamoDB uses its own grant for the table.
WRITES: Final = ("s3:PutObject", "sns:Publish")


def violations(plan: Plan) -> Iterator[str]:
    github = plan.variables.get("github") or {}
    if github.get("state_kms_key_arn") and not _covered(plan, github["state_kms_key_arn"]):
        yield "the role of GitHub's workflows cannot read and write the state, which a key of yours encrypts"
    if not plan.variables.get("kms_key_arn"):
        return
    state = github.get("state_bucket")
    parts = _parts(plan)
    for document in plan.resources(*TYPES):
        actions = set() if document.name in parts else _granted(document, state)
        needed = {"kms:Decrypt"} if actions.intersection(READS) else set()
        needed |= {"kms:GenerateDataKey"} if actions.intersection(WRITES) else set()
        if missing := needed - actions:
            yield f"{document.address}: {sorted(missing)} is missing for data that the key encrypts"


def _parts(plan: Plan) -> set[str]:
    """The names of documents that other documents include: the role has the rights of the whole document."""
    lists = re.findall(
        r"source_policy_documents += \[([^\]]*(?:\[[^\]]*\][^\]]*)*)\]", "\n".join(plan.sources.values())
    )
    return {name for names in lists for name in re.findall(r"aws_iam_policy_document\.(\w+)", names)}


def _covered(plan: Plan, key: str) -> bool:
    """Whether a role may read and write what a key encrypts."""
    return any(
        {"kms:Decrypt", "kms:GenerateDataKey"} <= set(statement.get("actions") or [])
        and key in (statement.get("resources") or [])
        for document in plan.resources(*TYPES)
        for statement in document.values.get("statement") or []
    )


def _granted(document: Resource, state_bucket: str | None) -> set[str]:
    """The actions that a role's policy allows, except on Terraform's state, which another key encrypts.

    A policy with principals belongs to a resource and not to a role.
    """
    return {
        action
        for statement in document.values.get("statement") or []
        if not statement.get("principals") and statement.get("effect") in (None, "Allow")
        if state_bucket is None or not any(f":{state_bucket}" in str(arn) for arn in statement.get("resources") or [])
        for action in statement.get("actions") or []
    }
