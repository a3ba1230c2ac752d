"""`pixelfleet preflight`: a table or JSON, and an exit code that scripts can act on."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pixelfleet.aws.account import Account
from pixelfleet.cli import preflight as command
from pixelfleet.cli.main import app
from pixelfleet.errors import SetupError
from tests.unit.operations.test_preflight import Stubs

STACK = {"lanes": {"value": {"bulk": {"capacity": "fargate", "cpu": 2048, "maximum": 2, "spot_percent": 80}}}}


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch) -> Stubs:
    made = Stubs()
    made.service_roles()
    monkeypatch.setattr(command, "account", lambda region: Account(made, region))
    return made


@pytest.fixture
def stack(tmp_path: Path) -> str:
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps(STACK))
    return str(path)


def test_a_stack_that_lacks_nothing_is_exit_code_0(stubs: Stubs, stack: str) -> None:
    for value in (6, 6, 10):
        stubs.quota(value)

    finished = CliRunner().invoke(app, ["preflight", "--stack", stack, "--json"])

    assert finished.exit_code == 0, finished.output
    answer = json.loads(finished.stdout)
    assert answer["ok"] is True
    assert {check["state"] for check in answer["checks"]} == {"ok"}


def test_a_lack_is_exit_code_1_and_its_remedy_can_be_copied(stubs: Stubs, stack: str) -> None:
    for value in (1, 6, 10):
        stubs.quota(value)

    finished = CliRunner().invoke(app, ["preflight", "--stack", stack])

    assert finished.exit_code == 1
    assert "too low" in finished.stdout
    assert "--quota-code L-3032A538 --desired-value 3\n" in finished.stdout


def test_a_file_that_is_no_output_of_terraform_is_a_usage_error(stubs: Stubs, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("[]")

    finished = CliRunner().invoke(app, ["preflight", "--stack", str(path)])

    assert isinstance(finished.exception, SetupError)
    assert "terraform output -json" in str(finished.exception)


def test_a_stack_without_outputs_is_not_applied_yet(stubs: Stubs, tmp_path: Path) -> None:
    path = tmp_path / "outputs.json"
    path.write_text("{}")

    finished = CliRunner().invoke(app, ["preflight", "--stack", str(path)])

    assert isinstance(finished.exception, SetupError)
    assert "Run make apply first" in str(finished.exception)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "cannot be read: No such file or directory"), ("", "`terraform output -json`, which is JSON")],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(
    stubs: Stubs, tmp_path: Path, content: str | None, reason: str
) -> None:
    path = tmp_path / "outputs.json"
    if content is not None:
        path.write_text(content)

    finished = CliRunner().invoke(app, ["preflight", "--stack", str(path)])

    assert isinstance(finished.exception, SetupError)
    assert str(finished.exception).endswith(reason)


def test_a_cloud_that_is_not_aws_is_named(stubs: Stubs, stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    for value in (6, 6, 10):
        stubs.quota(value)

    finished = CliRunner().invoke(app, ["preflight", "--stack", stack])

    assert "http://127.0.0.1:9 is asked, and not an AWS account" in finished.stderr
