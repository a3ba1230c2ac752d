"""JSON logs and CloudWatch metrics in embedded metric format, by aws-lambda-powertools.

A metric's dimensions are lane and cause, never an owner or a key: every distinct value is a metric that CloudWatch
bills by the month.
"""

import json
from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

NAMESPACE: Final = "pixelfleet"

__all__ = ["MetricUnit", "emf_line", "logger"]


def logger(part: str, level: str = "INFO") -> Logger:
    """A JSON logger whose every line names the part of the fleet that wrote it."""
    return Logger(service=part, level=level, utc=True)


def emf_line(dimensions: dict[str, str], values: dict[str, tuple[MetricUnit, float]]) -> str:
    """One line that CloudWatch Logs turns into metrics (CloudWatch user guide, "Embedded metric format")."""
    metrics = AmazonCloudWatchEMFProvider(namespace=NAMESPACE, metric_set={}, dimension_set={}, metadata_set={})
    for name, value in dimensions.items():
        metrics.add_dimension(name=name, value=value)
    for name, (unit, number) in values.items():
        metrics.add_metric(name=name, unit=unit, value=number)
    return json.dumps(metrics.serialize_metric_set(), separators=(",", ":"))
