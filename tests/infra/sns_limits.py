"""Limits of SNS that ministack does not enforce, as wrappers around its functions.

| limit | effect in SNS | AWS's page |
| --- | --- | --- |
| 200 filter policies of a topic | refuses the subscription | `FILTER_POLICIES_PAGE` |
| 10 mails a second to one subscription | suspends the subscription: it is pending again | `MAIL_PAGE` |
"""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Final

FILTER_POLICIES_PAGE: Final = "https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html"
MAIL_PAGE: Final = "https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html"

MOST_FILTER_POLICIES: Final = 200
MAILS_A_SECOND: Final = 10


def limit_filter_policies(sns: Any) -> None:
    """`sns` is ministack's module. A filter policy above the quota of its topic is refused."""
    for name in ("_subscribe", "_set_subscription_attributes"):
        setattr(sns, name, _limited(sns, getattr(sns, name)))


def _limited(sns: Any, original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call(params: Any) -> Any:
        subscription = str(sns._p(params, "SubscriptionArn"))
        topic = sns._p(params, "TopicArn") or subscription.rpartition(":")[0]
        filtered = _filtered(sns, topic)
        # A policy that SetSubscriptionAttributes replaces is counted already.
        adds = "FilterPolicy" in _attributes(sns, params) and subscription not in filtered
        if adds and len(filtered) >= MOST_FILTER_POLICIES:
            return sns._error("FilterPolicyLimitExceeded", "The number of filter policies exceeds the limit.", 403)
        return original(params)

    return call


def _filtered(sns: Any, topic_arn: str) -> list[str]:
    """The topic's subscriptions that have a filter policy."""
    topic = sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
    return [each["arn"] for each in topic["subscriptions"] if each["attributes"].get("FilterPolicy")]


def _attributes(sns: Any, params: Any) -> set[str]:
    """The names of the attributes that Subscribe or SetSubscriptionAttributes sets."""
    names, number = {str(sns._p(params, "AttributeName"))}, 1
    while name := sns._p(params, f"Attributes.entry.{number}.key"):
        names.add(str(name))
        number += 1
    return names


def suspend_flooded_mail(sns: Any, clock: Callable[[], float] = time.monotonic) -> None:
    """`sns` is ministack's module. A mail subscription that gets too many mails becomes pending again."""
    original = sns._fanout
    sent: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MAILS_A_SECOND))

    def fanout(topic_arn: str, number: str, message: str, subject: str, *rest: Any, **more: Any) -> None:
        topic = sns._topic_by_arn_any_scope(topic_arn)
        for subscription in topic["subscriptions"] if topic else ():
            if _gets_mail(sns, subscription, message, *rest):
                times, now = sent[subscription["arn"]], clock()
                if len(times) == MAILS_A_SECOND and now - times[0] < 1:
                    subscription["confirmed"] = False
                    subscription["attributes"]["PendingConfirmation"] = "true"
                times.append(now)
        original(topic_arn, number, message, subject, *rest, **more)

    sns._fanout = fanout


def _gets_mail(sns: Any, subscription: Any, message: str, structure: str = "", attributes: Any = None, *_: Any) -> bool:
    if not subscription["protocol"].startswith("email") or not subscription["confirmed"]:
        return False
    text = sns._resolve_message_for_protocol(message, structure, subscription["protocol"])
    return bool(sns._matches_filter_policy(subscription, attributes or {}, text))
