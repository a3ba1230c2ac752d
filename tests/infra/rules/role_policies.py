"""Resources with a role are made after the role's policy: a task or function without rights fails at its start.

ECS counts such tasks, and the circuit breaker then ends the first deployment of a service.
"""

import re
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://developer.hashicorp.com/terraform/language/meta-arguments/depends_on"
TYPES: Final = (
    "aws_ecs_service",
    "aws_lambda_function",
    "aws_scheduler_schedule",
    "aws_autoscaling_group",
)


def violations(plan: Plan) -> Iterator[str]:
    """The graph has addresses without the keys of for_each and count."""
    policies: dict[str, set[str]] = {}
    for first, second in plan.document.get("graph", []):
        if _type(first) == "aws_iam_role_policy" and _own(first, second):
            policies.setdefault(second, set()).add(first)
    for subject in sorted({re.sub(r"\[[^\]]*\]", "", resource.address) for resource in plan.resources(*TYPES)}):
        needed = plan.dependencies(subject)
        for role in sorted(policies.keys() & needed):
            if not policies[role] & needed:
                yield f"{subject}: it does not wait for the policy of {role}"


def _own(policy: str, target: str) -> bool:
    """Whether the policy is the role's own: both are in one module."""
    return _type(target) == "aws_iam_role" and policy.rpartition(".aws_")[0] == target.rpartition(".aws_")[0]


def _type(address: str) -> str:
    return address.split(".")[-2] if address.count(".") else ""
