"""A deployment on moto, in process: tables, buckets, queues and topics as `provision` makes them elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from moto import mock_aws

from pixelfleet.catalog.schema import TABLES
from pixelfleet.deployment import Deployment
from pixelfleet.localcloud.tables import ensure_table
from pixelfleet.settings import Settings, load_settings
from tests.fakes.moto_s3 import MotoDeployment, moto_s3

SECRET = "a secret of the tests, long enough to sign"
ACCOUNT = "123456789012"


@contextmanager
def moto_deployment(patch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """Every resource that the dashboard needs, in a cloud that ends with the block."""
    variables = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PIXELFLEET_ACCOUNT_ID": ACCOUNT,
        "PIXELFLEET_SESSION_SECRET": SECRET,
        "PIXELFLEET_DASHBOARD_URL": "http://testserver",
    }
    for name, value in variables.items():
        patch.setenv(name, value)
    patch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws(), moto_s3() as url:
        settings = load_settings()
        _provision(settings)
        yield MotoDeployment(settings, s3_url=url)


def _provision(settings: Settings) -> None:
    dynamodb = boto3.client("dynamodb", region_name="us-east-1")
    for table in TABLES:
        ensure_table(dynamodb, getattr(settings, f"{table.name}_table"), table)
    s3 = boto3.client("s3", region_name="us-east-1")
    for bucket in (settings.uploads_bucket, settings.results_bucket):
        s3.create_bucket(Bucket=bucket)
    sqs = boto3.client("sqs", region_name="us-east-1")
    for name in ("uploads", "bulk", "heavy"):
        for end in ("", "-dlq"):
            sqs.create_queue(QueueName=f"{settings.prefix}-{name}{end}")
    sns = boto3.client("sns", region_name="us-east-1")
    for name in ("notices", "alarms"):
        sns.create_topic(Name=f"{settings.prefix}-{name}")
