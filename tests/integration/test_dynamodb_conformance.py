"""The conformance suite of DynamoDB on the embedded cloud. The fake passes the same suite."""

from typing import TYPE_CHECKING

import pytest

from pixelfleet.deployment import Deployment
from pixelfleet.settings import Settings
from tests.dynamodb_conformance import DynamoDbConformance

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class TestDynamoDbOnTheEmbeddedCloud(DynamoDbConformance):
    @pytest.fixture
    def dynamodb(self, settings: Settings) -> "DynamoDBClient":
        return Deployment(settings).dynamodb

    @pytest.fixture
    def table(self, settings: Settings) -> str:
        return settings.images_table
