"""The resources that `provision` makes in the embedded cloud."""

import json
from typing import Any

import boto3
import pytest

from pixelfleet.catalog.schema import TABLES
from pixelfleet.errors import SetupError
from pixelfleet.localcloud.provision import provision
from pixelfleet.localcloud.resources import DAY, queue_name, resources
from pixelfleet.settings import Settings, load_settings


def _attributes(settings: Settings, url: str) -> dict[Any, str]:
    sqs = boto3.client("sqs", endpoint_url=settings.endpoint_url)
    return {**sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]}


def test_a_second_provision_makes_nothing_and_changes_nothing(in_cloud: None) -> None:
    settings = load_settings()
    first = provision(settings)
    before = {queue.url: _attributes(settings, queue.url) for queue in resources(settings).queues}
    second = provision(settings)
    after = {queue.url: _attributes(settings, queue.url) for queue in resources(settings).queues}

    assert [item.made for item in first] == [True] * 15
    assert [(item.kind, item.name) for item in second] == [(item.kind, item.name) for item in first]
    assert not any(item.made for item in second)
    for url, was in before.items():
        assert after[url]["RedrivePolicy"] == was["RedrivePolicy"]
        assert after[url]["VisibilityTimeout"] == was["VisibilityTimeout"]


def test_a_provision_keeps_the_statements_by_which_adopted_buckets_send(settings: Settings) -> None:
    provision(settings)
    url = settings.uploads_queue_url
    policy = json.loads(_attributes(settings, url)["Policy"])
    adopted = {"Sid": "Adopted", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
               "Action": "sqs:SendMessage", "Resource": "*"}  # fmt: skip
    sqs = boto3.client("sqs", endpoint_url=settings.endpoint_url)
    changed = json.dumps(policy | {"Statement": [*policy["Statement"], adopted]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": changed})
    provision(settings)
    kept = json.loads(_attributes(settings, url)["Policy"])["Statement"]
    assert [statement["Sid"] for statement in kept] == ["UploadsBucketSends", "Adopted"]


def test_queues_carry_the_figures_of_the_design(settings: Settings) -> None:
    figures = {
        settings.uploads_queue_url: ("361", 5),
        settings.bulk_queue_url: ("120", 10),
        settings.heavy_queue_url: ("300", 10),
    }
    for url, (visibility, receives) in figures.items():
        queue, dead = _attributes(settings, url), _attributes(settings, f"{url}-dlq")
        redrive = json.loads(queue["RedrivePolicy"])
        assert queue["VisibilityTimeout"] == visibility
        assert queue["ReceiveMessageWaitTimeSeconds"] == "20"
        assert queue["MessageRetentionPeriod"] == str(7 * DAY)
        assert dead["MessageRetentionPeriod"] == str(14 * DAY)
        assert redrive == {"deadLetterTargetArn": dead["QueueArn"], "maxReceiveCount": receives}
        assert json.loads(dead["RedriveAllowPolicy"]) == {
            "redrivePermission": "byQueue",
            "sourceQueueArns": [queue["QueueArn"]],
        }


def test_a_message_received_too_often_really_lands_in_the_dead_letter_queue(settings: Settings) -> None:
    sqs = boto3.client("sqs", endpoint_url=settings.endpoint_url)
    sqs.send_message(QueueUrl=settings.bulk_queue_url, MessageBody="nobody can read this")
    received = 0
    while sqs.receive_message(QueueUrl=settings.bulk_queue_url, VisibilityTimeout=0, WaitTimeSeconds=0).get("Messages"):
        received += 1
    dead = sqs.receive_message(QueueUrl=settings.bulk_dlq_url, WaitTimeSeconds=1)["Messages"]

    assert received == 10
    assert [message["Body"] for message in dead] == ["nobody can read this"]


def test_every_change_of_an_object_is_sent_to_the_uploads_queue_whatever_its_key(settings: Settings) -> None:
    s3 = boto3.client("s3")
    sqs = boto3.client("sqs", endpoint_url=settings.endpoint_url)
    s3.put_object(Bucket=settings.uploads_bucket, Key="at the root + ü.jpg", Body=b"x")
    s3.delete_object(Bucket=settings.uploads_bucket, Key="at the root + ü.jpg")
    reported: list[tuple[str, str]] = []
    while len(reported) < 2:
        messages = sqs.receive_message(QueueUrl=settings.uploads_queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        records = [json.loads(message["Body"]).get("Records", []) for message in messages.get("Messages", [])]
        reported += [(r["eventName"], r["s3"]["object"]["key"]) for batch in records for r in batch]

    assert sorted(reported) == [
        ("ObjectCreated:Put", "at+the+root+%2B+%C3%BC.jpg"),
        ("ObjectRemoved:DeleteMarkerCreated", "at+the+root+%2B+%C3%BC.jpg"),
    ]


def test_tables_have_their_indexes_and_expiry(settings: Settings) -> None:
    dynamodb = boto3.client("dynamodb")
    for table in TABLES:
        name = f"{settings.prefix}-{table.name}"
        there = dynamodb.describe_table(TableName=name)["Table"]
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert {index["IndexName"] for index in there.get("GlobalSecondaryIndexes", [])} == {
            index.name for index in table.indexes
        }
        assert there["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        assert expiry.get("AttributeName") == table.ttl


def test_a_table_of_another_version_is_refused_by_name(in_cloud: None) -> None:
    settings = load_settings()
    boto3.client("dynamodb").create_table(
        TableName=settings.images_table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "old", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "old", "KeyType": "HASH"}],
    )
    with pytest.raises(SetupError, match=rf"table {settings.images_table} has other keys"):
        provision(settings)


def test_explicit_names_win_over_the_prefix(in_cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    derived = load_settings()
    monkeypatch.setenv("PIXELFLEET_BULK_QUEUE_URL", f"{derived.bulk_queue_url}-mine")
    monkeypatch.setenv("PIXELFLEET_UPLOADS_BUCKET", f"{derived.uploads_bucket}-mine")
    made = {(item.kind, item.name) for item in provision(load_settings())}

    assert ("queue", queue_name(derived.bulk_queue_url) + "-mine") in made
    assert ("bucket", derived.uploads_bucket + "-mine") in made
    assert ("bucket", derived.uploads_bucket) not in made


def test_without_an_endpoint_nothing_is_made() -> None:
    with pytest.raises(SetupError, match="AWS_ENDPOINT_URL is not set"):
        provision(Settings(endpoint_url=None))


def test_an_endpoint_where_nobody_answers_is_named(in_cloud: None) -> None:
    with pytest.raises(SetupError, match=r"http://127\.0\.0\.1:9 cannot be used"):
        provision(Settings(endpoint_url="http://127.0.0.1:9"))
