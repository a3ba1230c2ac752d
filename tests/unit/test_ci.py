"""Continuous integration runs the same commands as a developer: targets of the Makefile, and nothing else."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_every_command_of_the_workflow_is_a_make_target() -> None:
    commands = re.findall(r"^\s*(?:- )?run:(.*)$", (ROOT / ".github/workflows/ci.yml").read_text(), re.MULTILINE)
    assert commands
    assert [command for command in commands if command.strip().removeprefix("make ") not in TARGETS] == []
    assert all(command.startswith(" make ") for command in commands)


def test_ci_runs_every_kind_of_test() -> None:
    script = (ROOT / ".ci/run").read_text()
    lines = re.findall(r"^(?:[A-Z_]+=\d+ )?make (.+)$", script, re.MULTILINE)
    called = {word for line in lines for word in line.split() if not word.startswith("-")}
    assert called <= TARGETS
    assert {"lint", "test", "checkov", "test-slow", "fuzz"} <= called
