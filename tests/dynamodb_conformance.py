"""The DynamoDB behaviour that the catalog's writes need. The suite runs on the fake, moto and the embedded cloud."""

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
    """The error response of a call that is refused."""
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

    def test_sets_grow_and_shrink_and_an_empty_one_is_no_attribute(self, dynamodb: Any, table: str) -> None:
        def change(expression: str, *names: str) -> dict[str, Any]:
            answer = dynamodb.update_item(
                TableName=table,
                Key={KEY: {"S": "a"}},
                UpdateExpression=expression,
                ExpressionAttributeValues={":names": {"SS": list(names)}},
                ReturnValues="ALL_NEW",
            )
            return dict(answer["Attributes"])

        assert change("ADD people :names", "ana", "ben")["people"]["SS"] == ["ana", "ben"]
        assert sorted(change("ADD people :names", "ben", "olga")["people"]["SS"]) == ["ana", "ben", "olga"]
        assert change("DELETE people :names", "ana", "ben", "nobody")["people"]["SS"] == ["olga"]
        assert change("DELETE people :names", "olga") == {KEY: {"S": "a"}}
        assert change("DELETE people :names", "olga") == {KEY: {"S": "a"}}

    def test_a_set_is_not_added_to_a_number(self, dynamodb: Any, table: str) -> None:
        dynamodb.update_item(**add_one(table, "a")["Update"])
        request = add_one(table, "a")["Update"] | {"ExpressionAttributeValues": {":one": {"SS": ["x"]}}}
        assert refusal(dynamodb.update_item, **request)["Error"]["Code"] == "ValidationException"

    def test_a_value_is_set_unless_there_is_one(self, dynamodb: Any, table: str) -> None:
        for text in ("first", "second"):
            dynamodb.update_item(
                TableName=table,
                Key={KEY: {"S": "a"}},
                UpdateExpression="SET since = if_not_exists(since, :text), latest = :text ADD n :one",
                ExpressionAttributeValues={":text": {"S": text}, ":one": {"N": "1"}},
            )
        item = dynamodb.get_item(TableName=table, Key={KEY: {"S": "a"}}, ConsistentRead=True)["Item"]
        assert item == {KEY: {"S": "a"}, "since": {"S": "first"}, "latest": {"S": "second"}, "n": {"N": "2"}}

    def test_a_condition_holds_if_one_of_its_alternatives_does(self, dynamodb: Any, table: str) -> None:
        request = add_one(table, "a")["Update"] | {
            "ConditionExpression": "attribute_not_exists(n) OR n < :most",
            "ExpressionAttributeValues": {":one": {"N": "1"}, ":most": {"N": "2"}},
        }
        dynamodb.update_item(**request)
        dynamodb.update_item(**request)
        assert refusal(dynamodb.update_item, **request)["Error"]["Code"] == "ConditionalCheckFailedException"
        assert self.count(dynamodb, table, "a") == "2"
