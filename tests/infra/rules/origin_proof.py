"""The load balancer serves our CloudFront distribution and no other.

CloudFront's addresses and a Host header are open to every customer of CloudFront. Proofs are a VPC origin with an
internal load balancer, or a secret header that the listener requires.
"""

from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html"
TYPES: Final = ("aws_lb", "aws_cloudfront_distribution")


def violations(plan: Plan) -> Iterator[str]:
    origins = [
        origin
        for distribution in plan.resources("aws_cloudfront_distribution")
        for origin in distribution.values.get("origin") or []
    ]
    private = any(origin.get("vpc_origin_config") for origin in origins)
    secret = any(
        condition.get("http_header")
        for rule in plan.resources("aws_lb_listener_rule")
        for condition in rule.values.get("condition") or []
    ) and any(origin.get("custom_header") for origin in origins)
    for balancer in plan.resources("aws_lb"):
        if not (private and balancer.values.get("internal") is True) and not secret:
            yield f"{balancer.address}: any CloudFront distribution reaches it; use a VPC origin or a secret header"
