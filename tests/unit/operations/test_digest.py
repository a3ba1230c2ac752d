"""A digest of failures covers one hour, by cause. Operators and each owner get a digest once."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from pixelfleet.aws.notices import Notice
from pixelfleet.catalog.activity import Activity, Sample, slot_of
from pixelfleet.catalog.images import Images
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import timestamp
from pixelfleet.errors import Cause, SetupError, TransientError
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
    """Creates a queue that gets the notices that pass the filter; returns the URL of the queue."""
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


def test_a_digest_counts_only_the_failures_of_its_hour_by_cause(deployment: Deployment) -> None:
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


def test_operators_get_one_digest_and_each_owner_gets_a_digest_of_their_own_failures(deployment: Deployment) -> None:
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


def test_the_digest_of_an_hour_is_published_once(deployment: Deployment) -> None:
    failed(deployment, "ana", "a.jpg", Cause.UNREADABLE, 10)

    published = [run_digest(deployment, NOW + timedelta(minutes=minutes)).published for minutes in (0, 1, 50)]

    assert published == [2, 0, 0]


class RepeatingClient:
    """A client whose first answer to each put is lost, so that the SDK makes the same put again."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_item(self, **request: Any) -> Any:
        self._client.put_item(**request)
        return self._client.put_item(**request)


def test_a_claim_whose_answer_is_lost_loses_no_digest(deployment: Deployment) -> None:
    failed(deployment, "ana", "a.jpg", Cause.UNREADABLE, 10)
    client: Any = RepeatingClient(deployment.dynamodb)
    deployment.__dict__["activity"] = Activity(client, deployment.settings.activity_table)

    assert [run_digest(deployment, NOW).published for _ in range(2)] == [2, 0]


def test_the_next_run_publishes_a_digest_whose_run_failed(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    operators = listen(deployment, kind=["failures.digest"])
    owners = listen(deployment, kind=["failures.owner_digest"])
    failed(deployment, "ana", "a.jpg", Cause.UNREADABLE, 10)
    publish = deployment.notices.publish

    def once(notice: Notice) -> None:
        publish(notice)
        raise TransientError(Cause.UNAVAILABLE, "SNS does not answer")

    with monkeypatch.context() as failing:
        failing.setattr(deployment.notices, "publish", once)
        with pytest.raises(TransientError):
            run_digest(deployment, NOW)

    assert run_digest(deployment, NOW + timedelta(minutes=1)).published == 0, "the first run may still publish"
    assert [run_digest(deployment, NOW + timedelta(hours=hours)).published for hours in (1, 2)] == [2, 0]
    first, again = heard(deployment, operators)
    assert first["notice_id"] == again["notice_id"]
    assert [notice["owner"] for notice in heard(deployment, owners)] == ["ana"]


def test_an_hour_without_failures_sends_nothing(deployment: Deployment) -> None:
    assert run_digest(deployment, NOW).published == 0


def test_operators_get_the_number_of_images_whose_reprocessing_failed(deployment: Deployment) -> None:
    operators = listen(deployment, kind=["failures.digest"])
    for minute, number in ((-1, 1), (0, 2), (59, 3), (60, 4)):
        at = slot_of(HOUR + timedelta(minutes=minute))
        outcomes = {"ready": 9, "reprocessing_failed:time_limit": number}
        deployment.activity.count(Sample(at=at, lane=Lane.HEAVY, outcomes=outcomes))

    digest = run_digest(deployment, NOW)

    notices = heard(deployment, operators)
    assert digest.published == len(notices) == 2, "also that of the hour before, which no run has published"
    [notice] = [notice for notice in notices if notice["since"] == timestamp(HOUR)]
    assert (notice["failed"], notice["reprocessing_failed_by_cause"]) == (0, {"time_limit": 5})


def test_a_digest_that_stops_at_its_bound_is_marked_incomplete(deployment: Deployment) -> None:
    for number in range(3):
        failed(deployment, "ana", f"{number}.jpg", Cause.UNREADABLE, 10)

    digest = read(deployment.images, HOUR, HOUR + timedelta(hours=1), most=2)

    assert (digest.total.causes.total(), digest.complete) == (2, False)


def test_an_owner_gets_no_mail_about_a_single_image(deployment: Deployment) -> None:
    deployment.notices.subscribe("ana@example.com", "ana")

    [subscription] = deployment.sns.list_subscriptions()["Subscriptions"]
    attributes = deployment.sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])[
        "Attributes"
    ]
    assert json.loads(attributes["FilterPolicy"]) == {
        "owner": ["ana"],
        "kind": ["batch.completed", "failures.owner_digest"],
    }


def test_a_topic_that_takes_no_more_filters_is_a_setup_error(deployment: Deployment) -> None:
    with Stubber(deployment.sns) as stubs:
        stubs.add_client_error("subscribe", "FilterPolicyLimitExceeded")

        with pytest.raises(SetupError, match="200 subscriptions"):
            deployment.notices.subscribe("ana@example.com", "ana")
