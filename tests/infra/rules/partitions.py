"""An ARN that we write names the partition of the region: aws-cn in China, aws-us-gov in GovCloud."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"
TYPES: Final = ("aws_scheduler_schedule", "aws_iam_policy_document")
PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def violations(plan: Plan) -> Iterator[str]:
    region = str(plan.variables.get("region") or "")
    partition = next((name for start, name in PARTITIONS.items() if region.startswith(start)), "aws")
    given = json.dumps(plan.variables)
    for resource in plan.resources(*TYPES, "aws_iam_role_policy", "aws_cloudfront_distribution", "aws_lambda_function"):
        for text in _texts(resource.values):
            for arn in re.findall(r"arn:[\w-]+:[^\s\"]+", text):
                if arn.split(":")[1] != partition and arn not in given:
                    yield f"{resource.address}: {arn} is not of the partition {partition}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
