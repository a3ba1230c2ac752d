"""Lengths of names, and the 4 KB of a function's environment."""

import json
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
TYPES: Final = ("aws_lambda_function", "aws_lb", "aws_iam_role")
#: The longest name and the longest generated name's prefix, by type (each service's API reference).
LONGEST: Final = {
    "aws_lb": (32, 6),
    "aws_lb_target_group": (32, 6),
    "aws_iam_role": (64, 38),
    "aws_iam_instance_profile": (128, 38),
    "aws_lambda_function": (64, 0),
    "aws_scheduler_schedule": (64, 38),
    "aws_cloudwatch_event_rule": (64, 38),
    "aws_s3_bucket": (63, 37),
    "aws_sqs_queue": (80, 54),
    "aws_ecr_repository": (256, 0),
}
ENVIRONMENT_BYTES: Final = 4096
#: What a value that is not known yet may have: an ARN or a URL.
UNKNOWN_BYTES: Final = 120


def violations(plan: Plan) -> Iterator[str]:
    for type_, (name, prefix) in LONGEST.items():
        for resource in plan.resources(type_):
            attribute = "bucket" if type_ == "aws_s3_bucket" else "function_name" if "lambda" in type_ else "name"
            if len(str(resource.values.get(attribute) or "")) > name:
                yield f"{resource.address}: a name of {type_} has at most {name} characters"
            if len(str(resource.values.get(f"{attribute}_prefix") or "")) > prefix and not resource.values.get(
                attribute
            ):
                yield f"{resource.address}: a generated name's prefix has at most {prefix} characters"
    for function in plan.resources("aws_lambda_function"):
        for environment in function.values.get("environment") or []:
            variables = {
                key: value if value is not None else UNKNOWN_BYTES * "x"
                for key, value in (environment.get("variables") or {}).items()
            }
            if len(json.dumps(variables)) >= ENVIRONMENT_BYTES:
                yield f"{function.address}: the environment has {ENVIRONMENT_BYTES} bytes or more"
