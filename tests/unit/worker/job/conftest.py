"""The cloud of one worker, and an engine that fails on request."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws

from pixelfleet.deployment import Deployment
from pixelfleet.images.pipeline import render
from pixelfleet.settings import load_settings
from tests.fakes.deployment import put_quick_tables
from tests.fakes.moto_s3 import MotoDeployment, moto_s3
from tests.unit.worker.job.desk import Desk
from worker.job.process import Processor


@pytest.fixture(scope="module")
def composed() -> Iterator[Deployment]:
    """The clients, which take longer to make than a test runs. Each test begins with an empty cloud."""
    with pytest.MonkeyPatch.context() as patch, moto_s3() as url:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("PIXELFLEET_ACCOUNT_ID", "123456789012")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        deployment = MotoDeployment(load_settings(), s3_url=url)
        put_quick_tables(deployment)
        for name in ("s3", "sqs", "sns", "notices"):
            getattr(deployment, name)
        patch.undo()
        yield deployment


@pytest.fixture
def desk(composed: Deployment) -> Iterator[Desk]:
    settings = composed.settings
    quick: Any = composed.dynamodb
    quick.clear()
    with mock_aws():
        for bucket in (settings.uploads_bucket, settings.results_bucket):
            composed.s3.create_bucket(Bucket=bucket)
        versioned: Any = {"Status": "Enabled"}
        composed.s3.put_bucket_versioning(Bucket=settings.uploads_bucket, VersioningConfiguration=versioned)
        for name in ("bulk", "bulk-dlq", "heavy", "heavy-dlq", "listener"):
            composed.sqs.create_queue(QueueName=f"pixelfleet-{name}")
        composed.sns.create_topic(Name="pixelfleet-notices")
        arn = "arn:aws:sqs:us-east-1:123456789012:pixelfleet-listener"
        composed.sns.subscribe(TopicArn=settings.notices_topic_arn, Protocol="sqs", Endpoint=arn)
        listener = composed.sqs.get_queue_url(QueueName="pixelfleet-listener")["QueueUrl"]
        yield Desk(composed, Processor(composed), listener)


@pytest.fixture
def fails(desk: Desk) -> Callable[[BaseException | None], None]:
    """Make the engine raise this exception from now on. None repairs the engine."""

    def make(error: BaseException | None) -> None:
        def failing(*arguments: Any) -> Any:
            if error is not None:
                raise error
            return render(*arguments)

        desk.render_by(failing)

    return make
