"""A wake-up adds tasks, and does not depend on one missing value of a metric that may be late.

CloudWatch evaluates an alarm with the values that have arrived. FILL turns a late value into the filler, so an alarm
with few evaluation periods fires on a delay. ExactCapacity would then scale a running service in.
"""

import re
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html"
TYPES: Final = ("aws_cloudwatch_metric_alarm", "aws_appautoscaling_policy")
PERIODS: Final = 3


def violations(plan: Plan) -> Iterator[str]:
    for alarm in plan.resources("aws_cloudwatch_metric_alarm"):
        queries = alarm.values.get("metric_query") or []
        late = {q["id"] for q in queries for metric in q.get("metric") or [] if metric["namespace"] != "AWS/SQS"}
        filled = {
            name for query in queries for name in re.findall(r"FILL\(\s*(\w+)\s*,\s*\d", query.get("expression") or "")
        }
        periods = alarm.values.get("evaluation_periods") or 0
        if filled & late and min(periods, alarm.values.get("datapoints_to_alarm") or periods) < PERIODS:
            yield f"{alarm.address}: FILL over {sorted(filled & late)} with fewer than {PERIODS} evaluation periods"
    for policy in plan.resources("aws_appautoscaling_policy"):
        for step in policy.values.get("step_scaling_policy_configuration") or []:
            if step.get("adjustment_type") == "ExactCapacity":
                yield f"{policy.address}: ExactCapacity scales a larger service in when its alarm is wrong"
