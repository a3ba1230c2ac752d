"""The refusals of the parts' roles.

test_product.py, test_dashboard.py and test_reconcile.py run the parts under the roles and so test the permissions.
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infra.stack import FOREIGN_BUCKET, SUBSCRIBER, Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("stack")]

Clients = Callable[[str], Any]
Call = Callable[[Clients, Stack], object]

PARTS = ("producer", "bulk", "heavy", "dashboard", "reconcile")

#: Calls that no part may make.
FORBIDDEN: dict[str, Call] = {
    "read another bucket": lambda on, _: on("s3").get_object(Bucket=FOREIGN_BUCKET, Key="salaries"),
    "list another bucket": lambda on, _: on("s3").list_objects_v2(Bucket=FOREIGN_BUCKET),
    "make a bucket public": lambda on, stack: on("s3").put_bucket_policy(
        Bucket=stack.outputs["results_bucket"], Policy="{}"
    ),
    "delete a bucket": lambda on, stack: on("s3").delete_bucket(Bucket=stack.outputs["uploads_bucket"]),
    "delete a table": lambda on, stack: on("dynamodb").delete_table(TableName=stack.outputs["table_names"]["images"]),
    "scan a table": lambda on, stack: on("dynamodb").scan(TableName=stack.outputs["table_names"]["users"]),
    "publish elsewhere": lambda on, _: on("sns").publish(
        TopicArn="arn:aws:sns:us-east-1:123456789012:payroll", Message="x"
    ),
    "raise an alarm": lambda on, stack: on("sns").publish(TopicArn=stack.outputs["alarms_topic_arn"], Message="x"),
    "purge a queue": lambda on, stack: on("sqs").purge_queue(QueueUrl=stack.outputs["queue_urls"]["bulk"]),
    "send to another queue": lambda on, stack: on("sqs").send_message(
        QueueUrl=stack.client("sqs").get_queue_url(QueueName=SUBSCRIBER)["QueueUrl"], MessageBody="x"
    ),
    "give itself rights": lambda on, stack: on("iam").put_user_policy(
        UserName="acting-bulk", PolicyName="more", PolicyDocument="{}"
    ),
    "change the function": lambda on, stack: on("lambda").update_function_configuration(
        FunctionName=stack.outputs["producer_function_name"], Timeout=900
    ),
}


def _read_stream(on: Clients, stack: Stack, stream: str) -> object:
    return on("dynamodb").query(
        TableName=stack.outputs["table_names"]["activity"],
        KeyConditionExpression="#stream = :stream",
        ExpressionAttributeNames={"#stream": "stream"},
        ExpressionAttributeValues={":stream": {"S": stream}},
    )


def _write_to_stream(on: Clients, stack: Stack, stream: str) -> object:
    item = {"stream": {"S": stream}, "at": {"S": "x"}}
    return on("dynamodb").put_item(TableName=stack.outputs["table_names"]["activity"], Item=item)


def _delete_from_stream(on: Clients, stack: Stack, stream: str) -> object:
    key = {"stream": {"S": stream}, "at": {"S": "x"}}
    return on("dynamodb").delete_item(TableName=stack.outputs["table_names"]["activity"], Key=key)


#: Calls that one part may not make, although another part may.
FOREIGN: dict[tuple[str, str], Call] = {
    ("bulk", "delete an original"): lambda on, stack: on("s3").delete_object(
        Bucket=stack.outputs["uploads_bucket"], Key="uploads/a/b/c"
    ),
    ("bulk", "overwrite an original"): lambda on, stack: on("s3").put_object(
        Bucket=stack.outputs["uploads_bucket"], Key="uploads/a/b/c", Body=b""
    ),
    ("bulk", "take heavy jobs"): lambda on, stack: on("sqs").receive_message(
        QueueUrl=stack.outputs["queue_urls"]["heavy"]
    ),
    ("bulk", "read users"): lambda on, stack: on("dynamodb").get_item(
        TableName=stack.outputs["table_names"]["users"], Key={"user_id": {"S": "user#a"}}
    ),
    ("heavy", "take bulk jobs"): lambda on, stack: on("sqs").receive_message(
        QueueUrl=stack.outputs["queue_urls"]["bulk"]
    ),
    ("bulk", "look at services"): lambda on, stack: on("ecs").describe_services(
        cluster=stack.outputs["cluster_name"], services=[stack.outputs["service_names"]["bulk"]]
    ),
    ("heavy", "look at another team's service"): lambda on, stack: on("ecs").describe_services(
        cluster=stack.outputs["cluster_name"], services=["payroll"]
    ),
    ("producer", "read an original"): lambda on, stack: on("s3").get_object(
        Bucket=stack.outputs["uploads_bucket"], Key="uploads/a/b/c"
    ),
    ("producer", "write a record"): lambda on, stack: on("dynamodb").put_item(
        TableName=stack.outputs["table_names"]["images"], Item={"image_id": {"S": "x"}}
    ),
    ("producer", "take jobs"): lambda on, stack: on("sqs").receive_message(
        QueueUrl=stack.outputs["queue_urls"]["bulk"]
    ),
    ("dashboard", "take jobs"): lambda on, stack: on("sqs").receive_message(
        QueueUrl=stack.outputs["queue_urls"]["bulk"]
    ),
    ("reconcile", "take jobs"): lambda on, stack: on("sqs").receive_message(
        QueueUrl=stack.outputs["queue_urls"]["bulk"]
    ),
    ("reconcile", "send events"): lambda on, stack: on("sqs").send_message(
        QueueUrl=stack.outputs["queue_urls"]["uploads"], MessageBody="{}"
    ),
    ("reconcile", "delete an original"): lambda on, stack: on("s3").delete_object(
        Bucket=stack.outputs["uploads_bucket"], Key="uploads/a/b/c"
    ),
    ("reconcile", "overwrite a result"): lambda on, stack: on("s3").put_object(
        Bucket=stack.outputs["results_bucket"], Key="a/b/c", Body=b""
    ),
    ("reconcile", "read users"): lambda on, stack: on("dynamodb").get_item(
        TableName=stack.outputs["table_names"]["users"], Key={"user_id": {"S": "user#a"}}
    ),
    ("reconcile", "forget an image"): lambda on, stack: on("dynamodb").delete_item(
        TableName=stack.outputs["table_names"]["images"], Key={"image_id": {"S": "x"}}
    ),
    ("reconcile", "read what operators did"): lambda on, stack: _read_stream(on, stack, "operator"),
    ("reconcile", "delete a heartbeat"): lambda on, stack: _delete_from_stream(on, stack, "workers"),
    ("bulk", "read what operators did"): lambda on, stack: _read_stream(on, stack, "operator"),
    ("bulk", "delete what operators did"): lambda on, stack: _delete_from_stream(on, stack, "operator"),
    ("heavy", "write what operators did"): lambda on, stack: _write_to_stream(on, stack, "operator"),
    ("dashboard", "write a heartbeat"): lambda on, stack: _write_to_stream(on, stack, "workers"),
    ("dashboard", "subscribe a queue"): lambda on, stack: on("sns").subscribe(
        TopicArn=stack.outputs["notices_topic_arn"],
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:123456789012:subscriber",
    ),
    ("dashboard", "tag an original"): lambda on, stack: on("s3").put_object_tagging(
        Bucket=stack.outputs["uploads_bucket"], Key="uploads/a/b/c", Tagging={"TagSet": []}
    ),
}


@pytest.mark.parametrize("part", PARTS)
def test_no_part_may_make_a_forbidden_call(stack: Stack, part: str) -> None:
    keys = stack.credentials(part)

    outcomes = {what: _outcome(call, stack, keys) for what, call in FORBIDDEN.items()}

    assert outcomes == dict.fromkeys(FORBIDDEN, "denied")


def test_no_part_may_make_a_call_of_another_part(stack: Stack) -> None:
    keys = {part: stack.credentials(part) for part in PARTS}

    outcomes = {(part, what): _outcome(call, stack, keys[part]) for (part, what), call in FOREIGN.items()}

    assert outcomes == dict.fromkeys(FOREIGN, "denied")


def test_calls_that_are_allowed_over_https_are_refused_over_http(stack: Stack) -> None:
    keys = stack.credentials("bulk")

    def say_http(request: Any, **_: Any) -> None:
        request.headers["x-forwarded-proto"] = "http"

    def over_http(service: str) -> Any:
        client = stack.emulators.client(service, keys)
        client.meta.events.register("before-send", say_http)
        return client

    calls: dict[str, Call] = {
        "read": lambda on, applied: on("s3").list_objects_v2(Bucket=applied.outputs["uploads_bucket"]),
        "read results": lambda on, applied: on("s3").list_objects_v2(Bucket=applied.outputs["results_bucket"]),
        "ask": lambda on, applied: on("sqs").get_queue_attributes(QueueUrl=applied.outputs["queue_urls"]["bulk"]),
        "publish": lambda on, applied: on("sns").publish(TopicArn=applied.outputs["notices_topic_arn"], Message="x"),
    }

    outcomes = {what: _denied(call, over_http, stack) for what, call in calls.items()}

    assert outcomes == dict.fromkeys(calls, "denied")
    assert {what: _outcome(call, stack, keys) for what, call in calls.items()} == dict.fromkeys(calls, "allowed")


def _outcome(call: Call, stack: Stack, keys: dict[str, str]) -> str:
    return _denied(call, lambda service: stack.emulators.client(service, keys), stack)


def _denied(call: Call, clients: Clients, stack: Stack) -> str:
    """`denied`, `allowed`, or the code of another error."""
    try:
        call(clients, stack)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return "denied" if code in {"AccessDenied", "AccessDeniedException", "AuthorizationError"} else code
    return "allowed"
