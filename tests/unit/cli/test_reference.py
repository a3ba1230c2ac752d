"""The reference of commands equals the help of the commands."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from pixelfleet.cli.main import app

REFERENCE = Path(__file__).parents[3] / "docs/reference/cli.md"


def test_the_reference_is_up_to_date() -> None:
    command = ["typer", "pixelfleet.cli.main", "utils", "docs", "--name", "pixelfleet", "--title", "Commands"]
    reported = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert REFERENCE.read_text().strip() == reported.strip(), "run `make docs`"


def test_every_command_takes_json() -> None:
    without = [path for path, command in _commands("pixelfleet", get_command(app)) if "--json" not in _options(command)]
    assert without == []


def test_every_argument_has_a_name_in_capitals() -> None:
    names = re.findall(r"^\* `(?:\[)?([^\s`\]]+).*\[required\]$", REFERENCE.read_text(), flags=re.MULTILINE)
    assert len(names) > 20
    assert [name for name in names if not name.startswith(("-", "s3://")) and name.upper() != name] == []


def test_every_example_of_the_reference_is_shown_as_code() -> None:
    lines = REFERENCE.read_text().splitlines()
    assert [line for line in lines if line.startswith("pixelfleet ")] == []


def _commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """The commands below a group, each with its whole name."""
    for name, each in getattr(command, "commands", {}).items():
        yield from _commands(f"{path} {name}", each)
    if not hasattr(command, "commands"):
        yield path, command


def _options(command: Any) -> set[str]:
    return {option for param in command.params for option in param.opts}
