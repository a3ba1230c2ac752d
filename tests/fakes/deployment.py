"""A deployment on moto, in process, with the tables, buckets, queues and topics that `provision` makes elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Final

import boto3
import pytest
from moto import mock_aws
from moto.core.config import DefaultConfig

from pixelfleet.catalog.schema import TABLES
from pixelfleet.deployment import Deployment
from pixelfleet.localcloud.tables import ensure_table
from pixelfleet.settings import Settings, load_settings
from tests.fakes.dynamodb import FakeDynamoDb
from tests.fakes.moto_s3 import MotoDeployment, moto_s3

SECRET = "a secret of the tests, long enough to sign"
ACCOUNT = "123456789012"
#: By default moto puts credentials into the environment while it runs.
_KEEPS_ENVIRONMENT: Final[DefaultConfig] = {"core": {"mock_credentials": False}}


_VARIABLES: Final = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "PIXELFLEET_ACCOUNT_ID": ACCOUNT,
    "PIXELFLEET_SESSION_SECRET": SECRET,
    "PIXELFLEET_DASHBOARD_URL": "http://testserver",
}


def enter(patch: pytest.MonkeyPatch) -> None:
    """Set the environment so that code that composes a deployment uses the deployment of `moto_deployment`."""
    for name, value in _VARIABLES.items():
        patch.setenv(name, value)
    patch.delenv("AWS_ENDPOINT_URL", raising=False)


@contextmanager
def moto_deployment(*, quick_tables: bool = False) -> Iterator[Deployment]:
    """Every resource that the dashboard needs. The cloud ends with the block.

    The environment is restored when the block begins: every client has its credentials by then. With `quick_tables`
    the tables are those of the fake in memory. The fake passes the same conformance suite in a tenth of the time. Code
    that composes a deployment by itself does not use these tables.
    """
    with pytest.MonkeyPatch.context() as patch, mock_aws(config=_KEEPS_ENVIRONMENT), moto_s3() as url:
        enter(patch)
        settings = load_settings()
        _provision(settings)
        deployment = MotoDeployment(settings, s3_url=url)
        if quick_tables:
            put_quick_tables(deployment)
        compose_all(deployment)
        patch.undo()
        yield deployment


def put_quick_tables(deployment: Deployment) -> FakeDynamoDb:
    """Make every adapter that is composed later use tables in memory."""
    settings = deployment.settings
    quick = FakeDynamoDb((getattr(settings, f"{table.name}_table"), table) for table in TABLES)
    # Replaces the client that the property would make.
    deployment.__dict__["dynamodb"] = quick
    return quick


def compose_all(deployment: Deployment) -> None:
    """Make every client and adapter now, with the present credentials of the environment."""
    for name in dir(Deployment):
        if isinstance(getattr(Deployment, name), cached_property):
            getattr(deployment, name)


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
