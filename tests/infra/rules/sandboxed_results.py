"""A browser never runs a result as a page: CloudFront sends every result with a policy that sandboxes the result.

Results have the dashboard's origin, and the scripts of an SVG would run with the dashboard's rights. The rule covers
every behaviour with a bucket as its origin, and `/i/*` and `/v/*` with any origin.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.infra.rules.plan import Plan

PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html"
)
TYPES: Final = ("aws_cloudfront_distribution",)
_ADDRESSES: Final = ("/i/*", "/v/*")
_POLICY: Final = "response_headers_policy_id"


def violations(plan: Plan) -> Iterator[str]:
    policies = [p for p in plan.resources("aws_cloudfront_response_headers_policy") if _sandboxes(p.values)]
    ids = {str(policy.values["id"]) for policy in policies if policy.values.get("id")}
    for distribution in plan.resources("aws_cloudfront_distribution"):
        buckets = {o["origin_id"] for o in distribution.values.get("origin") or [] if _is_bucket(o)}
        for behaviour in distribution.values.get("ordered_cache_behavior") or []:
            if behaviour["target_origin_id"] not in buckets and behaviour["path_pattern"] not in _ADDRESSES:
                continue
            # The id of a policy of this plan is absent, because only an apply reveals the id.
            sound = behaviour[_POLICY] in ids if _POLICY in behaviour else bool(policies)
            if not sound:
                yield f"{distribution.address}: {behaviour['path_pattern']} has no policy that sandboxes results"


def _is_bucket(origin: Mapping[str, Any]) -> bool:
    return not origin.get("vpc_origin_config") and not origin.get("custom_origin_config")


def _sandboxes(policy: Mapping[str, Any]) -> bool:
    [security] = policy.get("security_headers_config") or [{}]
    [csp] = security.get("content_security_policy") or [{}]
    [sniffing] = security.get("content_type_options") or [{}]
    words = [word.strip() for word in str(csp.get("content_security_policy", "")).split(";")]
    return {"sandbox", "default-src 'none'"} <= set(words) and bool(csp.get("override") and sniffing.get("override"))
