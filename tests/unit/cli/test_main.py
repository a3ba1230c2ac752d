"""Exit codes, and the messages that a person sees after an error."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from botocore.exceptions import ClientError
from pydantic import create_model

from pixelfleet import __version__
from pixelfleet.cli import main as cli
from pixelfleet.cli.console import complain, duration, printable
from pixelfleet.cli.selection import confirm
from pixelfleet.cli.up import shell_lines
from pixelfleet.errors import SetupError

Command = Callable[..., int]


@pytest.fixture
def pixelfleet(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Call the entry point in this process; returns its exit code."""
    for name in ("AWS_ENDPOINT_URL", "PIXELFLEET_LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["pixelfleet", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)

    return call


def test_the_version_is_printed(pixelfleet: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert pixelfleet("--version") == 0
    assert capsys.readouterr().out == f"pixelfleet {__version__}\n"


@pytest.mark.parametrize(
    ("command", "example"),
    [
        ("", "pixelfleet run ~/Pictures --out out"),
        ("run", "pixelfleet run ~/Pictures --out out"),
        ("up", "aws s3 ls --recursive s3://pixelfleet-results/"),
        ("upload", "pixelfleet upload ~/Pictures --batch summer"),
        ("provision", "pixelfleet provision"),
    ],
)
def test_help_shows_an_example(
    pixelfleet: Command, capsys: pytest.CaptureFixture[str], command: str, example: str
) -> None:
    assert pixelfleet(*filter(None, [command, "--help"])) == 0
    assert example in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        (["no-such-command"], "No such command"),
        (["run"], "Missing argument"),
        (["run", "/no/such/file", "--out", "{tmp}/out"], "/no/such/file does not exist"),
        (["run", "{tmp}", "--out", "{tmp}"], "is also a source"),
        (["run", "{tmp}", "--out", "{tmp}/out"], "no files in"),
        (["run", "{tmp}", "--out", "{tmp}/out", "--recipe", "wbe"], "no recipe 'wbe'"),
        (["run", "{tmp}", "--out", "{tmp}/out", "--recipe", "no/such.toml"], "there is no file no/such.toml"),
        (["run", "{tmp}", "--out", "{tmp}/out", "--workers", "0"], "--workers"),
        (["up", "--port", "99999"], "--port"),
        (["dashboard", "--host", "192.0.2.1"], "this machine has no address 192.0.2.1"),
        (["dashboard", "--host", "no such host"], "this machine has no address no such host"),
        (["provision"], "AWS_ENDPOINT_URL is not set"),
        (["upload", "/no/such/file"], "/no/such/file does not exist"),
        (["upload", "{tmp}", "--owner", "a/b"], "no owner can be called 'a/b'"),
    ],
)
def test_usage_and_set_up_errors_are_one_clear_message_and_exit_code_2(
    pixelfleet: Command, capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], reported: str
) -> None:
    assert pixelfleet(*(argument.replace("{tmp}", str(tmp_path)) for argument in arguments)) == 2
    captured = capsys.readouterr()
    assert reported in " ".join(captured.err.split())
    assert captured.out == ""


def test_a_dashboard_on_a_port_that_is_taken_is_a_set_up_error(
    pixelfleet: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert pixelfleet("dashboard", "--port", str(port), "--json") == 2
    captured = capsys.readouterr()
    assert f"port {port} is taken by another program: stop it, or choose another by --port" in captured.err
    assert captured.out == ""


def test_the_message_for_a_wrong_setting_names_its_variable(
    pixelfleet: Command, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXELFLEET_MAX_ATTEMPTS", "many")
    assert pixelfleet("provision") == 2
    assert "PIXELFLEET_MAX_ATTEMPTS='many'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variables", "reported"),
    [
        ({"AWS_PROFILE": "none"}, "The config profile (none) could not be found"),
        ({"AWS_ACCESS_KEY_ID": "x"}, "missing: AWS_SECRET_ACCESS_KEY"),
        ({"AWS_CONFIG_FILE": "{tmp}/config"}, "Unable to parse config file"),
    ],
)
def test_a_broken_aws_configuration_is_exit_code_2_with_its_reason(
    pixelfleet: Command,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: dict[str, str],
    reported: str,
) -> None:
    (tmp_path / "config").write_text("[default")
    without_aws(monkeypatch, tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace("{tmp}", str(tmp_path)))
    assert pixelfleet("batch", "list") == 2
    captured = capsys.readouterr().err
    assert reported in captured
    assert "bug" not in captured


@pytest.mark.parametrize("arguments", [("batch", "list"), ("upload", "{tmp}/a.png")])
def test_a_command_without_credentials_shows_the_lines_to_paste(
    pixelfleet: Command,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
) -> None:
    without_aws(monkeypatch, tmp_path)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert pixelfleet(*(argument.replace("{tmp}", str(tmp_path)) for argument in arguments)) == 2
    captured = capsys.readouterr().err
    assert "export AWS_PROFILE=default AWS_REGION=eu-central-1" in captured
    assert "run `pixelfleet up` in another terminal" in captured
    assert max(len(line) for line in captured.splitlines()) <= 80


def without_aws(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_an_error_of_our_own_is_one_line_without_a_traceback(
    pixelfleet: Command, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError("of our own making")

    monkeypatch.setattr("pixelfleet.cli.provision.make", breaks)
    assert pixelfleet("provision") == 1
    reported = capsys.readouterr().err
    assert "ZeroDivisionError: of our own making" in reported
    assert "This is a bug in pixelfleet" in reported
    assert "Traceback" not in reported


def test_an_interrupt_is_exit_code_130(pixelfleet: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pixelfleet.cli.provision.make", interrupted)
    assert pixelfleet("provision") == 130


def test_markup_in_a_file_name_is_shown_unchanged(capsys: pytest.CaptureFixture[str]) -> None:
    complain("[bold]a.jpg[/bold] :smile:")
    assert capsys.readouterr().err == "error: [bold]a.jpg[/bold] :smile:\n"


def test_a_name_is_shown_on_one_line_and_cannot_control_the_terminal() -> None:
    assert printable(Path("a\nb\x1b[2J\udcff ü.jpg")) == "a\\nb\\x1b[2J\\udcff ü.jpg"


def test_lines_to_paste_are_quoted_for_any_shell() -> None:
    lines = shell_lines({"AWS_SECRET_ACCESS_KEY": "a'b $c"}, ["AWS_PROFILE"])
    assert lines == ["unset AWS_PROFILE", "export AWS_SECRET_ACCESS_KEY='a'\"'\"'b $c'"]


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "0 s"), (89, "89 s"), (120, "2 min"), (12_000, "3 h 20 min")])
def test_a_duration_is_written_in_common_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_message_for_credentials_that_aws_refuses_names_the_sign_in(capsys: pytest.CaptureFixture[str]) -> None:
    error = SetupError("could not list batches")
    error.__cause__ = ClientError({"Error": {"Code": "ExpiredTokenException", "Message": "expired"}}, "Query")

    assert cli._explain(error) == cli.SETUP
    assert "aws sso login" in capsys.readouterr().err


def test_ctrl_c_while_models_are_built_is_an_interruption_and_no_bug(
    pixelfleet: Command, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Member:
        @property
        def value(self) -> object:
            raise KeyboardInterrupt

    class Interrupting:
        @classmethod
        def __get_pydantic_core_schema__(cls, *_: object) -> dict[str, object]:
            # pydantic reads the values of the members while it builds the model.
            return {"type": "enum", "cls": cls, "members": [Member()]}

    def import_models() -> None:
        create_model("Model", field=(Interrupting, ...))

    monkeypatch.setattr(cli, "app", import_models)
    assert pixelfleet() == cli.INTERRUPTED
    assert "bug" not in capsys.readouterr().err


def test_a_closed_standard_output_is_no_bug() -> None:
    command = f"exec {sys.executable} -m pixelfleet.cli.main recipe list --builtin --json >&-"
    ended = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_ctrl_c_at_a_question_changes_nothing_and_is_exit_code_130(
    pixelfleet: Command, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def aborted(*_: object, **__: object) -> bool:
        raise typer.Abort

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("pixelfleet.cli.selection.typer.confirm", aborted)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(cli, "app", lambda: confirm("All images would be removed.", yes=False))
    assert pixelfleet() == cli.INTERRUPTED
    assert "stopped: nothing was changed" in capsys.readouterr().err
