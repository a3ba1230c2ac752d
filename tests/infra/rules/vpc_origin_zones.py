"""The load balancer has no subnet in a zone that CloudFront's VPC origins do not support.

The id of a zone is the same for every account; its name is not. A network of the stack picks its zones by name.
"""

from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html"
    "#vpc-origins-supported-regions"
)
TYPES: Final = ("aws_availability_zones",)
UNSUPPORTED: Final = {"apne1-az3", "apne2-az1", "cac1-az3", "use1-az3", "usw1-az2"}


def violations(plan: Plan) -> Iterator[str]:
    for zones in plan.resources(*TYPES):
        if missing := sorted(UNSUPPORTED - set(zones.values.get("exclude_zone_ids") or [])):
            yield f"{zones.address}: {missing} may be picked, where no load balancer can be a VPC origin"
