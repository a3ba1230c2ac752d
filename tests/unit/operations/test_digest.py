"""The digest of failures: one hour, by cause, once, for operators and for each owner."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from pixelfleet.catalog.activity import Sample, slot_of
from pixelfleet.catalog.images import Images
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import Cause, SetupError
from pixelfleet.operations.digest import read, run_digest
from tests.fakes.deployment import ACCOUNT, moto_deployment
from tests.fakes.records import record

HOUR = datetime(2026, 11, 26, 9, tzinfo=UTC)
NOW = HOUR + timedelta(hours=1, minutes=5)


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with moto_deployment(quick_tables=True) as composed:
        settings = composed.settings
        images = Images(composed.dynamodb, settings.images_table, settings.batches_table, now=lambda: CLOCK.now)
        composed.__dict__["images"] = images
        yield composed


@dataclass
class Clock:
    now: datetime = HOUR


CLOCK = Clock()


def failed(deployment: Deployment, owner: str, name: str, cause: Cause, minute: int) -> None:
    CLOCK.now = HOUR + timedelta(minutes=minute)
    record(deployment, owner, "spring", name, cause=cause)


def listen(deployment: Deployment, **filter_policy: list[str]) -> str:
    """A queue that gets the notices that the filter admits; its URL."""
    url = deployment.sqs.create_queue(
        QueueName="-".join(["ear", *(v[0] for v in filter_policy.values())]).replace(".", "-")
    )["QueueUrl"]
    deployment.sns.subscribe(
        TopicArn=deployment.settings.notices_topic_arn,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:{url.rpartition('/')[2]}",
        Attributes={"FilterPolicy": json.dumps(filter_policy), "RawMessageDelivery": "true"},
    )
    return str(url)


def heard(deployment: Deployment, url: str) -> list[dict[str, Any]]:
    answer = deployment.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_failures_of_the_hour_are_counted_by_cause_and_nothing_else_is(deployment: Deployment) -> None:
    failed(deployment, "ana", "early.jpg", Cause.UNREADABLE, -1)
    failed(deployment, "ana", "first.jpg", Cause.UNREADABLE, 0)
    failed(deployment, "ana", "last.jpg", Cause.UNREADABLE, 59)
    failed(deployment, "bob", "large.tif", Cause.TOO_MANY_PIXELS, 30)
    failed(deployment, "ana", "late.jpg", Cause.UNREADABLE, 60)
    CLOCK.now = HOUR + timedelta(minutes=3)
    record(deployment, "ana", "spring", "good.jpg")

    digest = read(deployment.images, HOUR, HOUR + timedelta(hours=1))

    assert dict(digest.total.causes) == {"unreadable": 2, "too_many_pixels": 1}
    assert {owner: failures.causes.total() for owner, failures in digest.owners.items()} == {"ana": 2, "bob": 1}
    assert [image.path for image in digest.total.examples["unreadable"]] == ["first.jpg", "last.jpg"]


def test_operators_get_one_digest_and_each_owner_their_own(deployment: Deployment) -> None:
    operators = listen(deployment, kind=["failures.digest"])
    ana = listen(deployment, owner=["ana"], kind=["failures.owner_digest"])
    for name in ("a.jpg", "b.jpg"):
        failed(deployment, "ana", name, Cause.UNREADABLE, 10)
    failed(deployment, "bob", "c.jpg", Cause.UNREADABLE, 10)

    digest = run_digest(deployment, NOW)

    assert digest.published == 3
    [all_failures], [own] = heard(deployment, operators), heard(deployment, ana)
    assert (all_failures["failed"], all_failures["owner"]) == (3, None)
    assert (own["failed"], own["owner"], own["failed_by_cause"]) == (2, "ana", {"unreadable": 2})


def test_an_hour_is_published_once(deployment: Deployment) -> None:
    failed(deployment, "ana", "a.jpg", Cause.UNREADABLE, 10)

    published = [run_digest(deployment, NOW + timedelta(minutes=minutes)).published for minutes in (0, 1, 50)]

    assert published == [2, 0, 0]


def test_an_hour_without_failures_sends_nothing(deployment: Deployment) -> None:
    assert run_digest(deployment, NOW).published == 0


def test_operators_read_of_images_that_keep_their_results_because_processing_again_failed(
    deployment: Deployment,
) -> None:
    operators = listen(deployment, kind=["failures.digest"])
    for minute, number in ((-1, 1), (0, 2), (59, 3), (60, 4)):
        at = slot_of(HOUR + timedelta(minutes=minute))
        outcomes = {"ready": 9, "reprocessing_failed:time_limit": number}
        deployment.activity.count(Sample(at=at, lane=Lane.HEAVY, outcomes=outcomes))

    digest = run_digest(deployment, NOW)

    [notice] = heard(deployment, operators)
    assert digest.published == 1
    assert (notice["failed"], notice["reprocessing_failed_by_cause"]) == (0, {"time_limit": 5})


def test_a_digest_that_reads_no_further_says_so(deployment: Deployment) -> None:
    for number in range(3):
        failed(deployment, "ana", f"{number}.jpg", Cause.UNREADABLE, 10)

    digest = read(deployment.images, HOUR, HOUR + timedelta(hours=1), most=2)

    assert (digest.total.causes.total(), digest.complete) == (2, False)


def test_an_owners_mail_is_never_for_a_single_image(deployment: Deployment) -> None:
    deployment.notices.subscribe("ana@example.com", "ana")

    [subscription] = deployment.sns.list_subscriptions()["Subscriptions"]
    attributes = deployment.sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])[
        "Attributes"
    ]
    assert json.loads(attributes["FilterPolicy"]) == {
        "owner": ["ana"],
        "kind": ["batch.completed", "failures.owner_digest"],
    }


def test_a_topic_that_takes_no_more_filters_is_told_as_a_set_up_error(deployment: Deployment) -> None:
    with Stubber(deployment.sns) as stubs:
        stubs.add_client_error("subscribe", "FilterPolicyLimitExceeded")

        with pytest.raises(SetupError, match="200 subscriptions"):
            deployment.notices.subscribe("ana@example.com", "ana")
