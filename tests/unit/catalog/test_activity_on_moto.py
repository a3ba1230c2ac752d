"""The conformance tests of the activity table on moto, in process."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from pixelfleet.catalog.activity import Activity
from pixelfleet.catalog.schema import ACTIVITY
from pixelfleet.localcloud.tables import ensure_table
from tests.activity_conformance import ActivityConformance


class TestActivityOnMoto(ActivityConformance):
    @pytest.fixture
    def activity(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Activity]:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        with mock_aws():
            client = boto3.client("dynamodb", region_name="us-east-1")
            ensure_table(client, "activity", ACTIVITY)
            yield Activity(client, "activity")
