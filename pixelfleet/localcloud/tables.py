"""Makes one table of the catalog as `pixelfleet.catalog.schema` describes it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pixelfleet.catalog.schema import Index, Table
from pixelfleet.errors import SetupError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def ensure_table(client: "DynamoDBClient", name: str, table: Table) -> bool:
    """Make the table unless it exists; returns whether it was made.

    Raises:
        SetupError: the table exists with other keys.
    """
    pages = client.get_paginator("list_tables").paginate()
    made = name not in {there for page in pages for there in page["TableNames"]}
    if made:
        client.create_table(**_description(name, table))
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    if not made:
        _add_indexes(client, name, table)
        _check(client, name, table)
    if table.ttl is not None:
        _expire(client, name, table.ttl)
    return made


def _description(name: str, table: Table) -> Any:
    description: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": _texts(table.key_attributes),
        "KeySchema": _key_schema(table.hash_key, table.range_key),
    }
    if table.indexes:
        description["GlobalSecondaryIndexes"] = [_index(index) for index in table.indexes]
    return description


def _texts(names: Iterable[str]) -> Any:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def _index(index: Index) -> Any:
    return {
        "IndexName": index.name,
        "KeySchema": _key_schema(index.hash_key, index.range_key),
        "Projection": {"ProjectionType": index.projection},
    }


def _add_indexes(client: "DynamoDBClient", name: str, table: Table) -> None:
    """Add the indexes that a table of an earlier version lacks, one a call (UpdateTable takes one new index)."""
    there = client.describe_table(TableName=name)["Table"]
    names = {index.get("IndexName") for index in there.get("GlobalSecondaryIndexes", [])}
    for index in table.indexes:
        if index.name not in names:
            client.update_table(
                TableName=name,
                AttributeDefinitions=_texts((index.hash_key, index.range_key)),
                GlobalSecondaryIndexUpdates=[{"Create": _index(index)}],
            )


def _check(client: "DynamoDBClient", name: str, table: Table) -> None:
    """Refuse a table with other keys: it cannot be changed in place, and the first query would fail."""
    there = client.describe_table(TableName=name)["Table"]
    keys: dict[str, Any] = {"": there.get("KeySchema")}
    keys |= {index.get("IndexName", ""): index.get("KeySchema") for index in there.get("GlobalSecondaryIndexes", [])}
    expected = {"": _key_schema(table.hash_key, table.range_key)}
    expected |= {index.name: _key_schema(index.hash_key, index.range_key) for index in table.indexes}
    if keys != expected:
        raise SetupError(
            f"table {name} has other keys or indexes than this version needs: "
            "it was made by another version; delete it, or choose another PIXELFLEET_PREFIX"
        )


def _expire(client: "DynamoDBClient", name: str, attribute: str) -> None:
    described = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    # Enabling it twice is an error on AWS.
    if described.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
        client.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute}
        )


def _key_schema(hash_key: str, range_key: str | None) -> list[dict[str, str]]:
    schema = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    return schema + ([{"AttributeName": range_key, "KeyType": "RANGE"}] if range_key else [])
