"""The load balancer has no subnet in a zone that CloudFront's VPC origins do not support.

Zones have ids that are the same for every account; their names differ. A network that we make picks its zones by name.
"""

import re
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan, blocks

PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html"
    "#vpc-origins-supported-regions"
)
TYPES: Final = ("aws_cloudfront_vpc_origin",)
UNSUPPORTED: Final = {"apne1-az3", "apne2-az1", "cac1-az3", "use1-az3", "usw1-az2"}


def violations(plan: Plan) -> Iterator[str]:
    for name, text in blocks(plan.sources, "aws_availability_zones", kind="data"):
        excluded = re.search(r"exclude_zone_ids += \[([^\]]*)\]", text)
        missing = UNSUPPORTED - set(re.findall(r'"([\w-]+)"', excluded[1] if excluded else ""))
        if missing:
            yield f"{name}: {sorted(missing)} may be picked, where no load balancer can be a VPC origin"
