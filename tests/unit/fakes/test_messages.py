"""The fakes of SNS and CloudFront, compared with moto where moto has the same rule."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from pixelfleet.aws.errors import error_code
from tests.fakes.clients import CREDENTIALS
from tests.fakes.cloudfront import DURATION, MOST_WILDCARDS, FakeCloudFront
from tests.fakes.sns import FakeSns


@pytest.fixture(params=["fake", "moto"])
def sns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    if request.param == "fake":
        yield FakeSns()
        return
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield boto3.client("sns", region_name="us-east-1")


def test_a_publication_gets_an_id(sns: Any) -> None:
    topic = sns.create_topic(Name="notices")["TopicArn"]
    attributes = {"owner": {"DataType": "String", "StringValue": "me"}}
    answer = sns.publish(
        TopicArn=topic, MessageStructure="json", Message='{"default": "{}"}', Subject="s", MessageAttributes=attributes
    )
    assert answer["MessageId"]


def test_a_missing_topic_is_reported_as_not_found(sns: Any) -> None:
    with pytest.raises(ClientError) as refused:
        sns.publish(TopicArn="arn:aws:sns:us-east-1:123456789012:none", Message="text")
    assert error_code(refused.value) in {"NotFound", "NotFoundException"}


def test_a_subject_has_at_most_a_hundred_characters(sns: Any) -> None:
    topic = sns.create_topic(Name="notices")["TopicArn"]
    with pytest.raises(ClientError) as refused:
        sns.publish(TopicArn=topic, Message="text", Subject="s" * 101)
    assert error_code(refused.value) in {"InvalidParameter", "InvalidParameterException"}


def test_a_publication_is_kept_as_the_document_that_a_machine_reads() -> None:
    sns = FakeSns()
    topic = sns.create_topic(Name="notices")["TopicArn"]
    sns.publish(TopicArn=topic, MessageStructure="json", Message='{"default": "{\\"kind\\": \\"image.ready\\"}"}')
    [publication] = sns.published
    assert publication.document == {"kind": "image.ready"}


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def invalidate(cloudfront: FakeCloudFront, reference: str, *paths: str) -> Any:
    batch = {"Paths": {"Quantity": len(paths), "Items": list(paths)}, "CallerReference": reference}
    return cloudfront.create_invalidation(DistributionId="E1", InvalidationBatch=batch)


def test_at_most_fifteen_wildcards_are_in_progress() -> None:
    clock = Clock()
    cloudfront = FakeCloudFront(clock)
    for number in range(MOST_WILDCARDS):
        invalidate(cloudfront, str(number), f"/i/{number}/*")
    with pytest.raises(ClientError) as refused:
        invalidate(cloudfront, "one more", "/i/x/*")
    assert error_code(refused.value) == "TooManyInvalidationsInProgress"
    clock.now += DURATION
    assert invalidate(cloudfront, "one more", "/i/x/*")["Invalidation"]["Status"] == "InProgress"


def test_the_same_reference_is_the_same_invalidation() -> None:
    cloudfront = FakeCloudFront(Clock())
    first, again = (invalidate(cloudfront, "r", "/i/*")["Invalidation"]["Id"] for _ in range(2))
    assert first == again
    with pytest.raises(ClientError):
        invalidate(cloudfront, "r", "/other/*")


def test_an_invalidation_covers_the_paths_below_its_wildcard() -> None:
    clock = Clock()
    cloudfront = FakeCloudFront(clock)
    invalidate(cloudfront, "r", "/i/me/x/*")
    assert cloudfront.forgotten_since(0.0, "/i/me/x/thumb.jpg")
    assert not cloudfront.forgotten_since(1.0, "/i/me/x/thumb.jpg")
    assert not cloudfront.forgotten_since(0.0, "/i/me/y/thumb.jpg")
