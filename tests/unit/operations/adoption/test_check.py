"""The missing settings of an adopted bucket, each with the command that adds it."""

import json
import shlex
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pixelfleet.aws.bucket_setup import BucketSetup, EventRule
from pixelfleet.operations.adoption.check import check_adoption
from pixelfleet.operations.adoption.event_checks import EVENTS
from pixelfleet.operations.preflight import Check, State
from pixelfleet.operations.routes import RouteOrder, add_route
from tests.unit.operations.adoption.fakes import BUCKET, Masters, masters

QUEUE = "arn:aws:sqs:us-east-1:000000000000:pixelfleet-uploads"
TO_QUEUE: dict[str, Any] = {"QueueConfigurations": [{"Id": "p", "QueueArn": QUEUE, "Events": list(EVENTS)}]}
POLICY = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Condition": {"ArnEquals": {"aws:SourceArn": ["arn:aws:s3:::pixelfleet-uploads", "arn:aws:s3:::masters"]}},
        }
    ]
}
COMPLETE = BucketSetup("Enabled", TO_QUEUE, "", POLICY, ())
RULE_ARN = "arn:aws:events:us-east-1:000000000000:rule/pixelfleet-sources"
BRIDGE: dict[str, Any] = {"EventBridgeConfiguration": {}}


def rule(**pattern: Any) -> EventRule:
    return EventRule(RULE_ARN, {"source": ["aws.s3"], **pattern})


#: The rule of the Terraform variable source_buckets.
OURS = rule(detail={"bucket": {"name": [BUCKET]}})
BY_RULE: dict[str, Any] = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Condition": {"ArnEquals": {"aws:SourceArn": RULE_ARN}},
        }
    ]
}


@pytest.fixture
def there() -> Masters:
    built = masters()
    built.put("scans/1.jpg")
    return built


def checks(there: Masters, setup: BucketSetup, prefix: str = "") -> dict[str, Check]:
    there.deployment.bucket_setups = SimpleNamespace(read=lambda *_: setup)
    return {check.name: check for check in check_adoption(there.deployment, BUCKET, prefix)}


def test_a_bucket_that_is_set_up_passes_every_check(there: Masters) -> None:
    add_route(there.deployment, "anna", RouteOrder("**", owner="museum", bucket=BUCKET))
    found = checks(there, COMPLETE)
    assert {check.state for check in found.values()} == {State.OK}
    assert list(found) == ["bucket", "queue policy", "events", "versioning", "encryption", "route"]


def test_the_remedy_adds_missing_events_to_a_notification_and_keeps_other_notifications(there: Masters) -> None:
    other = {
        "Id": "theirs",
        "QueueArn": "arn:aws:sqs:us-east-1:000000000000:theirs",
        "Events": ["s3:ObjectCreated:Put"],
    }
    ours = {"Id": "p", "QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}
    found = checks(
        there, replace(COMPLETE, notifications={"QueueConfigurations": [other, ours], "TopicConfigurations": []})
    )
    assert found["events"].state is State.MISSING
    assert "s3:ObjectRemoved:*, s3:ObjectRestore:Completed" in found["events"].detail
    configuration = json.loads(shlex.split(found["events"].remedy)[-1])
    assert configuration["QueueConfigurations"][0] == other
    assert configuration["QueueConfigurations"][1]["Events"] == list(EVENTS)
    assert configuration["TopicConfigurations"] == []


def test_the_embedded_cloud_gets_a_command_that_keeps_the_other_statements_of_the_queue(there: Masters) -> None:
    settings = there.deployment.settings
    there.deployment.settings = settings.model_copy(update={"endpoint_url": "http://127.0.0.1:29223"})
    other = {"Sid": "UploadsBucketSends", "Effect": "Allow"}
    policy = checks(there, replace(COMPLETE, queue_policy={"Statement": other}))["queue policy"]
    command = shlex.split(policy.remedy)
    assert command[:4] == ["aws", "sqs", "set-queue-attributes", "--endpoint-url"]
    changed = json.loads(json.loads(command[-1])["Policy"])
    assert changed["Statement"][0] == other
    assert checks(there, replace(COMPLETE, queue_policy=changed))["queue policy"].state is State.OK


def test_a_notification_for_only_some_keys_does_not_count(there: Masters) -> None:
    part = {"Id": "p", "QueueArn": QUEUE, "Events": list(EVENTS), "Filter": {"Key": {"FilterRules": []}}}
    found = checks(there, replace(COMPLETE, notifications={"QueueConfigurations": [part]}))
    assert found["events"].state is State.MISSING


def test_an_eventbridge_rule_counts_if_the_bucket_sends_events_and_the_pattern_matches_them(there: Masters) -> None:
    taken = replace(COMPLETE, notifications=BRIDGE, rules=(OURS,), queue_policy=BY_RULE)
    found = checks(there, taken)
    assert (found["events"].state, found["queue policy"].state) == (State.OK, State.OK)
    assert found["events"].detail.endswith("by EventBridge")
    for setup in (
        replace(taken, notifications={}),
        replace(taken, rules=(rule(detail={"bucket": {"name": ["others"]}}),)),
        replace(taken, rules=(rule(**{"detail-type": ["Object Deleted"]}),)),
    ):
        assert checks(there, setup)["events"].state is State.MISSING


def test_a_bucket_that_sends_nothing_to_a_rule_gets_both_commands(there: Masters) -> None:
    events = checks(there, replace(COMPLETE, notifications={"TopicConfigurations": []}, rules=(OURS,)))["events"]
    assert "the bucket sends nothing to EventBridge" in events.detail
    by_notification, _, by_rule = events.remedy.splitlines()
    assert json.loads(shlex.split(by_notification)[-1])["QueueConfigurations"][0]["Events"] == list(EVENTS)
    assert json.loads(shlex.split(by_rule)[-1]) == {"TopicConfigurations": [], "EventBridgeConfiguration": {}}


def test_a_bucket_that_sends_to_eventbridge_without_a_rule_gets_the_terraform_variable(there: Masters) -> None:
    events = checks(there, replace(COMPLETE, notifications=BRIDGE))["events"]
    assert "no rule there sends s3:ObjectCreated:*" in events.detail
    assert events.remedy.startswith('add "masters" to the Terraform variable source_buckets')


def test_rules_that_the_credentials_may_not_read_are_unknown(there: Masters) -> None:
    events = checks(there, replace(COMPLETE, notifications=BRIDGE, rules=None))["events"]
    assert (events.state, "events:ListRuleNamesByTarget" in events.detail) == (State.UNKNOWN, True)


def test_events_that_come_both_ways_are_right(there: Masters) -> None:
    both = replace(COMPLETE, notifications=TO_QUEUE | BRIDGE, rules=(OURS,))
    found = checks(there, both)
    assert "twice, which does no harm" in found["events"].detail
    assert "from events.amazonaws.com" in found["queue policy"].detail
    policies = {"Statement": [*POLICY["Statement"], *BY_RULE["Statement"]]}
    assert checks(there, replace(both, queue_policy=policies))["queue policy"].state is State.OK


def test_a_queue_policy_for_another_rule_does_not_count(there: Masters) -> None:
    statement = BY_RULE["Statement"][0] | {"Condition": {"ArnEquals": {"aws:SourceArn": f"{RULE_ARN}-2"}}}
    setup = replace(COMPLETE, notifications=BRIDGE, rules=(OURS,), queue_policy={"Statement": [statement]})
    assert checks(there, setup)["queue policy"].state is State.MISSING


@pytest.mark.parametrize("policy", [{}, {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}]}])
def test_a_queue_policy_that_excludes_the_bucket_is_reported_with_the_terraform_variable(
    there: Masters, policy: dict[str, Any]
) -> None:
    found = checks(there, replace(COMPLETE, queue_policy=policy))
    assert found["queue policy"].state is State.MISSING
    assert "source_buckets" in found["queue policy"].remedy


def test_a_kms_key_of_the_account_is_reported_with_the_command_for_a_grant(there: Masters) -> None:
    found = checks(there, replace(COMPLETE, kms_key="arn:aws:kms:us-east-1:1:key/k"))
    assert found["encryption"].state is State.UNKNOWN
    assert found["encryption"].remedy.startswith("aws kms create-grant --key-id arn:aws:kms:us-east-1:1:key/k")


def test_no_command_is_shown_where_nothing_has_to_be_done(there: Masters) -> None:
    by_check = checks(there, replace(COMPLETE, versioning=""))
    assert (by_check["versioning"].state, "off, which does no harm" in by_check["versioning"].detail) == (
        State.OK,
        True,
    )
    assert [check.remedy for check in by_check.values() if check.state is State.OK] == [""] * 5


def test_without_a_route_new_objects_have_no_owner(there: Masters) -> None:
    found = checks(there, COMPLETE, "scans/")
    assert found["route"].state is State.MISSING
    assert found["route"].remedy == "pixelfleet route add --bucket masters --match 'scans/**' --owner OWNER"


def test_a_setting_that_the_credentials_may_not_read_is_unknown(there: Masters) -> None:
    found = checks(there, BucketSetup(None, None, None, None, None))
    unknown = [name for name, check in found.items() if check.state is State.UNKNOWN]
    assert unknown == ["queue policy", "events", "versioning", "encryption"]


def test_no_other_check_runs_on_a_bucket_that_cannot_be_read(there: Masters) -> None:
    [only] = check_adoption(there.deployment, "none")
    assert (only.name, only.state) == ("bucket", State.MISSING)
