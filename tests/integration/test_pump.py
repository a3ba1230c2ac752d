"""The pump on a real queue: handled messages are deleted, failed messages come back, and SIGTERM ends the pump."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane, decode_message
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.programs import pump_program
from pixelfleet.localcloud.supervise import Child, ProcessSupervisor
from pixelfleet.settings import Settings
from producer_lambda.pump import Pump
from tests.waiting import PATIENCE, eventually


@pytest.fixture
def sqs(settings: Settings) -> Any:
    """A client of a deployment with an empty uploads queue. Failed messages come back at once."""
    client = boto3.client("sqs", endpoint_url=settings.endpoint_url)
    client.purge_queue(QueueUrl=settings.uploads_queue_url)
    client.set_queue_attributes(QueueUrl=settings.uploads_queue_url, Attributes={"VisibilityTimeout": "0"})
    return client


def _send(sqs: Any, settings: Settings, *bodies: str) -> None:
    for body in bodies:
        sqs.send_message(QueueUrl=settings.uploads_queue_url, MessageBody=body)


def _left(sqs: Any, settings: Settings) -> list[str]:
    answer = sqs.receive_message(QueueUrl=settings.uploads_queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
    return sorted(message["Body"] for message in answer.get("Messages", []))


def _fails(*bad: str) -> Any:
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        failed = [record["messageId"] for record in event["Records"] if record["body"] in bad]
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

    return handler


def test_only_what_failed_comes_back(sqs: Any, settings: Settings) -> None:
    _send(sqs, settings, "good", "bad", "fine")
    assert Pump(sqs, settings, _fails("bad")).turn() == 3
    assert _left(sqs, settings) == ["bad"]


def test_an_exception_brings_the_whole_batch_back(sqs: Any, settings: Settings) -> None:
    def breaks(_event: dict[str, Any], _context: Any) -> None:
        raise RuntimeError("the handler is broken")

    _send(sqs, settings, "one", "two")
    assert Pump(sqs, settings, breaks).turn() == 2
    assert _left(sqs, settings) == ["one", "two"]


def test_a_message_that_always_fails_ends_in_the_dead_letters(sqs: Any, settings: Settings) -> None:
    _send(sqs, settings, "bad")
    pump = Pump(sqs, settings, _fails("bad"))
    turns = 0
    while pump.turn():
        turns += 1
    dead = sqs.receive_message(QueueUrl=settings.uploads_dlq_url, WaitTimeSeconds=1)["Messages"]

    assert turns == 5
    assert [message["Body"] for message in dead] == ["bad"]


def test_the_context_is_lambdas(sqs: Any, settings: Settings) -> None:
    seen: list[Any] = []

    def handler(_event: dict[str, Any], context: Any) -> None:
        seen.append(context)

    _send(sqs, settings, "one")
    Pump(sqs, settings, handler).turn()
    [context] = seen
    assert context.invoked_function_arn == "arn:aws:lambda:us-east-1:000000000000:function:pixelfleet-producer"
    assert context.get_remaining_time_in_millis() == 60_000
    assert len(context.aws_request_id) == 36


class _Unreliable:
    """A client whose first receives fail, like those of an unreachable queue. Later calls go to the real client."""

    def __init__(self, real: Any, failures: int) -> None:
        self._real, self.failures = real, failures

    def receive_message(self, **request: Any) -> Any:
        if self.failures:
            self.failures -= 1
            away = boto3.client("sqs", endpoint_url="http://127.0.0.1:9", config=_NO_RETRY)
            return away.receive_message(**request)
        return self._real.receive_message(**request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


_NO_RETRY = Config(retries={"total_max_attempts": 1}, connect_timeout=1)


def test_a_queue_that_is_away_for_a_while_ends_nothing(sqs: Any, settings: Settings) -> None:
    _send(sqs, settings, "one")
    taken = threading.Event()

    def handler(_event: dict[str, Any], _context: Any) -> None:
        taken.set()

    client: Any = _Unreliable(sqs, failures=2)
    pump = Pump(client, settings, handler)
    thread = threading.Thread(target=pump.run)
    thread.start()
    try:
        assert taken.wait(PATIENCE)
        assert client.failures == 0
    finally:
        pump.stop.set()
        thread.join(PATIENCE)


@pytest.fixture
def pump_process(
    settings: Settings, cloud_environment: dict[str, str], cloud_folder: DataFolder
) -> Iterator[ProcessSupervisor]:
    with ProcessSupervisor() as supervisor:
        supervisor.start(pump_program(cloud_environment, cloud_folder))
        yield supervisor


def test_an_upload_becomes_a_job_on_its_lane_through_the_real_handler(
    pump_process: ProcessSupervisor, settings: Settings
) -> None:
    deployment = Deployment(settings)
    deployment.s3.put_object(Bucket=settings.uploads_bucket, Key="uploads/me/b1/a +ü.jpg", Body=b"pixels")
    [message] = eventually(
        lambda: deployment.sqs.receive_message(QueueUrl=settings.bulk_queue_url, WaitTimeSeconds=20).get("Messages")
    )
    job = decode_message(message["Body"])

    assert (job.key, job.bytes, job.place.owner) == ("uploads/me/b1/a +ü.jpg", 6, "me")
    assert deployment.queues.depth(settings.queue_url(Lane.HEAVY)).waiting == 0


def test_sigterm_ends_the_process_in_good_order(
    settings: Settings, cloud_environment: dict[str, str], cloud_folder: DataFolder
) -> None:
    program = replace(pump_program(cloud_environment, cloud_folder), grace=PATIENCE)
    child = Child(program)
    deployment = Deployment(settings)
    # The job of an upload shows that the pump is running.
    deployment.s3.put_object(Bucket=settings.uploads_bucket, Key="uploads/me/b1/a.jpg", Body=b"pixels")
    eventually(lambda: deployment.queues.depth(settings.queue_url(Lane.BULK)).waiting)
    child.ask_to_stop()
    eventually(lambda: not child.alive)
    assert child.how_it_ended() == "ended with exit code 0"
    child.close()
