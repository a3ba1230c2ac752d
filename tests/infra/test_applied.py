"""The applied stack on the emulators, checked by rules and compared with the deployment of `provision`."""

import json
from typing import Any

import boto3
import pytest

from pixelfleet.localcloud.provision import provision
from pixelfleet.localcloud.resources import queue_name, resources
from pixelfleet.settings import Settings, load_settings
from tests.infra.emulators import ACCOUNT, REGION, ROOT
from tests.infra.rules import runs
from tests.infra.rules.catalogue import RULES
from tests.infra.rules.plan import Plan
from tests.infra.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("stack")]


def test_the_applied_stack_keeps_every_rule(stack: Stack) -> None:
    outputs = {name: {"value": value} for name, value in stack.outputs.items()}
    state = stack.terraform.state()
    state["values"]["outputs"] = outputs
    added = {"graph": runs.graph(stack.terraform.run("graph")), "invalidated": runs.invalidated()}
    applied = Plan(state | added)

    violations = {rule: list(module.violations(applied)) for rule, module in RULES.items()}

    assert {rule: actual for rule, actual in violations.items() if actual} == {}


def test_the_settings_of_tasks_are_settings_of_pixelfleet_and_name_every_resource(stack: Stack) -> None:
    reported = {name for name in stack.environment if name.startswith("PIXELFLEET_")}

    known = {f"PIXELFLEET_{field.upper()}" for field in Settings.model_fields}
    named = {name for name in known if name.endswith(("_BUCKET", "_URL", "_TABLE", "_ARN")) and "ENDPOINT" not in name}
    dashboard = stack.container("dashboard")
    assert reported | {entry["name"] for entry in dashboard["secrets"]} <= known
    assert {name for name in stack.task_environment("dashboard") if name.startswith("PIXELFLEET_")} <= known
    # The bucket of aliases is the bucket of results, unless `aliases` names another.
    assert named - {"PIXELFLEET_ALIAS_BUCKET"} <= reported


def test_every_role_policy_names_its_resources(stack: Stack) -> None:
    #: AWS gives these actions no resource (service authorization reference).
    unbounded = {
        "ecr:GetAuthorizationToken",
        "cloudwatch:GetMetricData",
        "ecs:DiscoverPollEndpoint",
        "ecs:RegisterTaskDefinition",
        "ecs:DescribeTaskDefinition",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeManagedPrefixLists",
        "ec2:DescribeInstanceTypes",
    }
    wide = []
    for resource in stack.terraform.resources():
        if resource["type"] != "aws_iam_role_policy":
            continue
        for statement in json.loads(resource["values"]["policy"])["Statement"]:
            actions = _listed(statement["Action"])
            if any("*" in action for action in actions):
                wide.append((resource["address"], actions))
            if "*" in _listed(statement["Resource"]) and not set(actions) <= unbounded:
                wide.append((resource["address"], actions))
    assert wide == []


def test_terraform_and_provision_make_the_same_deployment(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (stack.environment | stack.emulators.data_plane).items():
        monkeypatch.setenv(name, value)
    deployed = load_settings()
    for name in stack.environment:
        monkeypatch.delenv(name)
    local = Settings(prefix="local", account_id=ACCOUNT)
    session = boto3.Session(ROOT["AWS_ACCESS_KEY_ID"], ROOT["AWS_SECRET_ACCESS_KEY"], region_name=REGION)

    provision(local, session)

    try:
        assert description(stack, deployed) == description(stack, local)
    finally:
        _remove(stack, local)


def description(stack: Stack, settings: Settings) -> dict[str, Any]:
    """The properties that both ways of making a deployment share, by the parts' roles instead of their names."""
    requested = resources(settings)
    parts = dict(zip(("uploads", "bulk", "heavy"), requested.queues, strict=True))
    return {
        "queues": {part: _queue(stack, queue.url, queue.dead_letters.url) for part, queue in parts.items()},
        "tables": {table.name: _table(stack, name) for name, table in requested.tables},
        "topics": {arn.rpartition("-")[2]: _exists(stack, arn) for arn in requested.topic_arns},
        "uploads": _bucket(stack, settings.uploads_bucket) | {"tells": _notification(stack, settings.uploads_bucket)},
        "results": _bucket(stack, settings.results_bucket),
    }


def _queue(stack: Stack, url: str, dead_letters: str) -> dict[str, Any]:
    sqs = stack.client("sqs")
    source = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    dlq = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(source["RedrivePolicy"])
    return {
        "visibility": source["VisibilityTimeout"],
        "retention": source["MessageRetentionPeriod"],
        "long poll": source["ReceiveMessageWaitTimeSeconds"],
        "receives": int(redrive["maxReceiveCount"]),
        "to its own DLQ": redrive["deadLetterTargetArn"] == dlq["QueueArn"],
        "DLQ's retention": dlq["MessageRetentionPeriod"],
        "DLQ takes from it alone": json.loads(dlq["RedriveAllowPolicy"])
        == {"redrivePermission": "byQueue", "sourceQueueArns": [source["QueueArn"]]},
    }


def _table(stack: Stack, name: str) -> dict[str, Any]:
    dynamodb = stack.client("dynamodb")
    table = dynamodb.describe_table(TableName=name)["Table"]
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    return {
        "keys": table["KeySchema"],
        "attributes": {
            attribute["AttributeName"]: attribute["AttributeType"] for attribute in table["AttributeDefinitions"]
        },
        "indexes": {
            index["IndexName"]: (index["KeySchema"], index["Projection"]["ProjectionType"])
            for index in table.get("GlobalSecondaryIndexes", [])
        },
        "billing": table["BillingModeSummary"]["BillingMode"],
        "ttl": ttl.get("AttributeName") if ttl["TimeToLiveStatus"] == "ENABLED" else None,
    }


def _bucket(stack: Stack, name: str) -> dict[str, Any]:
    s3 = stack.client("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    return {
        "versioned": s3.get_bucket_versioning(Bucket=name).get("Status") == "Enabled",
        "public access": s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "abort": [rule["AbortIncompleteMultipartUpload"] for rule in rules if "AbortIncompleteMultipartUpload" in rule],
    }


def _notification(stack: Stack, name: str) -> list[str]:
    answer = stack.client("s3").get_bucket_notification_configuration(Bucket=name)
    [configuration] = answer["QueueConfigurations"]
    assert "Filter" not in configuration
    return sorted(configuration["Events"])


def _exists(stack: Stack, arn: str) -> bool:
    return bool(stack.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"])


def _remove(stack: Stack, settings: Settings) -> None:
    requested = resources(settings)
    for bucket in (requested.uploads, requested.results):
        stack.client("s3").delete_bucket(Bucket=bucket.name)
    for queue in requested.queues:
        for url in (queue.url, queue.dead_letters.url):
            sqs = stack.client("sqs")
            sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=queue_name(url))["QueueUrl"])
    for name, _ in requested.tables:
        stack.client("dynamodb").delete_table(TableName=name)
    for arn in requested.topic_arns:
        stack.client("sns").delete_topic(TopicArn=arn)


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
