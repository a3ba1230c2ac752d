"""Resources that start tasks wait for the routes, endpoints and security group rules by which a task reaches AWS.

A NAT gateway takes minutes to be made. A task that starts earlier cannot pull its image, and the circuit breaker ends
the first deployment of a service whose tasks fail.
"""

import re
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html"
TYPES: Final = ("aws_ecs_service", "aws_autoscaling_group")
WAYS: Final = ("aws_route", "aws_route_table_association", "aws_vpc_endpoint", "aws_vpc_security_group_egress_rule")


def violations(plan: Plan) -> Iterator[str]:
    """The graph has addresses without the keys of for_each and count."""
    ways = {_keyless(resource.address) for resource in plan.resources(*WAYS)}
    for subject in sorted({_keyless(resource.address) for resource in plan.resources(*TYPES)}):
        if missing := sorted(ways - plan.dependencies(subject)):
            yield f"{subject}: its tasks may start before {missing} are there"


def _keyless(address: str) -> str:
    return re.sub(r"\[[^\]]*\]", "", address)
