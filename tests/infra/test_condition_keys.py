"""The condition keys of a request for IAM: partition keys of tables, the protocol of a subscription."""

import json
from typing import Any

import pytest

from tests.infra import condition_keys

QUERY = {
    "TableName": "activity",
    "KeyConditionExpression": "#stream = :stream AND #at >= :bound",
    "ExpressionAttributeNames": {"#stream": "stream", "#at": "at"},
    "ExpressionAttributeValues": {":stream": {"S": "operator"}, ":bound": {"S": "2026"}},
}


@pytest.mark.parametrize(
    "request_",
    [
        {"TableName": "activity", "Key": {"stream": {"S": "operator"}, "at": {"S": "1"}}},
        {"TableName": "activity", "Item": {"stream": {"S": "operator"}, "at": {"S": "1"}, "who": {"S": "workers"}}},
        QUERY,
        QUERY | {"KeyConditionExpression": "stream = :stream"},
    ],
)
def test_a_request_to_a_table_has_its_partition_key(request_: dict[str, Any]) -> None:
    keys = condition_keys.leading_keys(json.dumps(request_).encode(), lambda _table: "stream")

    assert keys == {"dynamodb:LeadingKeys": ["operator"]}


@pytest.mark.parametrize(
    "request_", [{"TableName": "activity"}, QUERY | {"IndexName": "by_owner"}, {"RequestItems": {}}, []]
)
def test_a_request_without_a_partition_key_has_no_leading_keys(request_: Any) -> None:
    assert condition_keys.leading_keys(json.dumps(request_).encode(), lambda _table: "stream") == {}


def test_a_subscription_has_its_protocol() -> None:
    assert condition_keys.protocol("sns:Subscribe", {"Protocol": ["email"]}) == {"sns:protocol": "email"}
    assert condition_keys.protocol("sns:Publish", {"Protocol": ["email"]}) == {}
