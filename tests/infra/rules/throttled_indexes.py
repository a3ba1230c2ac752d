"""An alarm on a table's refused writes covers the table's indexes too.

A metric with only the dimension TableName leaves the indexes out, and a write that an index refuses fails as a whole.
"""

from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html"
TYPES: Final = ("aws_dynamodb_table", "aws_cloudwatch_metric_alarm")
METRIC: Final = "WriteThrottleEvents"


def violations(plan: Plan) -> Iterator[str]:
    indexes = {
        str(table.values.get("name")): {index["name"] for index in table.values.get("global_secondary_index") or []}
        for table in plan.resources("aws_dynamodb_table")
    }
    for alarm in plan.resources("aws_cloudwatch_metric_alarm"):
        queries = alarm.values.get("metric_query") or []
        watched = [
            metric.get("dimensions") or {}
            for query in queries
            for metric in query.get("metric") or []
            if metric.get("metric_name") == METRIC
        ]
        for table in sorted({dimensions["TableName"] for dimensions in watched}):
            seen = {d.get("GlobalSecondaryIndexName") for d in watched if d["TableName"] == table}
            if missing := sorted(indexes.get(table, set()) - seen):
                yield f"{alarm.address}: it does not see refused writes of the indexes {missing}"
