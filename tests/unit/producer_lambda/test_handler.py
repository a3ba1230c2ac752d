"""The Lambda handler on moto in process: the jobs that each queue gets, and the messages reported as failed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from moto import mock_aws

from pixelfleet.domain.jobs import Job, Lane, decode_message, message_group
from pixelfleet.settings import load_settings
from producer_lambda import handler as producer

EVENTS = Path(__file__).parents[2] / "events"
CONTEXT = LambdaContext()


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PIXELFLEET_ACCOUNT_ID": "123456789012",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    producer._composed.cache_clear()
    with mock_aws():
        client = boto3.client("sqs")
        for lane in Lane:
            client.create_queue(QueueName=f"pixelfleet-{lane}")
        yield client
    producer._composed.cache_clear()


def record(body: str, message_id: str = "m1") -> dict[str, Any]:
    return {
        "messageId": message_id,
        "receiptHandle": "handle",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:pixelfleet-uploads",
        "awsRegion": "us-east-1",
    }


def golden(name: str) -> str:
    return (EVENTS / f"{name}.json").read_text()


def upload(key: str, size: int = 10, bucket: str = "pixelfleet-uploads") -> str:
    event = json.loads(golden("put"))
    event["Records"][0]["s3"]["object"] |= {"key": key, "size": size}
    event["Records"][0]["s3"]["bucket"]["name"] = bucket
    return json.dumps(event)


def deliver(*records: dict[str, Any]) -> list[str]:
    answer = producer.handler({"Records": list(records)}, CONTEXT)
    return [str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]


def sent(sqs: Any, lane: Lane) -> list[Job]:
    url = load_settings().queue_url(lane)
    jobs = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        jobs += [decode_message(message["Body"]) for message in messages]
    return jobs


def test_an_upload_becomes_a_job_on_the_bulk_lane(sqs: Any) -> None:
    assert deliver(record(golden("put"))) == []
    [job] = sent(sqs, Lane.BULK)
    assert (job.key, job.sequencer) == ("uploads/me/b1/cat.jpg", "0055AED6DCD90281E5")


def test_a_large_object_becomes_a_job_on_the_heavy_lane(sqs: Any) -> None:
    deliver(record(upload("big.tif", 65_000_000)))
    assert [job.key for job in sent(sqs, Lane.HEAVY)] == ["big.tif"]
    assert sent(sqs, Lane.BULK) == []


def test_any_key_is_routed_and_the_worker_checks_the_bytes(sqs: Any) -> None:
    deliver(record(upload("notes.txt")), record(upload("no-extension"), "m2"))
    assert {job.key for job in sent(sqs, Lane.BULK)} == {"notes.txt", "no-extension"}


def test_readable_copies_of_results_never_become_jobs(sqs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLEET_ALIAS_BUCKET", "museum-web")
    assert deliver(record(upload("shoes/red_card.jpg", bucket="museum-web"))) == []
    assert sent(sqs, Lane.BULK) == []


def test_results_never_become_jobs(sqs: Any) -> None:
    assert deliver(record(upload("me/x/thumb.webp", bucket="pixelfleet-results"))) == []
    assert sent(sqs, Lane.BULK) == []


def test_only_the_message_that_cannot_be_read_is_reported(sqs: Any) -> None:
    failures = deliver(record("not json", "bad"), record(golden("put"), "good"))
    assert failures == ["bad"]
    assert len(sent(sqs, Lane.BULK)) == 1


def test_a_message_with_one_bad_record_sends_the_others_and_is_reported(sqs: Any) -> None:
    event = json.loads(golden("multi_record"))
    event["Records"][1]["s3"] = None
    assert deliver(record(json.dumps(event), "half")) == ["half"]
    assert len(sent(sqs, Lane.BULK)) == 2


def test_a_batch_of_unreadable_messages_reports_every_message(sqs: Any) -> None:
    assert deliver(record("x", "a"), record("y", "b")) == ["a", "b"]


def test_a_test_event_is_not_reported_as_failed(sqs: Any) -> None:
    assert deliver(record(golden("test_event"))) == []


def test_the_same_event_twice_in_a_batch_is_one_job(sqs: Any) -> None:
    assert deliver(record(golden("put"), "a"), record(golden("put"), "b")) == []
    assert len(sent(sqs, Lane.BULK)) == 1


def test_jobs_are_sent_by_tens_each_in_its_owners_message_group(sqs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _settings, queues = producer._composed()
    calls: list[list[Any]] = []
    real = queues._client.send_message_batch

    def spy(**request: Any) -> Any:
        calls.append(request["Entries"])
        return real(**request)

    monkeypatch.setattr(queues._client, "send_message_batch", spy)
    deliver(*(record(upload(f"uploads/owner{n % 3}/b/{n}.jpg"), f"m{n}") for n in range(25)))
    assert [len(entries) for entries in calls] == [10, 10, 5]
    assert {entry["MessageGroupId"] for entry in calls[0]} == {message_group(f"owner{n}") for n in range(3)}


def test_a_job_that_sqs_does_not_accept_reports_all_messages_with_that_job(
    sqs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settings, queues = producer._composed()
    real = queues._client.send_message_batch

    def partly(**request: Any) -> Any:
        kept = [entry for entry in request["Entries"] if entry["Id"] != "1"]
        failure = {"Id": "1", "SenderFault": False, "Code": "InternalError"}
        return real(**(request | {"Entries": kept})) | {"Failed": [failure]}

    monkeypatch.setattr(queues._client, "send_message_batch", partly)
    records = [record(upload(f"{n}.jpg"), f"m{n}") for n in range(3)]
    assert deliver(*records, record(upload("1.jpg"), "again")) == ["again", "m1"]
    assert {job.key for job in sent(sqs, Lane.BULK)} == {"0.jpg", "2.jpg"}


def test_an_unreachable_lane_reports_only_its_own_messages(sqs: Any) -> None:
    sqs.delete_queue(QueueUrl=load_settings().heavy_queue_url)
    failures = deliver(record(upload("big.tif", 65_000_000), "heavy"), record(upload("a.jpg"), "bulk"))
    assert failures == ["heavy"]
    assert [job.key for job in sent(sqs, Lane.BULK)] == ["a.jpg"]
