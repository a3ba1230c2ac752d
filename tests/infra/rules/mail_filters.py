"""Mail is for batches and digests: SNS suspends an address above ten messages a second.

A filter policy has at most five keys, and the product of the numbers of their values is at most 150.
"""

import math
from collections.abc import Iterator
from typing import Any, Final

from tests.infra.rules.plan import Plan, decoded, listed

PAGE: Final = "https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html"
TYPES: Final = ("aws_sns_topic_subscription",)
KEYS, COMBINATIONS = 5, 150


def violations(plan: Plan) -> Iterator[str]:
    for subscription in plan.resources(*TYPES):
        policy: dict[str, Any] = decoded(subscription.values.get("filter_policy")) or {}
        if len(policy) > KEYS:
            yield f"{subscription.address}: a filter policy has at most {KEYS} keys"
        if math.prod(len(listed(values)) for values in policy.values()) > COMBINATIONS:
            yield f"{subscription.address}: a filter policy has at most {COMBINATIONS} combinations"
        mail = subscription.values.get("protocol") in ("email", "email-json")
        if mail and subscription.name != "alarms":
            kinds = [str(kind) for kind in listed(policy.get("kind"))]
            if not kinds or any(kind.startswith("image.") for kind in kinds):
                yield f"{subscription.address}: one mail for each image; filter on kind, without image.*"
