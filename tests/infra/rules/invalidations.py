"""If a function rewrites the address at viewer request, CloudFront caches the new address: invalidate both."""

import re
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Invalidation.html"
TYPES: Final = ("aws_cloudfront_function", "aws_cloudfront_distribution")
#: The beginning of a result's address, before and after the function.
SERVED, STORED = "/i/", "/"


def violations(plan: Plan) -> Iterator[str]:
    """`invalidated` in the document: the paths that the product names for image OWNER/ID."""
    rewrites = [
        function.address
        for function in plan.resources("aws_cloudfront_function")
        if re.search(r"request\.uri\s*=[^=]", str(function.values.get("code") or ""))
    ]
    paths = plan.document.get("invalidated", [])
    for address in rewrites:
        for path in (f"{SERVED}OWNER/ID/*", f"{STORED}OWNER/ID/*"):
            if path not in paths:
                yield f"{address}: it rewrites addresses, and {path} is never invalidated"
