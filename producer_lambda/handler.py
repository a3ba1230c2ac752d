"""The Lambda handler: every SQS record is an S3 event; every upload in it becomes a job on its lane.

No S3 and no DynamoDB call is made here. What could not be read or sent is reported by its message id alone
(`ReportBatchItemFailures`), so that its neighbours are not delivered again.
"""

from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from pixelfleet import telemetry
from pixelfleet.aws.queues import Queues
from pixelfleet.domain.s3_events import parse_message
from pixelfleet.errors import EventError
from pixelfleet.settings import Settings, load_settings
from producer_lambda.routing import Outbox

log = telemetry.logger("producer")


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Route one batch of SQS records; returns the ids of the messages to deliver again."""
    settings, queues = _composed()
    outbox = Outbox(settings)
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def take(record: SQSRecord) -> None:
        parsed = parse_message(record.body)
        outbox.add(record.message_id, parsed.jobs)
        if parsed.problems:
            raise EventError("; ".join(parsed.problems))

    with processor(records=event["Records"], handler=take, lambda_context=context):
        processor.process()
    unread = {str(failure["itemIdentifier"]) for failure in processor.response()["batchItemFailures"]}
    unsent = outbox.send(queues)
    log.info(
        "routed",
        extra={"messages": len(event["Records"]), "jobs": outbox.size, "unread": len(unread), "unsent": len(unsent)},
    )
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(unread | unsent)]}


@cache
def _composed() -> tuple[Settings, Queues]:
    """Once a process, at the first event: an import makes no client and reads no environment."""
    settings = load_settings()
    # Lambda bills the wait: give up early and let the message come back.
    config = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
    client = boto3.client("sqs", region_name=settings.region, endpoint_url=settings.endpoint_url, config=config)
    return settings, Queues(client, settings)
