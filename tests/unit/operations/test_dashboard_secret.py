"""The dashboard's secret: made, rotated, and never shown."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from pixelfleet.aws.secrets import Secrets
from pixelfleet.errors import SetupError
from pixelfleet.operations import dashboard_secret

NAME = "pixelfleet-dashboard"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-1")


def value(client: Any) -> dict[str, str]:
    return dict(json.loads(client.get_secret_value(SecretId=NAME)["SecretString"]))


def test_a_new_secret_holds_what_the_dashboard_reads_and_shows_the_public_half_alone(client: Any) -> None:
    made = dashboard_secret.create(Secrets(client), NAME)

    stored = value(client)
    assert set(stored) == {"session_secret", "cloudfront_private_key"}
    assert len(stored["session_secret"]) >= 32
    assert made.public_key.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert "PRIVATE" not in repr(made)
    assert made.public_key == dashboard_secret._public_of(stored["cloudfront_private_key"])


def test_a_secret_that_is_there_is_not_overwritten(client: Any) -> None:
    dashboard_secret.create(Secrets(client), NAME)
    before = value(client)

    with pytest.raises(SetupError, match="is there already"):
        dashboard_secret.create(Secrets(client), NAME)

    assert value(client) == before


def test_public_results_need_no_key(client: Any) -> None:
    assert dashboard_secret.create(Secrets(client), NAME, signing=False).public_key == ""
    assert set(value(client)) == {"session_secret"}


def test_a_rotation_keeps_the_present_key_until_it_is_promoted(client: Any) -> None:
    store = Secrets(client)
    first = dashboard_secret.create(store, NAME)
    second = dashboard_secret.stage(store, NAME)

    assert dashboard_secret.stage(store, NAME).public_key == second.public_key != first.public_key
    assert dashboard_secret._public_of(value(client)["cloudfront_private_key"]) == first.public_key

    assert dashboard_secret.promote(store, NAME).public_key == second.public_key
    assert set(value(client)) == {"session_secret", "cloudfront_private_key"}
    with pytest.raises(SetupError, match="no staged key"):
        dashboard_secret.promote(store, NAME)


def test_what_aws_refuses_is_told_without_the_secret(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SetupError, match="ResourceNotFoundException") as caught:
        Secrets(client).write("no-such", {"session_secret": "hush"})
    assert "hush" not in str(caught.value)
