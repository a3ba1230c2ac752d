"""The product on the applied stack: the Lambda with its zip and its mapping, and a real worker like its task."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pixelfleet.aws.cdn import paths_of
from pixelfleet.domain.keys import image_id
from tests.infra.parts import TIMEOUT, await_status, await_true, depth, put, results
from tests.infra.stack import SUBSCRIBER, Stack
from tests.infra.terraform import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("stack")]


def result_keys(stack: Stack) -> set[str]:
    listed = stack.client("s3").list_objects_v2(Bucket=results(stack)).get("Contents", [])
    return {entry["Key"] for entry in listed}


def test_an_uploaded_object_ends_as_results_a_record_and_a_notice(stack: Stack, worker: Path, photo: bytes) -> None:
    key = "uploads/shop/spring/red shoe+1.jpg"
    put(stack, key, photo)

    record = await_status(stack, key, "ready", worker)

    stored = result_keys(stack)
    variants = {entry["M"]["key"]["S"] for entry in record["variants"]["L"]}
    assert variants
    assert variants <= stored
    notice = await_notice(stack, key)
    assert notice["kind"] == "image.ready"
    assert notice["dashboard"].startswith("https://images.example.com/")


def test_the_task_definitions_health_check_passes_for_the_worker(stack: Stack, worker: Path) -> None:
    kind, program, *arguments = stack.container("bulk")["healthCheck"]["command"]
    scratch = {"PIXELFLEET_SCRATCH_DIR": str(worker.parent), "PATH": "/usr/bin:/bin"}

    done = subprocess.run([sys.executable, *arguments], env=scratch, cwd=REPOSITORY, capture_output=True, check=False)

    assert (kind, program) == ("CMD", "python")
    assert done.returncode == 0, done.stderr


def test_a_broken_file_is_recorded_and_announced_and_leaves_every_dlq_empty(stack: Stack, worker: Path) -> None:
    key = "uploads/shop/spring/broken.jpg"
    put(stack, key, b"no image at all")

    record = await_status(stack, key, "failed", worker)

    assert record["cause"]["S"]
    assert await_notice(stack, key)["kind"] == "image.failed"
    assert {name: depth(stack, url) for name, url in stack.outputs["dlq_urls"].items()} == {
        "uploads": 0,
        "bulk": 0,
        "heavy": 0,
    }


def test_the_results_of_a_deleted_object_leave_the_bucket_and_the_edges_of_cloudfront(
    stack: Stack, worker: Path, photo: bytes
) -> None:
    key = "uploads/shop/spring/regretted.jpg"
    put(stack, key, photo)
    variants = await_status(stack, key, "ready", worker)["variants"]["L"]

    stack.client("s3").delete_object(Bucket=stack.outputs["uploads_bucket"], Key=key)

    await_status(stack, key, "deleted", worker)
    # The record says `deleted` first, then the results go.
    gone = {entry["M"]["key"]["S"] for entry in variants}
    await_true(lambda: gone.isdisjoint(result_keys(stack)), "the results are deleted", worker)
    paths = set(paths_of("shop", image_id(stack.outputs["uploads_bucket"], key)))
    await_true(lambda: paths <= set(invalidated(stack)), "the edges forget it", worker)


def test_a_tampered_stack_keeps_the_event_that_it_cannot_route_and_a_repair_and_a_redrive_make_the_image_ready(
    stack: Stack, worker: Path, photo: bytes
) -> None:
    dlq = stack.outputs["dlq_urls"]["uploads"]
    tampered = tamper(stack)
    key = "uploads/shop/spring/unlucky.jpg"
    put(stack, key, photo)
    await_true(lambda: depth(stack, dlq) == 1, "the event is in the DLQ", worker)

    with raised_minimum(stack):
        changes = set(stack.terraform.plan_changes())
    stack.terraform.apply_changes()
    redrive(stack, "uploads")

    # The plan changes nothing else, and a minimum that a schedule has raised stays. The policy of a queue is planned
    # again with the queue, because the policy names the queue.
    assert changes == tampered | {'module.pixelfleet.module.queue["uploads"].aws_sqs_queue_policy.this'}
    await_status(stack, key, "ready", worker)
    # The role denied no call of the worker in this time, including heartbeats and metrics.
    assert "AccessDenied" not in worker.read_text()
    assert "not authorized" not in worker.read_text()


def tamper(stack: Stack) -> set[str]:
    """Change three resources outside Terraform. Returns their addresses.

    The producer fails, its queue shows a failed message again after a second instead of six minutes, and a table loses
    its TTL.
    """
    functions, name = stack.client("lambda"), stack.outputs["producer_function_name"]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    broken = variables | {"PIXELFLEET_BULK_MAX_BYTES": "lots"}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": broken})
    stack.client("sqs").set_queue_attributes(
        QueueUrl=stack.outputs["queue_urls"]["uploads"], Attributes={"VisibilityTimeout": "1"}
    )
    stack.client("dynamodb").update_time_to_live(
        TableName=stack.outputs["table_names"]["users"],
        TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"},
    )
    return {
        "module.pixelfleet.module.producer.aws_lambda_function.this",
        'module.pixelfleet.module.queue["uploads"].aws_sqs_queue.this',
        "module.pixelfleet.module.catalog.aws_dynamodb_table.users",
    }


@contextlib.contextmanager
def raised_minimum(stack: Stack) -> Iterator[None]:
    """Raise the minimum of a lane, like a scheduled action."""
    scaling = stack.emulators.client("application-autoscaling", on_moto=True)
    bounds = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{stack.outputs['cluster_name']}/{stack.outputs['service_names']['bulk']}",
        "ScalableDimension": "ecs:service:DesiredCount",
        "MaxCapacity": 50,
    }
    scaling.register_scalable_target(**bounds, MinCapacity=2)
    yield
    scaling.register_scalable_target(**bounds, MinCapacity=0)


def redrive(stack: Stack, name: str) -> None:
    """Move the one dead letter of a queue back, like the console's redrive, because ministack has no such call."""
    queues, dlq = stack.client("sqs"), stack.outputs["dlq_urls"][name]
    [message] = queues.receive_message(QueueUrl=dlq, WaitTimeSeconds=5)["Messages"]
    queues.send_message(QueueUrl=stack.outputs["queue_urls"][name], MessageBody=message["Body"])
    queues.delete_message(QueueUrl=dlq, ReceiptHandle=message["ReceiptHandle"])


def invalidated(stack: Stack) -> list[str]:
    """The paths of CloudFront's invalidations."""
    cloudfront, distribution = stack.client("cloudfront"), stack.outputs["cdn_distribution_id"]
    actual = cloudfront.list_invalidations(DistributionId=distribution)["InvalidationList"].get("Items", [])
    return [
        path
        for one in actual
        for path in cloudfront.get_invalidation(DistributionId=distribution, Id=one["Id"])["Invalidation"][
            "InvalidationBatch"
        ]["Paths"]["Items"]
    ]


def await_notice(stack: Stack, key: str) -> dict[str, Any]:
    """The notice of one image, from the queue that the stack's variables subscribed."""
    queues = stack.client("sqs")
    url = queues.get_queue_url(QueueName=SUBSCRIBER)["QueueUrl"]
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        for message in queues.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages", []):
            queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            notice: dict[str, Any] = json.loads(message["Body"])
            if notice["source"].endswith(key):
                return notice
    raise AssertionError(f"no notice of {key} came")
