"""The event source mapping: the queue's visibility, the batch's window, the concurrency."""

from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"
TYPES: Final = ("aws_lambda_event_source_mapping", "aws_lambda_function", "aws_sqs_queue")


def violations(plan: Plan) -> Iterator[str]:
    function, queue = plan.one("aws_lambda_function"), plan.one("aws_sqs_queue", "-uploads")
    timeouts = [each.values["timeout"] for each in plan.resources("aws_lambda_function")]
    for mapping in plan.resources("aws_lambda_event_source_mapping"):
        window = mapping.values.get("maximum_batching_window_in_seconds") or 0
        if (mapping.values.get("batch_size") or 10) > 10 and window < 1:
            yield f"{mapping.address}: a batch of more than 10 needs a window of at least 1 s"
        for scaling in mapping.values.get("scaling_config") or []:
            if not 2 <= scaling["maximum_concurrency"] <= 1000:
                yield f"{mapping.address}: maximum_concurrency is 2 to 1000"
        # "at least six times the function timeout, plus the value of MaximumBatchingWindowInSeconds".
        if timeouts and queue is not None and queue.values["visibility_timeout_seconds"] < 6 * max(timeouts) + window:
            yield f"{queue.address}: visibility is below 6 x {max(timeouts)} s + {window} s"
    if function is None or queue is None:
        yield "no function or no queue of uploads in this plan"
