"""One suite tests the fake DynamoDB and moto."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from pixelfleet.catalog.schema import IMAGES
from pixelfleet.localcloud.tables import ensure_table
from tests.dynamodb_conformance import DynamoDbConformance, put
from tests.fakes.clients import CREDENTIALS
from tests.fakes.dynamodb import FakeDynamoDb

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def table() -> str:
    return "images"


class TestDynamoDbOnTheFake(DynamoDbConformance):
    @pytest.fixture
    def dynamodb(self) -> "DynamoDBClient":
        return cast("DynamoDBClient", FakeDynamoDb([("images", IMAGES)]))

    def test_an_item_over_400_kb_is_refused(self, dynamodb: "DynamoDBClient", table: str) -> None:
        with pytest.raises(ClientError, match="Item size has exceeded"):
            dynamodb.put_item(**put(table, "a", text="x" * 410_000))


class TestDynamoDbOnMoto(DynamoDbConformance):
    @pytest.fixture
    def dynamodb(self, table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator["DynamoDBClient"]:
        for name, value in CREDENTIALS.items():
            monkeypatch.setenv(name, value)
        with mock_aws():
            client = boto3.client("dynamodb", region_name="us-east-1")
            ensure_table(client, table, IMAGES)
            yield client

    # moto (5.2) runs every transaction that it receives, whatever the token.
    test_a_transaction_with_the_same_token_is_done_once = None  # type: ignore[assignment]
