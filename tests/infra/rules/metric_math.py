"""Metric-math alarms: at most ten metrics, no SEARCH, and a bounded time of evaluation."""

from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
TYPES: Final = ("aws_cloudwatch_metric_alarm",)
METRICS: Final = 10
HOUR, DAY = 3_600, 86_400


def violations(plan: Plan) -> Iterator[str]:
    for alarm in plan.resources(*TYPES):
        queries = alarm.values.get("metric_query") or []
        metrics = [metric for query in queries for metric in query.get("metric") or []]
        if len(metrics) > METRICS:
            yield f"{alarm.address}: {len(metrics)} metrics, at most {METRICS} in an alarm"
        if any("SEARCH" in (query.get("expression") or "") for query in queries):
            yield f"{alarm.address}: an alarm cannot use SEARCH"
        periods = [metric["period"] for metric in metrics] or [alarm.values.get("period") or 0]
        longest = max(periods)
        # EvaluationPeriods: a week for periods of an hour or more, a day for shorter ones.
        bound = 7 * DAY if longest >= HOUR else DAY
        if longest * (alarm.values.get("evaluation_periods") or 1) > bound:
            yield f"{alarm.address}: period times evaluation periods is above {bound} s"
