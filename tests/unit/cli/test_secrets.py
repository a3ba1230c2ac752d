"""`pixelfleet secrets`: the text that a person copies into terraform.tfvars, in each step of a rotation."""

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from pixelfleet.aws.secrets import Secrets
from pixelfleet.cli import secrets as command
from pixelfleet.cli.main import app


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="us-east-1")
        monkeypatch.setattr(command, "store_of", lambda _: Secrets(client))
        yield


def run(*arguments: str) -> str:
    finished = CliRunner().invoke(app, ["secrets", *arguments])
    assert finished.exit_code == 0, finished.output
    return finished.stdout


def test_a_rotation_adds_a_key_and_never_shows_a_map_that_would_replace_the_present_key() -> None:
    created, rotated, promoted = run("create"), run("rotate"), run("promote")

    assert "signing_public_keys = {" in created
    assert "signing_public_keys = {" not in rotated + promoted
    assert "-----BEGIN PUBLIC KEY-----" in rotated
    assert "PRIVATE" not in created + rotated + promoted


def test_json_names_the_key_of_each_step() -> None:
    run("create")

    staged, present = (json.loads(run(step, "--json")) for step in ("rotate", "promote"))

    assert staged["key_name"] == present["key_name"]
