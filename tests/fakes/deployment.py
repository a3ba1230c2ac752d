"""A deployment on moto, in process, with the tables, buckets, queues and topics that `provision` makes elsewhere."""

import json
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
from pixelfleet.domain.jobs import Lane
from pixelfleet.localcloud.tables import ensure_table
from pixelfleet.settings import Settings, load_settings
from tests.fakes.dynamodb import FakeDynamoDb
from tests.fakes.moto_s3 import MotoDeployment, moto_s3
from tests.fakes.sqs_account import SqsAccount
from tests.fakes.sqs_boto import FakeSqsClient

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
    that composes a deployment by itself has these tables only in a `fresh_deployment`.
    """
    with pytest.MonkeyPatch.context() as patch, mock_aws(config=_KEEPS_ENVIRONMENT), moto_s3() as url:
        enter(patch)
        settings = load_settings()
        _provision(settings, tables=not quick_tables)
        deployment = MotoDeployment(settings, s3_url=url)
        if quick_tables:
            put_quick_tables(deployment)
        compose_all(deployment)
        patch.undo()
        yield deployment


def fresh_deployment(cloud: Deployment, patch: pytest.MonkeyPatch) -> Deployment:
    """A deployment with empty tables and queues in memory, over the buckets and topics of `cloud`.

    A command that composes a deployment by itself has the same clients until `patch` is undone.
    """
    clients: dict[str, object] = {"dynamodb": quick_tables(cloud.settings), "sqs": quick_queues(cloud.settings)}
    for name in ("s3", "sns", "ecs", "cloudwatch", "object_bytes"):
        clients[name] = getattr(cloud, name)
    for name, client in clients.items():
        patch.setattr(Deployment, name, client)
    return Deployment(cloud.settings)


def put_quick_tables(deployment: Deployment) -> FakeDynamoDb:
    """Make every adapter that is composed later use tables in memory."""
    quick = quick_tables(deployment.settings)
    # Replaces the client that the property would make.
    deployment.__dict__["dynamodb"] = quick
    return quick


def quick_tables(settings: Settings) -> FakeDynamoDb:
    """Empty tables in memory."""
    return FakeDynamoDb((getattr(settings, f"{table.name}_table"), table) for table in TABLES)


def quick_queues(settings: Settings) -> FakeSqsClient:
    """Empty queues in memory, each with its dead-letter queue. A long poll does not wait."""
    sqs = FakeSqsClient(SqsAccount())
    for name in ("uploads", *Lane):
        dead = sqs.create_queue(QueueName=f"{settings.prefix}-{name}-dlq")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 10})
        sqs.create_queue(QueueName=f"{settings.prefix}-{name}", Attributes={"RedrivePolicy": policy})
    return sqs


def compose_all(deployment: Deployment) -> None:
    """Make every client and adapter now, with the present credentials of the environment."""
    for name in dir(Deployment):
        if isinstance(getattr(Deployment, name), cached_property):
            getattr(deployment, name)


def _provision(settings: Settings, *, tables: bool) -> None:
    if tables:
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
