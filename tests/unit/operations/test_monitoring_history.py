"""The last hour of the lanes: from CloudWatch on AWS, as remembered elsewhere."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from pixelfleet.deployment import Deployment
from pixelfleet.operations.monitoring_history import History
from tests.fakes.deployment import moto_deployment

NOW = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with pytest.MonkeyPatch.context() as patch, moto_deployment(patch) as composed:
        yield composed


def test_on_aws_it_is_what_cloudwatch_says(deployment: Deployment) -> None:
    client = boto3.client("cloudwatch", region_name="us-east-1")
    for minutes, value in ((30, 7.0), (20, 3.0), (90, 99.0)):
        client.put_metric_data(
            Namespace="AWS/SQS",
            MetricData=[
                {
                    "MetricName": "ApproximateNumberOfMessagesVisible",
                    "Dimensions": [{"Name": "QueueName", "Value": "pixelfleet-bulk"}],
                    "Timestamp": NOW - timedelta(minutes=minutes),
                    "Value": value,
                }
            ],
        )
    lanes = History(deployment, lambda: NOW).lanes()
    assert lanes["bulk"].waiting == (7.0, 3.0)
    assert lanes["heavy"].waiting == ()
    assert set(lanes) == {"uploads", "bulk", "heavy"}


def test_elsewhere_it_is_what_was_seen_in_the_last_hour(deployment: Deployment) -> None:
    local = Deployment(deployment.settings)
    local.__dict__["cloudwatch"] = None
    now = NOW
    history = History(local, lambda: now)
    history.look()
    now = NOW + timedelta(minutes=50)
    local.sqs.send_message(QueueUrl=deployment.settings.bulk_queue_url, MessageBody="x")
    history.look()
    history.look()
    now = NOW + timedelta(minutes=70)
    assert history.lanes()["bulk"].waiting == (1, 1)
    assert history.lanes()["bulk"].oldest == ()
    assert history.lanes()["uploads"].workers == ()
