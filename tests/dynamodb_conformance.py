"""What the catalog's writes need of DynamoDB, as one suite: run on the fake, on moto and on the embedded cloud."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

#: The fixture `table` is the name of a table with the hash key `image_id`.
KEY = "image_id"


def put(table: str, name: str, **fields: str) -> dict[str, Any]:
    item = {KEY: {"S": name}} | {field: {"S": value} for field, value in fields.items()}
    return {"TableName": table, "Item": item}


def add_one(table: str, name: str) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": table,
            "Key": {KEY: {"S": name}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }


def refusal(call: Any, **request: Any) -> dict[str, Any]:
    """The response with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**request)
    return dict(refused.value.response)


class DynamoDbConformance:
    def count(self, dynamodb: Any, table: str, name: str) -> str:
        return str(dynamodb.get_item(TableName=table, Key={KEY: {"S": name}}, ConsistentRead=True)["Item"]["n"]["N"])

    def test_a_condition_refuses_a_second_first_write(self, dynamodb: Any, table: str) -> None:
        once = {"ConditionExpression": f"attribute_not_exists({KEY})"}
        dynamodb.put_item(**put(table, "a"), **once)
        refused = refusal(dynamodb.put_item, **put(table, "a"), **once)
        assert refused["Error"]["Code"] == "ConditionalCheckFailedException"

    def test_a_transaction_is_done_whole_or_not_at_all(self, dynamodb: Any, table: str) -> None:
        dynamodb.put_item(**put(table, "a"))
        second = put(table, "a") | {"ConditionExpression": f"attribute_not_exists({KEY})"}
        actions: list[Any] = [add_one(table, "counter"), {"Put": second}]
        refused = refusal(dynamodb.transact_write_items, TransactItems=actions)
        assert refused["Error"]["Code"] == "TransactionCanceledException"
        assert [reason["Code"] for reason in refused["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
        assert "Item" not in dynamodb.get_item(TableName=table, Key={KEY: {"S": "counter"}})

    def test_a_transaction_with_the_same_token_is_done_once(self, dynamodb: Any, table: str) -> None:
        actions: list[Any] = [add_one(table, "counter")]
        for _ in range(2):
            dynamodb.transact_write_items(TransactItems=actions, ClientRequestToken="token-1")
        assert self.count(dynamodb, table, "counter") == "1"
        dynamodb.transact_write_items(TransactItems=actions, ClientRequestToken="token-2")
        assert self.count(dynamodb, table, "counter") == "2"

    def test_a_transaction_takes_at_most_a_hundred_actions(self, dynamodb: Any, table: str) -> None:
        actions: list[Any] = [add_one(table, f"n{number}") for number in range(101)]
        assert refusal(dynamodb.transact_write_items, TransactItems=actions)["Error"]["Code"] == "ValidationException"

    def test_an_update_adds_sets_and_removes(self, dynamodb: Any, table: str) -> None:
        dynamodb.put_item(**put(table, "a", gone="x"))
        dynamodb.update_item(
            TableName=table,
            Key={KEY: {"S": "a"}},
            UpdateExpression="SET kept = :text ADD n :one REMOVE gone",
            ExpressionAttributeValues={":text": {"S": "y"}, ":one": {"N": "1"}},
        )
        item = dynamodb.get_item(TableName=table, Key={KEY: {"S": "a"}}, ConsistentRead=True)["Item"]
        assert item == {KEY: {"S": "a"}, "kept": {"S": "y"}, "n": {"N": "1"}}
