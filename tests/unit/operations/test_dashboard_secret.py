"""The dashboard's secret: made, rotated, and never shown."""

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber
from moto import mock_aws

from pixelfleet.aws.configuration import lacks_credentials
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


def test_a_new_secret_holds_the_keys_of_the_dashboard_and_only_the_public_key_is_shown(client: Any) -> None:
    made = dashboard_secret.create(Secrets(client), NAME)

    stored = value(client)
    assert set(stored) == {"session_secret", "cloudfront_private_key"}
    assert len(stored["session_secret"]) >= 32
    assert made.public_key.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert "PRIVATE" not in repr(made)
    assert made.public_key == dashboard_secret._public_of(stored["cloudfront_private_key"])


def test_an_existing_secret_is_not_overwritten(client: Any) -> None:
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


def test_a_key_keeps_its_name_after_a_rotation_and_no_other_key_has_that_name(client: Any) -> None:
    store = Secrets(client)
    names = [dashboard_secret.create(store, NAME).key_name]
    for _ in range(2):
        staged = dashboard_secret.stage(store, NAME)
        assert dashboard_secret.promote(store, NAME).key_name == staged.key_name
        names.append(staged.key_name)

    assert len(set(names)) == 3
    assert all(re.fullmatch(r"key_[0-9a-f]{8}", name) for name in names)


def test_errors_of_credentials_name_the_cause_so_that_the_command_can_show_a_remedy() -> None:
    client = boto3.client("secretsmanager", region_name="us-east-1")
    with Stubber(client) as stubs:
        stubs.add_client_error("get_secret_value", "AccessDeniedException", "quotes hush")
        with pytest.raises(SetupError, match="AccessDeniedException from GetSecretValue") as refused:
            Secrets(client).read(NAME)
        stubs.add_client_error("get_secret_value", "ExpiredTokenException", "quotes hush")
        with pytest.raises(SetupError, match=r"ExpiredTokenException from GetSecretValue\. .* sign in again"):
            Secrets(client).read(NAME)
    with pytest.raises(SetupError, match="Unable to locate credentials") as missing:
        Secrets(Without()).read(NAME)

    assert lacks_credentials(missing.value)
    assert "hush" not in f"{refused.value} {refused.value.__cause__}"


class Without:
    """A client in a shell without credentials."""

    def get_secret_value(self, **_: Any) -> None:
        raise NoCredentialsError


def test_an_error_of_aws_does_not_contain_the_secret(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SetupError, match="ResourceNotFoundException") as caught:
        Secrets(client).write("no-such", {"session_secret": "hush"})
    assert "hush" not in str(caught.value)
