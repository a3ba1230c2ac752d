"""Lengths of names, beginnings that AWS reserves, the 4 KB of a function's environment, and the length of policies."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan, Resource

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
#: Beginnings of names that AWS refuses, by type (each service's API reference).
RESERVED: Final = {
    "aws_ecs_capacity_provider": "aws|ecs|fargate",
    "aws_lb": "internal-",
    "aws_s3_bucket": "xn--|sthree-|amzn-s3-demo-",
}
#: IAM user guide, "IAM and AWS STS quotas": the aggregate of a role's inline policies, in characters.
INLINE_POLICIES: Final = 10_240
ENVIRONMENT_BYTES: Final = 4096
#: The assumed length of a value that is not known yet: an ARN or a URL.
UNKNOWN_BYTES: Final = 120


def violations(plan: Plan) -> Iterator[str]:
    yield from _lengths(plan)
    for type_, beginnings in RESERVED.items():
        for resource in plan.resources(type_):
            name = str(resource.values.get(_name_of(type_)) or "")
            if re.match(beginnings, name):
                yield f"{resource.address}: AWS reserves the beginning of the name {name}"
    yield from _policies(plan)
    for function in plan.resources("aws_lambda_function"):
        if _environment_bytes(plan, function) >= ENVIRONMENT_BYTES:
            yield f"{function.address}: the environment has {ENVIRONMENT_BYTES} bytes or more"


def _lengths(plan: Plan) -> Iterator[str]:
    for type_, (longest, prefix) in LONGEST.items():
        attribute = _name_of(type_)
        for resource in plan.resources(type_):
            name = str(resource.values.get(attribute) or "")
            if len(name) > longest:
                yield f"{resource.address}: a name of {type_} has at most {longest} characters"
            if not name and len(str(resource.values.get(f"{attribute}_prefix") or "")) > prefix:
                yield f"{resource.address}: a generated name's prefix has at most {prefix} characters"


def _policies(plan: Plan) -> Iterator[str]:
    """IAM counts the inline policies of a role together, without white space."""
    sizes: Counter[str] = Counter()
    for policy in plan.resources("aws_iam_role_policy"):
        sizes[str(policy.values.get("role"))] += len("".join(str(policy.values.get("policy") or "").split()))
    for role, size in sizes.items():
        if size > INLINE_POLICIES:
            yield f"{role}: inline policies of {size} characters, at most {INLINE_POLICIES} for a role"


def _name_of(type_: str) -> str:
    """The attribute that holds the name."""
    return {"aws_s3_bucket": "bucket", "aws_lambda_function": "function_name"}.get(type_, "name")


def _environment_bytes(plan: Plan, function: Resource) -> int:
    """Bytes of the variables as JSON, with an assumed value for each variable that only an apply reveals.

    The provider hides the whole map while one value is unknown. The output `environment` shows the known values.
    """
    for environment in function.values.get("environment") or []:
        if environment.get("variables"):
            return len(json.dumps(environment["variables"]))
    unknown = plan.unknown_outputs.get("environment") or {}
    known = plan.partial_outputs.get("environment") or {}
    return len(json.dumps(dict.fromkeys(unknown, UNKNOWN_BYTES * "x") | known))
