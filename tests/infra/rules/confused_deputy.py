"""A service that a policy admits acts only for our account: the policy names the account or a resource of the account.

Otherwise another account can make the service act on our resources.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"
TYPES: Final = ("aws_iam_policy_document",)
CONDITIONS: Final = {"aws:sourceaccount", "aws:sourcearn"}
#: Services that send neither key when the stack uses them, each with the page that documents its policy.
WITHOUT: Final = {
    "ec2.amazonaws.com": "EC2 user guide, IAM roles for Amazon EC2: the trust of an instance's role",
    "events.amazonaws.com": "EventBridge user guide, Amazon SNS permissions",
    "lambda.amazonaws.com": "Lambda developer guide, Lambda execution role: the trust of a function's role",
}


def violations(plan: Plan) -> Iterator[str]:
    for document in plan.resources(*TYPES):
        for statement in document.values.get("statement") or []:
            if (
                statement.get("effect") in (None, "Allow")
                and (open_ := _services(statement))
                and not _bounded(statement)
            ):
                yield f"{document.address}: {sorted(open_)} may act for any account: name aws:SourceAccount"


def _services(statement: Mapping[str, Any]) -> set[str]:
    return {
        name
        for principal in statement.get("principals") or []
        if principal.get("type") == "Service"
        for name in principal.get("identifiers") or []
    } - WITHOUT.keys()


def _bounded(statement: Mapping[str, Any]) -> bool:
    """By a condition, or by the account in the path of log files (ELB guide, "Access logs", bucket policy)."""
    resources = statement.get("resources") or []
    by_path = bool(resources) and all(re.search(r"/AWSLogs/\d{12}/", str(arn)) for arn in resources)
    variables = {str(condition["variable"]).lower() for condition in statement.get("condition") or []}
    return by_path or bool(variables & CONDITIONS)
