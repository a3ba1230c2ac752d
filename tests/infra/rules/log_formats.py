"""Logs that CloudWatch delivers to S3 are not converted to Parquet: the conversion is billed by the gigabyte."""

from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html"
TYPES: Final = ("aws_cloudwatch_log_delivery_destination",)


def violations(plan: Plan) -> Iterator[str]:
    for destination in plan.resources(*TYPES):
        if destination.values.get("output_format") == "parquet":
            yield f"{destination.address}: CloudWatch bills the conversion to Parquet; use w3c or json"
