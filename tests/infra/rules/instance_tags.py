"""Instances and volumes have the tags of the stack: budgets and bills count by tag.

The provider's default tags reach the resources of Terraform, but not the instances and volumes that an Auto Scaling
group launches.
"""

from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html"
TYPES: Final = ("aws_launch_template",)
LAUNCHED: Final = ("instance", "volume")
#: The tag that the stack's budget filters by.
TAG: Final = "Application"


def violations(plan: Plan) -> Iterator[str]:
    for template in plan.resources(*TYPES):
        tagged = {
            tags["resource_type"]
            for tags in template.values.get("tag_specifications") or []
            if TAG in (tags.get("tags") or {})
        }
        if missing := sorted(set(LAUNCHED) - tagged):
            yield f"{template.address}: the tag {TAG} is missing from {missing}"
