"""A dead-letter queue keeps messages longer than its source, and gets a message after five receives or more.

SQS counts the age of a message from its first sending, on standard queues also after the move to the DLQ.
"""

from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan, decoded

PAGE: Final = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"
TYPES: Final = ("aws_sqs_queue",)
LEAST_RECEIVES: Final = 5


def violations(plan: Plan) -> Iterator[str]:
    queues = {str(queue.values.get("name")): queue for queue in plan.resources(*TYPES)}
    for name, queue in queues.items():
        if name.endswith("-dlq"):
            continue
        letters = queues.get(f"{name}-dlq")
        if letters is None:
            yield f"{queue.address}: no queue {name}-dlq"
            continue
        if letters.values["message_retention_seconds"] <= queue.values["message_retention_seconds"]:
            yield f"{letters.address}: retention is not above the source's"
        policy = decoded(queue.values.get("redrive_policy"))
        if policy is not None and int(policy["maxReceiveCount"]) < LEAST_RECEIVES:
            yield f"{queue.address}: maxReceiveCount is below {LEAST_RECEIVES}"
